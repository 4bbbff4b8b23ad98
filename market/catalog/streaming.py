"""A chunk's body, from the event loop into a thread: reading the next bytes overlaps with writing the last ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial

from anyio.to_thread import run_sync

from market.catalog.intake import Reception
from market.catalog.schemas import UploadView

BATCH = 1 << 20


async def receive_chunk(
    begin: Callable[[], Reception], stream: AsyncIterator[bytes], now: Callable[[], datetime]
) -> UploadView:
    """Receive one chunk. begin: opens the reception (in a thread); stream: the body. Raises what the reception raises."""
    reception = await run_sync(begin)
    writing: asyncio.Task[None] | None = None
    try:
        async for batch in _batches(stream):
            if writing is not None:
                await writing
            writing = asyncio.create_task(run_sync(reception.take, batch))
        if writing is not None:
            await writing
            writing = None
        return await run_sync(reception.end, now())
    finally:
        # The descriptor must not be closed under a thread that still writes.
        if writing is not None:
            await asyncio.wait([writing])
            _ = writing.cancelled() or writing.exception()
        await run_sync(partial(reception.close))


async def _batches(stream: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """The pieces of a body in lists of about 1 MiB: no bytes are copied to join them."""
    batch: list[bytes] = []
    size = 0
    async for piece in stream:
        if piece:
            batch.append(piece)
            size += len(piece)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch

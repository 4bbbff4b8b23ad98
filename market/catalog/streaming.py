"""A chunk's body, from the event loop to the threads that write and hash it while the next bytes are on their way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from anyio.to_thread import run_sync

from market.catalog.intake import Reception
from market.catalog.schemas import UploadView

BATCH = 4 << 20


async def receive_chunk(
    begin: Callable[[], Reception], stream: AsyncIterator[bytes], now: Callable[[], datetime]
) -> UploadView:
    """Receive one chunk. begin: opens the reception (in a thread); stream: the body. Raises what the reception raises."""
    reception = await run_sync(begin)
    try:
        async for batch in _batches(stream):
            await run_sync(reception.take, batch)
        return await run_sync(reception.end, now())
    finally:
        await run_sync(reception.close)


async def _batches(stream: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """The pieces of a body in lists of about 4 MiB: no bytes are copied to join them."""
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

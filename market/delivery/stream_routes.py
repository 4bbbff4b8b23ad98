"""Sends bytes of a blob as fast as the machine can, and stops when the right to them ends.

One piece is read in a thread while the one before leaves by the socket. Nothing is hashed: whoever receives checks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import timedelta

import anyio
from anyio import CancelScope
from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from market.catalog.blob_store import BlobStore
from market.delivery.ranges import Span
from market.delivery.spool import bytes_missing
from market.delivery.streams import Streams

log = logging.getLogger("datawharf.delivery")
Part = bytes | Span


class BlobResponse(Response):
    """parts: literal bytes and spans of the blob, in order. stands: asked again and again while the stream runs."""

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        *,
        store: BlobStore,
        digest: str,
        parts: Sequence[Part],
        streams: Streams,
        who: str,
        most: int,
        stands: Callable[[], bool],
        recheck: timedelta,
        stall: timedelta,
    ) -> None:
        self.status_code, self.background, self.body = status, None, b""
        size = sum(part.size if isinstance(part, Span) else len(part) for part in parts)
        self.init_headers({**headers, "Content-Length": str(size)})
        self._store, self._digest, self._parts = store, digest, parts
        self._streams, self._who, self._most = streams, who, most
        self._stands = stands
        self._recheck, self._stall = recheck.total_seconds(), stall.total_seconds()
        self._moved = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.one(self._who, self._most):
            pieces = self._pieces()
            try:
                # Before the status goes out, so that missing bytes are still told as a problem.
                first = await self._next(pieces)
                await send(
                    {
                        "type": "http.response.start",
                        "status": self.status_code,
                        "headers": self.raw_headers,
                    }
                )
                if await self._send_all(first, pieces, receive, send):
                    await send({"type": "http.response.body", "body": b""})
            finally:
                pieces.close()

    async def _send_all(
        self, first: bytes | None, pieces: Iterator[bytes], receive: Receive, send: Send
    ) -> bool:
        """Send piece by piece. False if the receiver left, or the right to the bytes ended on the way."""
        whole = False
        async with anyio.create_task_group() as group:
            group.start_soon(self._until_gone, receive, group.cancel_scope)
            group.start_soon(self._until_ended, group.cancel_scope)
            piece = first
            while piece is not None:
                self._moved = anyio.current_time()
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await self._next(pieces)
            whole = True
            group.cancel_scope.cancel()
        return whole

    async def _next(self, pieces: Iterator[bytes]) -> bytes | None:
        try:
            return await run_sync(next, pieces, None, limiter=self._streams.threads)
        except FileNotFoundError as error:
            log.error("blob %s is missing from the store", self._digest)
            raise bytes_missing() from error

    def _pieces(self) -> Generator[bytes]:
        for part in self._parts:
            if isinstance(part, Span):
                yield from self._store.read(self._digest, part.start, part.stop)
            else:
                yield part

    async def _until_gone(self, receive: Receive, scope: CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _until_ended(self, scope: CancelScope) -> None:
        while True:
            await anyio.sleep(self._recheck)
            if not await run_sync(self._stands, limiter=self._streams.threads):
                log.info("a stream of %s was cut: the right to it ended", self._digest)
                scope.cancel()
            elif anyio.current_time() - self._moved > self._stall:
                log.info("a stream of %s was cut: its receiver takes nothing", self._digest)
                scope.cancel()

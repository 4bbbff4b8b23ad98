"""Digests of uploads that grow while bytes arrive, so that completing need not read everything again.

They live in this process's memory: whoever lacks one (another process, a restart, a gap) reads the bytes back instead.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Executor
from hashlib import sha256
from typing import Any
from uuid import UUID

from ledger.manifest import CHUNK_SIZE, ChunkHashes, Digest
from market.catalog.lanes import Lane

# A few hundred bytes each, and 32 more for each chunk.
MOST = 256


class RunningDigest:
    """Digests of the bytes from `start` on: SHA-256 of the whole (from byte 0 only) and chunk hashes, side by side.

    start: a multiple of 4 MiB. chunked: whether chunks are hashed.
    """

    def __init__(self, pool: Executor, *, start: int = 0, chunked: bool) -> None:
        self._pool, self._start, self.stop = pool, start, start
        self._resume(sha256() if start == 0 else None, ChunkHashes() if chunked else None)

    def _resume(self, whole: Any, chunks: ChunkHashes | None) -> None:
        self._whole, self._chunks = whole, chunks
        self._whole_lane = Lane(self._pool, self._hash_whole) if whole is not None else None
        self._chunk_lane = Lane(self._pool, self._hash_chunks) if chunks is not None else None

    def copy(self) -> RunningDigest:
        """Another one that goes on from here by itself."""
        self._wait()
        other = RunningDigest(self._pool, start=self._start, chunked=False)
        other.stop = self.stop
        other._resume(self._whole.copy(), self._chunks.copy() if self._chunks is not None else None)
        return other

    def feed(self, batch: Sequence[bytes]) -> None:
        """Add the next bytes; waits while too many are waiting."""
        self.stop += sum(map(len, batch))
        for lane in self._lanes():
            lane.feed(batch)

    def sha256(self) -> bytes:
        """Of everything so far."""
        assert self._whole_lane is not None
        self._whole_lane.wait()
        found: bytes = self._whole.digest()
        return found

    def chunk_hashes(self, start: int) -> tuple[bytes, ...]:
        """The hashes of the chunks from byte `start` on, a multiple of 4 MiB."""
        assert self._chunks is not None
        assert self._chunk_lane is not None
        self._chunk_lane.wait()
        return self._chunks.finish()[(start - self._start) // CHUNK_SIZE :]

    def finish(self) -> Digest:
        """The digest of everything so far."""
        self._wait()
        return Digest(self.stop, self._whole.digest(), self._chunks.finish() if self._chunks else ())

    def _lanes(self) -> list[Lane]:
        return [lane for lane in (self._whole_lane, self._chunk_lane) if lane is not None]

    def _wait(self) -> None:
        for lane in self._lanes():
            lane.wait()

    def _hash_whole(self, batch: Sequence[bytes]) -> None:
        for piece in batch:
            self._whole.update(piece)

    def _hash_chunks(self, batch: Sequence[bytes]) -> None:
        assert self._chunks is not None
        for piece in batch:
            self._chunks.update(piece)


class RunningDigests:
    """The digests of what was acknowledged. Thread-safe; requests for one upload come one after the other."""

    def __init__(self, pool: Executor, most: int = MOST) -> None:
        self._pool, self._most = pool, most
        self._running: OrderedDict[UUID, RunningDigest] = OrderedDict()
        self._lock = threading.Lock()

    def resume(self, upload_id: UUID, start: int, *, chunked: bool) -> RunningDigest | None:
        """A digest of the bytes before `start` to go on with; None if this process did not see them.

        What is fed to it counts for nothing until it is kept.
        """
        if start == 0:
            return RunningDigest(self._pool, chunked=chunked)
        with self._lock:
            running = self._running.get(upload_id)
        return running.copy() if running is not None and running.stop == start else None

    def keep(self, upload_id: UUID, digest: RunningDigest) -> None:
        """The bytes that were fed to it are acknowledged. Its hashing may go on while the next are on their way."""
        with self._lock:
            self._running[upload_id] = digest
            self._running.move_to_end(upload_id)
            while len(self._running) > self._most:
                self._running.popitem(last=False)

    def take(self, upload_id: UUID, size: int) -> Digest | None:
        """The digest of all `size` bytes, or None if this process did not see all of them."""
        with self._lock:
            running = self._running.pop(upload_id, None)
        return running.finish() if running is not None and running.stop == size else None

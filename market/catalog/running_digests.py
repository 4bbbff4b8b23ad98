"""Digests of uploads that grow with each acknowledged chunk, so that completing need not read everything again.

They live in this process's memory: whoever lacks one (another process, a restart, a gap) reads the bytes back instead.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

from ledger.manifest import Digest, FileDigest

# Each may hold a chunk (16 MiB) that is being hashed.
MOST = 16


class _Running:
    def __init__(self) -> None:
        self.digest = FileDigest()
        self.fed = 0
        self.hashing: Future[None] | None = None

    def wait(self) -> None:
        if self.hashing is not None:
            self.hashing.result()


class RunningDigests:
    """Thread-safe. Chunks of one upload must come one after the other; a gap drops its digest."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._running: OrderedDict[UUID, _Running] = OrderedDict()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="upload-digest")

    def expects(self, upload_id: UUID, start: int) -> bool:
        """Whether a chunk at `start` would continue the digest."""
        with self._lock:
            running = self._running.get(upload_id)
            return start == 0 or (running is not None and running.fed == start)

    def feed(self, upload_id: UUID, start: int, pieces: Sequence[bytes]) -> None:
        """Add an acknowledged chunk. Hashing goes on while the next chunk is on its way."""
        with self._lock:
            if start == 0:
                self._running[upload_id] = _Running()
            running = self._running.get(upload_id)
            if running is None or running.fed != start:
                self._running.pop(upload_id, None)
                return
            self._running.move_to_end(upload_id)
            running.fed += sum(map(len, pieces))
            while len(self._running) > self._most:
                self._running.popitem(last=False)
        # At most one chunk of an upload waits here, so memory stays bounded.
        running.wait()
        running.hashing = self._pool.submit(_update, running.digest, pieces)

    def take(self, upload_id: UUID, size: int) -> Digest | None:
        """The digest of all `size` bytes, or None if this process did not see all of them."""
        with self._lock:
            running = self._running.pop(upload_id, None)
        if running is None or running.fed != size:
            return None
        running.wait()
        return running.digest.finish()

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()


def _update(digest: FileDigest, pieces: Sequence[bytes]) -> None:
    for piece in pieces:
        digest.update(piece)

"""Hashing the bytes of a file once, for the whole and by chunk.

    sha256        of the whole file
    chunk hash    SHA-256(0x00 || chunk), chunks of 4 MiB, the last one shorter; only for files above 16 MiB

Both need every byte, so above 16 MiB two SHA-256 run, in two threads: hashlib releases the interpreter lock, and
with two cores the pair takes about the time of one. Whoever receives chunks needs the chunk hashes only.
"""

import os
import stat
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.errors import Conflict, Malformed
from ledger.hashing import root_of

CHUNK_SIZE = 4 << 20
CHUNKED_ABOVE = 16 << 20

_PIECE = 1 << 20
_PIECES_AHEAD = 8


@dataclass(frozen=True, slots=True)
class Digest:
    """Size in bytes, SHA-256 of the whole, and the chunk hashes (none up to 16 MiB) of a run of bytes."""

    size: int
    sha256: bytes
    chunk_hashes: tuple[bytes, ...]

    @property
    def chunks(self) -> bytes | None:
        """RFC 6962 root over the chunk hashes; None for files that have none."""
        return root_of(self.chunk_hashes) if self.chunk_hashes else None


def chunk_hash(chunk: bytes) -> bytes:
    """Leaf hash of one chunk, without copying it."""
    digest = sha256(b"\x00")
    digest.update(chunk)
    return digest.digest()


class FileDigest:
    """Digest of bytes that come in pieces of any size. Keeps up to 16 MiB until it knows whether chunks are needed."""

    def __init__(self) -> None:
        self._whole = sha256()
        self._size = 0
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._chunks: _ChunkHasher | None = None
        self._digest: Digest | None = None

    @property
    def size(self) -> int:
        """Bytes seen so far."""
        return self._size

    def update(self, data: bytes) -> None:
        """Add the next bytes, which must not change afterwards; a ValueError after `finish`."""
        if self._digest is not None:
            raise ValueError("This digest is finished.")
        self._size += len(data)
        self._pending.append(data)
        self._pending_size += len(data)
        if self._size > CHUNKED_ABOVE and self._pending_size >= _PIECE:
            self._hand_over()
        self._whole.update(data)

    def finish(self) -> Digest:
        """The digest of everything so far; further calls return the same one."""
        if self._digest is None:
            hashes: tuple[bytes, ...] = ()
            if self._size > CHUNKED_ABOVE:
                hashes = self._hand_over().finish()
            self._digest = Digest(self._size, self._whole.digest(), hashes)
            self._pending, self._chunks = [], None
        return self._digest

    def _hand_over(self) -> "_ChunkHasher":
        if self._chunks is None:
            self._chunks = _ChunkHasher()
        self._chunks.submit(self._pending)
        self._pending, self._pending_size = [], 0
        return self._chunks


class ChunkHashes:
    """Chunk hashes of bytes that come in pieces of any size, computed in the caller's thread."""

    def __init__(self) -> None:
        self._hashes: list[bytes] = []
        self._current = sha256(b"\x00")
        self._filled = 0

    def copy(self) -> "ChunkHashes":
        """Another one that goes on from here by itself."""
        other = ChunkHashes()
        other._hashes, other._current, other._filled = self._hashes.copy(), self._current.copy(), self._filled
        return other

    def update(self, piece: bytes) -> None:
        """Add the next bytes, which are not copied."""
        view = memoryview(piece)
        while view:
            part = view[: CHUNK_SIZE - self._filled]
            view = view[len(part) :]
            self._current.update(part)
            self._filled += len(part)
            if self._filled == CHUNK_SIZE:
                self._hashes.append(self._current.digest())
                self._current, self._filled = sha256(b"\x00"), 0

    def finish(self) -> tuple[bytes, ...]:
        """The hashes so far, the last chunk being whatever is left; more bytes may follow."""
        rest = (self._current.digest(),) if self._filled else ()
        return (*self._hashes, *rest)


class _ChunkHasher:
    """Hashes chunks in a thread of its own, which ends with the object, finished or not."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chunk-hashes")
        self._jobs: deque[Future[None]] = deque()
        self._hashes = ChunkHashes()

    def submit(self, pieces: list[bytes]) -> None:
        """Queue pieces; waits while the thread is too far behind, so that memory stays bounded."""
        self._jobs.append(self._thread.submit(self._hash, pieces))
        while len(self._jobs) > _PIECES_AHEAD:
            self._jobs.popleft().result()

    def finish(self) -> tuple[bytes, ...]:
        """The chunk hashes, the last chunk being whatever is left."""
        while self._jobs:
            self._jobs.popleft().result()
        self._thread.shutdown()
        return self._hashes.finish()

    def _hash(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self._hashes.update(piece)


def digest_file(path: Path, on_progress: Callable[[int], None] | None = None) -> Digest:
    """Digest of a regular file, read once; `on_progress` gets the bytes done so far.

    Malformed if it is not a regular file; Conflict if it changed while it was read; OSError if it cannot be read.
    """
    digest = FileDigest()
    with path.open("rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise Malformed(f"{path} is not a regular file.")
        while piece := file.read(_PIECE):
            digest.update(piece)
            if on_progress is not None:
                on_progress(digest.size)
        after = os.fstat(file.fileno())
    found = digest.finish()
    if not (_state(before) == _state(after) == _state(path.stat())) or found.size != before.st_size:
        raise Conflict(f"The file {path} changed while it was hashed; let it rest and try again.")
    return found


def _state(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

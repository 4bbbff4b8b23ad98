"""Bytes in a folder of one machine.

incoming/<token>        an upload that is not complete; nobody outside knows the token
sha256/<ab>/<digest>    complete bytes under their SHA-256, never changed
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import file_digest
from pathlib import Path

from market.catalog.blob_store import DIGEST, TOKEN, Part
from market.catalog.block_writing import BlockWriter
from market.catalog.errors import UploadBusy, UploadOver
from market.kit.errors import StorageFull
from market.kit.i18n import N_

READ_SIZE = 1 << 20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FileBlobs:
    """A `BlobStore` in a folder of one machine; any number of processes may use it."""

    # What an interruption may cost; each chunk takes an fsync and a commit.
    chunk_bytes = 64 << 20

    def __init__(self, root: Path) -> None:
        self._incoming = root / "incoming"
        self._blobs = root / "sha256"
        for folder in (self._incoming, self._blobs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open_chunk(self, token: str, start: int) -> FileChunk:
        return FileChunk(self._incoming_path(token), start)

    def read_incoming(self, token: str, parts: Sequence[Part]) -> Iterator[bytes]:
        total = sum(part.size for part in parts)
        return _read_span(_open_plain(self._incoming_path(token), os.O_RDONLY), 0, total)

    def promote(self, token: str, parts: Sequence[Part], digest: str) -> None:
        source, target = self._incoming_path(token), self._blob_path(digest)
        with _named_full_disk():
            self._make_folder(target.parent)
            try:
                os.link(source, target, follow_symlinks=False)
            except FileExistsError:
                self._mend(source, target, digest)
            _sync_folder(target.parent)

    def _mend(self, source: Path, target: Path, digest: str) -> None:
        """Somebody sent these bytes before. If the blob has rotted since, the fresh bytes take its place."""
        with os.fdopen(_open_plain(target, os.O_RDONLY), "rb") as kept:
            if file_digest(kept, "sha256").hexdigest() == digest:
                return
        spare = source.with_name(f"{source.name}.mend")
        spare.unlink(missing_ok=True)
        os.link(source, spare, follow_symlinks=False)
        spare.replace(target)

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self._blobs)

    def discard(self, token: str) -> None:
        self._incoming_path(token).unlink(missing_ok=True)

    def incoming(self) -> Iterator[str]:
        for entry in sorted(self._incoming.iterdir()):
            if TOKEN.fullmatch(entry.name):
                yield entry.name

    def has(self, digest: str) -> bool:
        return self._blob_path(digest).is_file()

    def read(self, digest: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        descriptor = _open_plain(self._blob_path(digest), os.O_RDONLY)
        end = os.fstat(descriptor).st_size
        return _read_span(descriptor, start, end if stop is None else min(stop, end))

    def path_of(self, digest: str) -> Path | None:
        path = self._blob_path(digest)
        return path if path.is_file() else None

    def signed_address(self, digest: str, lifetime: timedelta) -> str | None:
        return None

    def _incoming_path(self, token: str) -> Path:
        if not TOKEN.fullmatch(token):
            raise ValueError("an upload's token is hex")
        return self._incoming / token

    def _blob_path(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise ValueError("a blob's digest is 64 hex digits")
        return self._blobs / digest[:2] / digest


class FileChunk:
    """Writes at an exact offset of one incoming file, which it holds locked; later bytes are overwritten, never trusted."""

    def __init__(self, path: Path, start: int) -> None:
        with _named_full_disk():
            self._descriptor, fresh = _open_incoming(path, may_create=start == 0)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._descriptor).st_size < start:
                raise UploadOver(
                    N_("The bytes that were received before are no longer here."),
                    hint=N_("Start the upload again."),
                )
            if fresh:
                _sync_folder(path.parent)
            self._blocks = BlockWriter(self._descriptor, start)
        except BlockingIOError:
            self.close()
            raise UploadBusy(
                N_("Another request is writing to this upload just now."),
                hint=N_("Wait a moment, ask for the offset, and go on from there."),
                retry_after=1,
            ) from None
        except BaseException:
            self.close()
            raise

    def write(self, pieces: Sequence[bytes]) -> None:
        with _named_full_disk():
            self._blocks.write(pieces)

    def commit(self) -> str:
        with _named_full_disk():
            # An earlier, longer attempt may have left bytes behind this chunk.
            os.ftruncate(self._descriptor, self._blocks.flush())
            os.fsync(self._descriptor)
        return ""

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open_incoming(path: Path, *, may_create: bool) -> tuple[int, bool]:
    """A descriptor for reading and writing, and whether the file is new. Never follows a link that somebody planted."""
    if may_create:
        with suppress(FileExistsError):
            return os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            ), True
    try:
        return _open_plain(path, os.O_RDWR), False
    except FileNotFoundError:
        raise UploadOver(
            N_("The bytes that were received before are no longer here."), hint=N_("Start the upload again.")
        ) from None


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, as its files' bytes are."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_plain(path: Path, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)


def _read_span(descriptor: int, start: int, stop: int) -> Iterator[bytes]:
    """Bytes [start, stop) of an open file, which is closed at the end."""
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        while start < stop:
            piece = os.pread(file.fileno(), min(READ_SIZE, stop - start), start)
            if not piece:
                return
            start += len(piece)
            yield piece


@contextmanager
def _named_full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise StorageFull(
            N_("The disk that keeps the files is full; nothing of this request was kept."),
            hint=N_("Tell the operator, and go on later from the same byte."),
        ) from error

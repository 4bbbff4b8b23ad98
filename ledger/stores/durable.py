"""What it takes for bytes to survive a power cut on a local file system.

A file is durable when its bytes are synced *and* the directory that names it is. So: write to a temporary name,
sync the file, give it its final name (`link` where nothing may be overwritten, `replace` where it may), sync
the directory. On Windows directories cannot be synced and the file system's journal has to do.
"""

import contextlib
import os
import secrets
import sys
from pathlib import Path

from ledger.errors import Conflict, StorageFailed

if sys.platform != "win32":
    import fcntl
else:
    import msvcrt

_BINARY = getattr(os, "O_BINARY", 0)
PRIVATE = 0o600
PUBLIC = 0o644


def sync_file(descriptor: int) -> None:
    """Wait until the file's bytes are on the device."""
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync alone stops at the drive's cache there
    else:
        os.fsync(descriptor)


def sync_directory(path: Path) -> None:
    """Wait until the names in a directory are on the device."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync_file(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, data: bytes, mode: int = PUBLIC) -> int:
    """Write a file that must not exist yet; return its descriptor, open and not yet synced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def replace_durably(path: Path, data: bytes, *, scratch: Path | None = None, mode: int = PUBLIC) -> None:
    """Atomically and durably make `path` hold `data`; the temporary file lives in `scratch` (same file system).

    Readers see the old or the new bytes, never a mixture, also after a power cut.
    """
    temporary = (scratch or path.parent) / f"tmp-{secrets.token_hex(8)}"
    try:
        descriptor = write_new(temporary, data, mode)
        try:
            sync_file(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


class ProcessLock:
    """An advisory lock on a file, held by one process at a time and gone when that process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, *, wait: bool = False) -> None:
        """Take the lock; `Conflict` if another process has it (or wait for that process)."""
        if self._descriptor is not None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE)
        except OSError as error:
            raise StorageFailed(f"The lock file {self._path} cannot be opened: {error.strerror}.") from error
        try:
            _lock(descriptor, wait=wait)
        except OSError as error:
            os.close(descriptor)
            raise Conflict(f"Another process is writing to this log; it holds {self._path}.") from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Let the lock go; no error if it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int, *, wait: bool) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)

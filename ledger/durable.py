"""What it takes for bytes to survive a power cut on a local file system.

A file is durable when its bytes are synced *and* the directory that names it is. So: write to a temporary name,
sync the file, give it its final name (`link` where nothing may be overwritten, `replace` where it may), sync
the directory. On Windows directories cannot be synced and the file system's journal has to do.

`swap_file` is compare-and-swap on a file, without a lock that a stopped process could keep. A swapper

    1 writes the new bytes to a temporary file of its own, beside the others'
    2 removes every other swapper's temporary file for the same path
    3 reads the path and compares
    4 renames its temporary file to the path, which fails if somebody has removed it meanwhile

Between 3 and 4 of one swapper no other can rename: its temporary file would have been made after 2, so its own 2
came after that and removed the first one's file. A process that is stopped anywhere in between keeps nobody out,
and finds its file gone when it goes on.
"""

import contextlib
import os
import random
import secrets
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if sys.platform == "darwin":
    import fcntl

_BINARY = getattr(os, "O_BINARY", 0)
PRIVATE = 0o600
PUBLIC = 0o644
_ATTEMPTS = 1000
_PARALLEL_SYNCS = 8
_LONG_SYNC = 0.0015
"""Seconds of one sync from which on threads cost less than waiting for one file after the other."""


def sync_file(descriptor: int) -> None:
    """Wait until the file's bytes are on the device."""
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync alone stops at the drive's cache there
    else:
        os.fsync(descriptor)


def sync_files(descriptors: Sequence[int]) -> None:
    """Wait until the bytes of all files are on the device: side by side, where each of them waits long."""
    rest = list(descriptors)
    while rest:
        start = time.monotonic()
        sync_file(rest.pop())
        if len(rest) > 1 and time.monotonic() - start > _LONG_SYNC:
            with ThreadPoolExecutor(min(len(rest), _PARALLEL_SYNCS)) as pool:
                list(pool.map(sync_file, rest))
            return


def sync_directory(path: Path) -> None:
    """Wait until the names in a directory are on the device."""
    sync_directories([path])


def sync_directories(paths: Iterable[Path]) -> None:
    """Wait until the names in all directories are on the device."""
    if sys.platform == "win32":
        return
    descriptors: list[int] = []
    try:
        # One by one, so that those which are open are closed if one of them cannot be.
        descriptors.extend(os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in paths)
        sync_files(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder where there is none, and those on the way to it; their names are on the device then.

    `mode` is the folder's own, less the umask, where it is made; those on the way to it get the usual one.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode, exist_ok=True)
    sync_directory(folder.parent)


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


def replace_file(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Make `path` hold `data`, whatever it held; after a crash it holds the old bytes or the new ones.

    The last of several writers wins; where each must see the others' changes, use `swap_file`.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        _write_whole(draft, data, mode, durable=True)
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    sync_directory(path.parent)


def swap_file(
    path: Path,
    old: bytes | None,
    new: bytes,
    *,
    scratch: Path | None = None,
    mode: int = PUBLIC,
    durable: bool = True,
) -> bool:
    """Atomically make `path` hold `new` if it holds `old` (None: if it does not exist); False if it does not.

    Readers see the old or the new bytes, never a mixture, also after a power cut. Temporary files live in `scratch`
    (same file system), or beside the path. Everyone who writes to `path` must do it by this function.
    """
    folder, prefix = scratch or path.parent, f"swap-{path.name}-"
    for attempt in range(_ATTEMPTS):
        if read_if_there(path) != old:
            return False
        mine = folder / f"{prefix}{secrets.token_hex(8)}"
        try:
            _write_whole(mine, new, mode, durable=durable)
            _remove_others(folder, prefix, mine.name)
            if read_if_there(path) != old:
                return False
            if _rename(mine, path):
                if durable:
                    sync_directory(path.parent)
                return True
        finally:
            with contextlib.suppress(OSError):
                mine.unlink(missing_ok=True)
        # Somebody else swaps just now and was quicker; whether they changed anything is to be seen.
        time.sleep(random.random() * 0.001 * min(attempt, 20))  # noqa: S311 - two swappers part by chance
    raise OSError(f"{_ATTEMPTS} attempts to change {path} were all crossed by others")


def _rename(mine: Path, path: Path) -> bool:
    """Give the temporary file its final name; False if it was removed."""
    try:
        mine.replace(path)
    except FileNotFoundError:
        return False
    return True


def read_if_there(path: Path) -> bytes | None:
    """The file's bytes, or None where there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write_whole(path: Path, data: bytes, mode: int, *, durable: bool) -> None:
    descriptor = write_new(path, data, mode)
    try:
        if durable:
            sync_file(descriptor)
    finally:
        os.close(descriptor)


def _remove_others(folder: Path, prefix: str, mine: str) -> None:
    for name in os.listdir(folder):  # noqa: PTH208 - names are enough
        if name.startswith(prefix) and name != mine:
            (folder / name).unlink(missing_ok=True)

"""Stores on a local file system.

    <root>/tile/…  <root>/checkpoint  <root>/checkpoints/…     the log's files, fit to be served as they are
    <root>/staging/                                            staged batches and temporary files: not served

Temporary files live in `staging/`, which the log empties when it is loaded, so a killed writer leaves nothing.
"""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ledger.durable import (
    PRIVATE,
    make_folder,
    read_if_there,
    swap_file,
    sync_directories,
    sync_directory,
    sync_files,
    write_new,
)
from ledger.errors import Conflict, StorageFailed
from ledger.storage import check_object_path

_SCRATCH = "staging"
_OPEN_FILES = 128
"""How many files of a batch are open at once; well below the usual limit of 1,024 descriptors."""


class FileObjects:
    """An `ObjectStore` in a folder. Any number of processes may read while one writes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._scratch = root / _SCRATCH
        self._durable_folders: set[Path] = set()

    def read(self, path: str) -> bytes | None:
        try:
            # A Path for each of a million tiles would cost as much again as reading them.
            with open(f"{self._root}/{check_object_path(path)}", "rb") as file:  # noqa: PTH123
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise _failed("read", path, error) from error

    def create(self, objects: Mapping[str, bytes]) -> None:
        """Write a batch with one sync a file and one a folder, however many files the batch has.

        A crash leaves each file absent or whole, and never one with other bytes under a final name.
        """
        paths = [path for path in objects if not self._exists_same(path, objects[path])]
        folders = {(self._root / path).parent for path in objects}
        try:
            for folder in (self._scratch, *sorted(folders)):
                self._make_folder(folder)
            for start in range(0, len(paths), _OPEN_FILES):
                self._create_some({path: objects[path] for path in paths[start : start + _OPEN_FILES]})
            sync_directories(sorted(folders))
        except OSError as error:
            raise _failed("write", f"{len(objects)} objects", error) from error

    def swap(self, path: str, old: bytes | None, new: bytes) -> None:
        target = self._root / check_object_path(path)
        try:
            self._make_folder(self._scratch)
            self._make_folder(target.parent)
            done = swap_file(target, old, new, scratch=self._scratch)
        except OSError as error:
            raise _failed("swap", path, error) from error
        if not done:
            raise Conflict(f"The file {path} has been changed by another writer.")

    def paths(self, prefix: str) -> Iterator[str]:
        start = self._root / prefix.rpartition("/")[0]
        for folder, _, names in os.walk(start, onerror=_not_listed):
            below = Path(folder).relative_to(self._root).as_posix()
            for name in names:
                path = name if below == "." else f"{below}/{name}"
                if path.startswith(prefix):
                    yield path

    def delete(self, paths: Sequence[str]) -> None:
        # Not synced: a staged batch that comes back after a power cut is applied again or dropped at load.
        for path in paths:
            try:
                (self._root / check_object_path(path)).unlink(missing_ok=True)
            except OSError as error:
                raise _failed("delete", path, error) from error

    def _exists_same(self, path: str, data: bytes) -> bool:
        if not os.path.lexists(f"{self._root}/{check_object_path(path)}"):
            return False
        existing = self.read(path)
        if existing != data:
            raise Conflict(f"The file {path} exists with other bytes; it is written once and never changed.")
        return True

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and make the names on the way to it durable, once per process."""
        if folder in self._durable_folders:
            return
        if self._root not in self._durable_folders:
            make_folder(self._root.parent)
        folder.mkdir(parents=True, exist_ok=True)
        for inner in (folder, *folder.parents):
            if inner in self._durable_folders:
                break
            sync_directory(inner.parent)
            self._durable_folders.add(inner)
            if inner == self._root:
                break

    def _create_some(self, objects: Mapping[str, bytes]) -> None:
        batch = secrets.token_hex(8)
        temporary = [self._scratch / f"tmp-{batch}-{number}" for number in range(len(objects))]
        descriptors: list[int] = []
        try:
            for name, data in zip(temporary, objects.values(), strict=True):
                descriptors.append(write_new(name, data))
            _start_writing(descriptors)
            sync_files(descriptors)
        except BaseException:
            _discard(temporary)
            raise
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        try:
            for name, path in zip(temporary, objects, strict=True):
                self._link(name, path, objects[path])
        finally:
            _discard(temporary)

    def _link(self, temporary: Path, path: str, data: bytes) -> None:
        try:
            (self._root / path).hardlink_to(temporary)
        except FileExistsError:
            self._exists_same(path, data)


class FileLock:
    """A `LockStore` in two files, the head at `path` and the lease beside it; both change by compare-and-swap."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lease = path.with_name(path.name + ".lease")

    def read(self) -> bytes | None:
        return _read(self._path)

    def create(self, data: bytes) -> None:
        if not _swap(self._path, None, data):
            raise Conflict(f"The lock store {self._path} has a head already.")

    def swap(self, old: bytes, new: bytes) -> None:
        if not _swap(self._path, old, new):
            raise Conflict(f"The head in {self._path} has been moved by another writer.")

    def read_lease(self) -> bytes | None:
        return _read(self._lease)

    def swap_lease(self, old: bytes | None, new: bytes) -> None:
        if not _swap(self._lease, old, new, durable=False):
            raise Conflict(f"The lease {self._lease} has been changed by another process.")


def _read(path: Path) -> bytes | None:
    try:
        return read_if_there(path)
    except OSError as error:
        raise _failed("read", str(path), error) from error


def _swap(path: Path, old: bytes | None, new: bytes, *, durable: bool = True) -> bool:
    try:
        make_folder(path.parent)
        return swap_file(path, old, new, mode=PRIVATE, durable=durable)
    except OSError as error:
        raise _failed("write", str(path), error) from error


def _start_writing(descriptors: Sequence[int]) -> None:
    # The kernel begins to write all files at once, so that the first sync commits the names of all of them.
    if sys.platform == "linux":
        for descriptor in descriptors:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _discard(paths: Sequence[Path]) -> None:
    with contextlib.suppress(OSError):
        for path in paths:
            path.unlink(missing_ok=True)


def _not_listed(error: OSError) -> None:
    # No folder has no files; one that cannot be read may have some.
    if not isinstance(error, FileNotFoundError):
        raise _failed("list", str(error.filename or "a folder"), error) from error


def _failed(verb: str, what: str, error: OSError) -> StorageFailed:
    return StorageFailed(f"The file store could not {verb} {what}: {error.strerror or error}.")

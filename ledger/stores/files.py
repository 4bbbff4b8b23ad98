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

from ledger.errors import Conflict, StorageFailed
from ledger.storage import check_object_path
from ledger.stores.durable import (
    PRIVATE,
    ProcessLock,
    replace_durably,
    sync_directory,
    sync_file,
    write_new,
)

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
            return (self._root / check_object_path(path)).read_bytes()
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
            for folder in sorted(folders):
                sync_directory(folder)
        except OSError as error:
            raise _failed("write", f"{len(objects)} objects", error) from error

    def replace(self, path: str, data: bytes) -> None:
        target = self._root / check_object_path(path)
        try:
            self._make_folder(self._scratch)
            self._make_folder(target.parent)
            replace_durably(target, data, scratch=self._scratch)
        except OSError as error:
            raise _failed("replace", path, error) from error

    def paths(self, prefix: str) -> Iterator[str]:
        start = self._root / prefix.rpartition("/")[0]
        for folder, _, names in os.walk(start):
            relative = Path(folder).relative_to(self._root)
            for name in names:
                path = (relative / name).as_posix()
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
            for descriptor in descriptors:
                sync_file(descriptor)
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
    """A `LockStore` in one file.

    The first `create` or `swap` takes an operating-system lock beside the file and keeps it until `close` or
    the end of the process, so that a log in files has one writing process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owner = ProcessLock(path.with_name(path.name + ".lock"))

    def read(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed("read", str(self._path), error) from error

    def create(self, data: bytes) -> None:
        self._owner.acquire()
        if self.read() is not None:
            self._owner.release()
            raise Conflict(f"The lock store {self._path} has a head already.")
        self._write(data)

    def swap(self, old: bytes, new: bytes) -> None:
        self._owner.acquire()
        if self.read() != old:
            raise Conflict(f"The head in {self._path} has been moved by another writer.")
        self._write(new)

    def close(self) -> None:
        self._owner.release()

    def _write(self, data: bytes) -> None:
        try:
            replace_durably(self._path, data, mode=PRIVATE)
        except OSError as error:
            raise _failed("write", str(self._path), error) from error


def _start_writing(descriptors: Sequence[int]) -> None:
    # The kernel begins to write all files at once, so that the first sync commits the names of all of them.
    if sys.platform == "linux":
        for descriptor in descriptors:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _discard(paths: Sequence[Path]) -> None:
    with contextlib.suppress(OSError):
        for path in paths:
            path.unlink(missing_ok=True)


def _failed(verb: str, what: str, error: OSError) -> StorageFailed:
    return StorageFailed(f"The file store could not {verb} {what}: {error.strerror or error}.")

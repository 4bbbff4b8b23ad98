"""Which file a process keeps its map in: the first in a folder that no other process has.

    map.sqlite  map-1.sqlite  …      maps; any of them may be deleted while nobody uses it
    map.lock    map-1.lock    …      locked by the process that uses the map, until it ends

A process that starts finds the map that one before it left, and only has to catch up.
"""

import sqlite3
from pathlib import Path

from ledger.errors import StorageFailed

_MOST = 256


class MapClaim:
    """A map's file at `path` that is this holder's alone until `release`, or until the process ends."""

    def __init__(self, path: Path, lock: sqlite3.Connection) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def take(cls, folder: Path) -> "MapClaim":
        """Claim a file in `folder`, which is made if it is not there; `StorageFailed` if none can be had."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageFailed(
                f"The folder {folder} for the index's map cannot be made: {error}."
            ) from error
        for number in range(_MOST):
            name = "map" if number == 0 else f"map-{number}"
            lock = _lock(folder / f"{name}.lock")
            if lock is not None:
                return cls(folder / f"{name}.sqlite", lock)
        raise StorageFailed(f"{_MOST} processes use a map in {folder} already.")

    def release(self) -> None:
        """Let another process have the file."""
        self._lock.close()


def _lock(path: Path) -> sqlite3.Connection | None:
    """An open exclusive transaction on `path`, None if another holder has one: a lock that ends with the process."""
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except BaseException:
            connection.close()
            raise
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            return None
        raise StorageFailed(f"The file {path} beside the index's map cannot be written: {error}.") from error
    except sqlite3.Error as error:
        raise StorageFailed(f"The file {path} beside the index's map cannot be used: {error}.") from error
    return connection

"""The map of one process, in a file of its own, kept up with what is published: any process proves histories with it.

A request takes a short step of what is missing; the rest is taken by a thread that ends when nothing is missing. Until
then histories are proved from what the map has, as of the state of the index that it is for. From nothing, or after an
error, nothing is proved and the cause is said.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ledger.errors import Conflict, LedgerError, StorageFailed
from ledger.index.history import MAX_SIZE
from ledger.indexer.claim import MapClaim
from ledger.indexer.follower import STEP, IndexFollower
from ledger.indexer.map import IndexMap
from ledger.indexer.prove import prove_history
from ledger.reader import LogReader

REQUEST_STEP = 512
"""So many entries are mapped before a history is proved: less than a second's work."""

_STOP_SECONDS = 30.0


class OwnMap:
    """The map of the log `origin` in the first file of `folder` that no other process has; claimed at the first use.

    Safe to use from several threads. `request_step` and `step` bound what a request and the thread take at a time.
    """

    def __init__(
        self, origin: str, folder: Path, *, request_step: int = REQUEST_STEP, step: int = STEP
    ) -> None:
        self._origin = origin
        self._folder = folder
        self._request_step = request_step
        self._step = step
        self._opening = threading.RLock()
        self._changing = threading.RLock()
        self._stopping = threading.Event()
        self._claim: MapClaim | None = None
        self._written: IndexMap | None = None
        self._read: IndexMap | None = None
        self._thread: threading.Thread | None = None

    @contextmanager
    def changing(self) -> Iterator[IndexMap]:
        """The map, which nobody else in this process changes within the block."""
        with self._changing:
            if self._written is None:
                self._written = self._open()
            yield self._written

    def begin(self, reader: LogReader, index_reader: LogReader) -> None:
        """Let the thread take what is missing, unless it does already."""
        with self._opening:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, args=(reader, index_reader), name="index-map", daemon=True
                )
                self._thread.start()

    def catch_up(self, reader: LogReader, index_reader: LogReader) -> None:
        """Take everything that is published, however long it takes; the errors are those of `IndexFollower.advance`."""
        while not self._advance(reader, index_reader, self._step):
            pass

    def prove(
        self,
        key: str,
        reader: LogReader,
        index_reader: LogReader,
        *,
        with_entries: bool,
        most: int = MAX_SIZE,
    ) -> bytes:
        """The history of `key` as of the newest state that the map has; the errors are those of `prove_history`.

        `StorageFailed` too while the map cannot follow the index, because its root is not what the entries lead to.
        """
        self._keep_up(reader, index_reader)
        # A connection of its own, so that nobody waits for a change to be written.
        with self._opening:
            if self._read is None:
                self._read = self._open()
            read = self._read
        return prove_history(key, reader, index_reader, read, with_entries=with_entries, most=most)

    def close(self) -> None:
        """Stop the thread, and let the file go."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        with self._changing, self._opening:
            for opened in (self._written, self._read):
                if opened is not None:
                    opened.close()
            if self._claim is not None:
                self._claim.release()
            self._written = self._read = self._claim = self._thread = None
            self._stopping.clear()

    def _open(self) -> IndexMap:
        with self._opening:
            if self._claim is None:
                self._claim = MapClaim.take(self._folder)
            path = self._claim.path
            try:
                return IndexMap(self._origin, path)
            except (Conflict, StorageFailed) as error:
                if not _is_useless(error):
                    raise
            # Nobody else has the file, and whatever is of use in it is made again.
            for old in (path, path.with_name(f"{path.name}-journal")):
                old.unlink(missing_ok=True)
            return IndexMap(self._origin, path)

    def _keep_up(self, reader: LogReader, index_reader: LogReader) -> None:
        # Whoever changes the map now takes what is published; nobody waits for it.
        if not self._changing.acquire(blocking=False):
            return
        try:
            if not self._advance(reader, index_reader, self._request_step):
                self.begin(reader, index_reader)
        finally:
            self._changing.release()

    def _advance(self, reader: LogReader, index_reader: LogReader, step: int) -> bool:
        with self.changing() as index_map:
            return IndexFollower(index_map).advance(reader, index_reader, step)

    def _run(self, reader: LogReader, index_reader: LogReader) -> None:
        # After an error the next request takes a step itself, and says why it cannot.
        with suppress(LedgerError):
            while not self._stopping.is_set() and not self._advance(reader, index_reader, self._step):
                pass


def _is_useless(error: Conflict | StorageFailed) -> bool:
    """Whether a file is the map of another log or no database, rather than one that cannot be reached just now."""
    cause = error.__cause__
    damaged = isinstance(cause, sqlite3.DatabaseError) and not isinstance(cause, sqlite3.OperationalError)
    return damaged or isinstance(error, Conflict)

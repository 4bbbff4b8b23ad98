"""The one file of an index's map: SQLite, rollback journal, synchronous FULL.

    facts(name, value)             origin, size, subtree hashes and map root of what is in the map; what is served
    lists(id, key, count, hashes)  a list: hash of its key, how many indices, RFC 6962 subtree hashes over them
    postings(list, entry)          the indices themselves; they only grow, so a list at size n is those below n
    pages(prefix, size, body)      pages of the trie (see pages), each as of the map that it was written for
    states(ordinal, entry)         entries of the index log: the last published one and those behind it

A page is kept in at most two versions: one for the map that is served, one for the newest. Nothing in the file is
worth a backup: it is made again from the log.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.errors import StorageFailed

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lists(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, count INTEGER NOT NULL,
                                 hashes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS postings(list INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY(list, entry))
                                 WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pages(prefix TEXT NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL,
                                 PRIMARY KEY(prefix, size));
CREATE TABLE IF NOT EXISTS states(ordinal INTEGER PRIMARY KEY, entry BLOB NOT NULL);
"""
_CACHE_KIB = 64 * 1024
_WAIT_SECONDS = 10.0

Row = tuple[Any, ...]


class MapDatabase:
    """A connection to the file; `path` None is a temporary file that goes with the connection."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        try:
            # Whoever uses the connection from several threads holds a lock of its own (IndexMap does).
            self._connection = sqlite3.connect(
                "" if path is None else path,
                timeout=_WAIT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=64,
            )
            self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise self._failed("open", error) from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One unchanging view of the file."""
        with self._transaction("read", "BEGIN"):
            # The view begins with the first read, not with BEGIN.
            self._connection.execute("SELECT 1 FROM facts LIMIT 1").fetchone()
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing, durable at the end of the block."""
        with self._transaction("write", "BEGIN IMMEDIATE"):
            yield

    def one(self, query: str, *values: object) -> Row | None:
        """The first row, if there is one."""
        found: Row | None = self._connection.execute(query, values).fetchone()
        return found

    def all(self, query: str, *values: object) -> list[Row]:
        """Every row."""
        return self._connection.execute(query, values).fetchall()

    def run(self, query: str, *values: object) -> int:
        """Change something; return the id of the row that was inserted last."""
        return self._connection.execute(query, values).lastrowid or 0

    def run_many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """The same change for each row."""
        self._connection.executemany(query, rows)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    @contextmanager
    def _transaction(self, verb: str, begin: str) -> Iterator[None]:
        try:
            self._connection.execute(begin)
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()
        except sqlite3.Error as error:
            self._connection.rollback()
            raise self._failed(verb, error) from error

    def _failed(self, verb: str, error: sqlite3.Error) -> StorageFailed:
        name = self._path or "(a temporary file)"
        return StorageFailed(
            f"The index's map {name} could not be {_DONE[verb]}: {error}. If that lasts, delete the file: the map is "
            "made again from the log."
        )


_DONE = {"open": "opened", "read": "read", "write": "written"}

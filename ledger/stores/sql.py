"""A lock store in one row of a SQL table, for SQLite and PostgreSQL.

    ledger_heads(origin TEXT PRIMARY KEY, record BLOB NOT NULL)

The swap is one UPDATE that names the old record in its WHERE clause; the count of changed rows says whether it
happened. The table is part of `metadata`, so that whoever owns the database can migrate it; `create_table` is
for those who have no migrations.
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

_SQLITE_SYNCHRONOUS_FULL = 2


class SqlLock:
    """The head of the log `origin` as a row. The engine stays the caller's."""

    def __init__(self, engine: Engine, origin: str) -> None:
        self._engine = engine
        self._origin = origin

    def create_table(self) -> None:
        """Create the table where it does not exist."""
        try:
            metadata.create_all(self._engine)
        except SQLAlchemyError as error:
            raise self._failed("make the table for", error) from error

    def read(self) -> bytes | None:
        try:
            with self._engine.connect() as connection:
                found = connection.execute(
                    select(heads.c.record).where(heads.c.origin == self._origin)
                ).scalar()
        except SQLAlchemyError as error:
            raise self._failed("read", error) from error
        return None if found is None else bytes(found)

    def create(self, data: bytes) -> None:
        try:
            with self._engine.connect() as connection:
                _demand_durability(connection)
                connection.execute(insert(heads).values(origin=self._origin, record=data))
                connection.commit()
        except IntegrityError as error:
            raise Conflict(f"The database has a head of {self._origin} already.") from error
        except SQLAlchemyError as error:
            raise self._failed("create", error) from error

    def swap(self, old: bytes, new: bytes) -> None:
        change = update(heads).where(heads.c.origin == self._origin, heads.c.record == old).values(record=new)
        try:
            with self._engine.connect() as connection:
                _demand_durability(connection)
                changed = connection.execute(change).rowcount
                connection.commit()
        except SQLAlchemyError as error:
            raise self._failed("swap", error) from error
        if changed != 1:
            raise Conflict(f"The head of {self._origin} in the database has been moved by another writer.")

    def close(self) -> None:
        """Nothing to let go: the swap alone decides between writers."""

    def _failed(self, verb: str, error: SQLAlchemyError) -> StorageFailed:
        return StorageFailed(f"The database could not {verb} the head of {self._origin}: {error}")


def _demand_durability(connection: Connection) -> None:
    # The swap is the point of no return: a commit that a power cut can undo would let the log fork.
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text("SET LOCAL synchronous_commit TO on"))
    elif dialect == "sqlite":
        level = connection.execute(text("PRAGMA synchronous")).scalar_one()
        if int(level) < _SQLITE_SYNCHRONOUS_FULL:
            raise StorageFailed(
                "The SQLite database of the lock store must run with PRAGMA synchronous=FULL."
            )
    else:
        raise StorageFailed(f"The lock store knows SQLite and PostgreSQL, not {dialect}.")

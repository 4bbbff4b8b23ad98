"""The database's history: one line of migrations, applied by `datawharf init` and at each start.

`python -m market.migrations "what changes"` writes the next one from the difference between the tables and an empty
database brought to the newest form; read it before you commit it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from market.kit.db import Database

# Any number that no other program on this database uses.
_ADVISORY_LOCK = 0x6461_7461


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest form. Of several processes that start at once, one does it."""
    with _migrating(url) as connection:
        command.upgrade(configuration(connection), "head")


def configuration(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "market:migrations")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _migrating(url: str) -> Iterator[Connection]:
    db = Database(url)
    try:
        with db.engine.execution_options(writing=True).begin() as connection:
            if not db.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            yield connection
    finally:
        db.close()

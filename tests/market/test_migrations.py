"""The migrations and the tables say the same, on both engines; many processes may start at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from ledger.stores import sql
from market.kit.db import Database
from market.migrations import configuration, migrate
from market.shelf.search_index import is_search_table
from market.tables import metadata


def _not_search(_object: object, name: str | None, kind: str, reflected: bool, _compared: object) -> bool:
    return not (reflected and kind == "table" and is_search_table(name or ""))


def test_they_make_exactly_the_tables(database_url: str) -> None:
    db = Database(database_url)
    with db.engine.connect() as connection:
        options = {"include_object": _not_search, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, [metadata, sql.metadata]) == []
        names = set(sa.inspect(connection).get_table_names())
    db.close()
    assert metadata.tables.keys() <= names


def test_every_constraint_of_the_tables_is_there(database_url: str) -> None:
    """Alembic compares no CHECK constraints, so they are counted here."""
    db = Database(database_url)
    with db.engine.connect() as connection:
        found = sa.inspect(connection)
        for table in metadata.sorted_tables:
            wanted = {str(one.name) for one in table.constraints if isinstance(one, sa.CheckConstraint)}
            assert {one["name"] for one in found.get_check_constraints(table.name)} == wanted, table.name
    db.close()


def test_the_history_is_one_line(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with db.engine.connect() as connection:
        script = ScriptDirectory.from_config(configuration(connection))
        assert len(script.get_heads()) == 1
        assert all(not isinstance(one.down_revision, tuple) for one in script.walk_revisions())
    db.close()


def test_eight_processes_may_start_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'market.sqlite3'}"
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(migrate, url) for _ in range(8)]:
            done.result()
    db = Database(url)
    with db.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar() == 1
    db.close()

"""How Alembic sees our tables: both metadata, and not the tables that a full-text index makes for itself."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from ledger.stores import sql
from market.kit.db import UtcDateTime
from market.shelf.search_index import is_search_table
from market.tables import metadata


def _ours(_object: object, name: str | None, kind: str, reflected: bool, _compared: object) -> bool:
    """The full-text index is no part of the models, and FTS5 keeps it in tables of its own."""
    return not (reflected and kind == "table" and is_search_table(name or ""))


def _render(kind: str, item: object, autogen: Any) -> str | Literal[False]:
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from market.kit.db import UtcDateTime")
        return "UtcDateTime()"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[metadata, sql.metadata],
    include_object=_ours,
    render_item=_render,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()

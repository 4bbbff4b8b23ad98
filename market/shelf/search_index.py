"""The full-text table beside shelf_document: FTS5 on SQLite, a tsvector with a GIN index on PostgreSQL.

Both hold the tokens that market.kit.search_text makes, and leave them as they are: neither engine's own word-breaking
is used, so that a query finds the same on both. Made by the migration, and whenever the tables are created at once.
"""

from __future__ import annotations

from typing import Any, Protocol

SEARCH_TABLE = "shelf_search"
# Fields in the order of their weight; the letters are PostgreSQL's names for the weights.
FIELDS = ("title", "keywords", "abstract", "words")
WEIGHTS = {"title": 8.0, "keywords": 4.0, "abstract": 2.0, "words": 1.0}
LETTERS = {"title": "A", "keywords": "B", "abstract": "C", "words": "D"}
# Marks belong to their letters in Thai, Lao, Khmer and Burmese; unicode61 would break words there.
_TOKENIZE = "unicode61 remove_diacritics 0 categories 'L* M* N* Co'"

_CREATE = {
    "sqlite": (
        f"CREATE VIRTUAL TABLE {SEARCH_TABLE} USING fts5({', '.join(FIELDS)}, content='', "
        f'contentless_delete=1, tokenize="{_TOKENIZE}")',
    ),
    "postgresql": (
        f"CREATE TABLE {SEARCH_TABLE} (id INTEGER PRIMARY KEY REFERENCES shelf_document (id) ON DELETE CASCADE, "
        "tokens TSVECTOR NOT NULL)",
        f"CREATE INDEX ix_{SEARCH_TABLE}_tokens ON {SEARCH_TABLE} USING gin (tokens)",
    ),
}


class Connection(Protocol):
    """What is needed of an SQLAlchemy connection."""

    @property
    def dialect(self) -> Any: ...

    def exec_driver_sql(self, statement: str) -> Any: ...


def create_search_index(connection: Connection) -> None:
    """Create the full-text table; shelf_document must exist."""
    for statement in _CREATE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def drop_search_index(connection: Connection) -> None:
    """Drop it; no error where there is none."""
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {SEARCH_TABLE}")


def is_search_table(name: str) -> bool:
    """Whether a table of the database is ours though the metadata does not know it: FTS5 adds tables of its own."""
    return name == SEARCH_TABLE or name.startswith(f"{SEARCH_TABLE}_")

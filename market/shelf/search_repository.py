"""Full-text rows: written and matched, on either engine with the same outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlmodel import Session

from market.kit.search_text import fts5_query, index_text, query_terms, tsquery
from market.shelf.search_index import FIELDS, LETTERS, SEARCH_TABLE, WEIGHTS

# A search that matches more looks at the best of them only.
MOST_MATCHES = 10_000
# The most tokens of each field; PostgreSQL knows no positions above 16,383.
_TOKENS = {"title": 800, "keywords": 2_000, "abstract": 6_000, "words": 6_000}
_LONGEST_TOKEN = 200
# Between words these are breaks, and within words of some scripts they are invisible helps for line breaking.
_SEAMS = str.maketrans({"_": " ", "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": ""})
# How much newness counts: a version of today a fifth more, one that is half a year old a tenth.
_FRESH = "(1.0 + 0.2 / (1.0 + {age} / 180.0))"

_SQLITE_AGE = "max(0, :today - d.day)"
_SQLITE_MATCH = text(
    f"SELECT d.id FROM {SEARCH_TABLE} JOIN shelf_document d ON d.id = {SEARCH_TABLE}.rowid "  # noqa: S608
    f"WHERE {SEARCH_TABLE} MATCH :terms ORDER BY bm25({SEARCH_TABLE}, "
    f"{', '.join(str(WEIGHTS[field]) for field in FIELDS)}) * {_FRESH.format(age=_SQLITE_AGE)}, d.id DESC "
    "LIMIT :most"
)
_SQLITE_FIND = text(f"SELECT rowid FROM {SEARCH_TABLE} WHERE {SEARCH_TABLE} MATCH :terms LIMIT :most")  # noqa: S608
_POSTGRES_AGE = "greatest(0, :today - d.day)"
_POSTGRES_RANK = ", ".join(str(WEIGHTS[field] / WEIGHTS["title"]) for field in reversed(FIELDS))
_POSTGRES_MATCH = text(
    f"SELECT d.id FROM {SEARCH_TABLE} s JOIN shelf_document d ON d.id = s.id, "  # noqa: S608
    "CAST(:terms AS tsquery) q WHERE s.tokens @@ q "
    f"ORDER BY ts_rank(CAST('{{{_POSTGRES_RANK}}}' AS real[]), s.tokens, q, 1) "
    f"* {_FRESH.format(age=_POSTGRES_AGE)} DESC, d.id DESC LIMIT :most"
)
_POSTGRES_FIND = text(
    f"SELECT id FROM {SEARCH_TABLE} WHERE tokens @@ CAST(:terms AS tsquery) LIMIT :most"  # noqa: S608
)


def _on_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def terms_of(words: str) -> list[list[str]]:
    """What a query asks for; empty where it holds no letter or digit."""
    return [[token[:_LONGEST_TOKEN] for token in phrase] for phrase in query_terms(words.translate(_SEAMS))]


def matches(session: Session, terms: list[list[str]], *, today: int, ranked: bool) -> list[int]:
    """The documents in which all terms occur: the best first, or in no order (which is faster)."""
    if _on_postgres(session):
        statement, written = (_POSTGRES_MATCH if ranked else _POSTGRES_FIND), tsquery(terms)
    else:
        statement, written = (_SQLITE_MATCH if ranked else _SQLITE_FIND), fts5_query(terms)
    given = {"terms": written, "most": MOST_MATCHES} | ({"today": today} if ranked else {})
    return list(session.execute(statement, given).scalars())


def write(session: Session, document: int, fields: Mapping[str, Sequence[str]]) -> None:
    """The texts of a document by field; what was there of it before is replaced."""
    tokens = {field: _tokens(fields[field], _TOKENS[field]) for field in FIELDS}
    remove(session, document)
    if _on_postgres(session):
        session.execute(
            text(f"INSERT INTO {SEARCH_TABLE} (id, tokens) VALUES (:id, CAST(:tokens AS tsvector))"),  # noqa: S608
            {"id": document, "tokens": _vector(tokens)},
        )
        return
    names = ", ".join(FIELDS)
    places = ", ".join(f":{field}" for field in FIELDS)
    session.execute(
        text(f"INSERT INTO {SEARCH_TABLE} (rowid, {names}) VALUES (:id, {places})"),  # noqa: S608
        {"id": document} | {field: " ".join(words) for field, words in tokens.items()},
    )


def remove(session: Session, document: int) -> None:
    name = "id" if _on_postgres(session) else "rowid"
    session.execute(text(f"DELETE FROM {SEARCH_TABLE} WHERE {name} = :id"), {"id": document})  # noqa: S608


def _tokens(texts: Sequence[str], most: int) -> list[str]:
    """Texts stay apart: each run ends in its last character alone, so no phrase reaches into the next text."""
    tokens = [
        token[:_LONGEST_TOKEN] for given in texts for token in index_text(given.translate(_SEAMS)).split()
    ]
    return tokens[:most]


def _vector(tokens: Mapping[str, Sequence[str]]) -> str:
    """The tokens as PostgreSQL writes a tsvector. Tokens hold letters, digits and marks only: nothing to escape."""
    position, parts = 0, []
    for field in FIELDS:
        for token in tokens[field]:
            position += 1
            parts.append(f"'{token}':{position}{LETTERS[field]}")
    return " ".join(parts)

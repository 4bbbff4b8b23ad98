"""Samples: the first rows of a version's first table, read once in the locked-down reader and kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session

from market.catalog import service as catalog
from market.catalog.blob_store import BlobStore
from market.catalog.schemas import FileView
from market.delivery.reader.reading import describe_table
from market.delivery.reader.shapes import FORMATS, TableSummary
from market.kit.errors import Fault, Kind
from market.shelf import repository
from market.shelf.schemas import SampleView

# Stores without files of their own: a larger table is not copied just for its first rows.
_MOST_COPIED = 64 * 10**6
# A cell can have a mebibyte, and a table 4,096 columns.
SHOWN_COLUMNS, SHOWN_CHARACTERS = 50, 120


def first_table(session: Session, version_id: UUID) -> FileView | None:
    """The first file of a version that can be read row by row and is here."""
    return catalog.first_of_types(session, version_id=version_id, media_types=FORMATS)


def make_sample(
    store: BlobStore, version_id: UUID, file: FileView, now: datetime
) -> Callable[[Session], None]:
    """Read the table, without a transaction; gives what writes the result down. Raises where trying later may help."""
    summary, problem = None, ""
    try:
        summary = _shown(_describe(store, file))
    except Fault as fault:
        if fault.kind is Kind.UNAVAILABLE:
            raise
        problem = fault.slug

    def keep(session: Session) -> None:
        repository.keep_sample(session, version_id, path=file.path, summary=summary, problem=problem, now=now)

    return keep


def _shown(found: TableSummary) -> dict[str, Any]:
    """What a page shows of a table, and no more: it is kept for a page that anybody may ask for at any time."""
    columns = found.columns[:SHOWN_COLUMNS]
    return {
        "column_count": len(found.columns),
        "columns": [{"name": _cut(column.name), "type": column.type} for column in columns],
        "row_count": found.row_count,
        "rows": [[_cell(row.get(column.name)) for column in columns] for row in found.sample],
    }


def _cell(value: object) -> str | None:
    return None if value is None else _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def sample_of(session: Session, version_id: UUID) -> SampleView | None:
    """What was read, or None while nothing was. Whether it may be shown the caller has decided."""
    found = repository.sample(session, version_id)
    if found is None:
        return None
    summary = found.summary or {"column_count": 0, "columns": [], "row_count": None, "rows": []}
    return SampleView(path=found.path, problem=found.problem, made_at=found.made_at, **summary)


def _describe(store: BlobStore, file: FileView) -> TableSummary:
    path = store.path_of(file.sha256)
    if path is not None:
        return describe_table(path, file.media_type)
    with tempfile.NamedTemporaryFile() as copy:
        for piece in store.read(file.sha256, 0, min(file.size, _MOST_COPIED)):
            copy.write(piece)
        copy.flush()
        return describe_table(Path(copy.name), file.media_type)

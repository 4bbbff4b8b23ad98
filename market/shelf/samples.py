"""Samples: the first rows of a version's first table, read once in the locked-down reader and kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from market.catalog import service as catalog
from market.catalog.blob_store import BlobStore
from market.catalog.schemas import FileView
from market.delivery.reader.reading import can_read, describe_table
from market.delivery.reader.shapes import TableSummary
from market.kit.auth import system
from market.kit.errors import Fault, Kind
from market.shelf import repository
from market.shelf.schemas import SampleView

# Stores without files of their own: a larger table is not copied just for its first rows.
_MOST_COPIED = 64 * 10**6
_SHELF = system("shelf")


def first_table(session: Session, version_id: UUID) -> FileView | None:
    """The first file of a version that can be read row by row and is here."""
    files = catalog.files_of(session, actor=_SHELF, version_id=version_id)
    return next((file for file in files if file.state == "available" and can_read(file.media_type)), None)


def make_sample(
    store: BlobStore, version_id: UUID, file: FileView, now: datetime
) -> Callable[[Session], None]:
    """Read the table, without a transaction; gives what writes the result down. Raises where trying later may help."""
    summary, problem = None, ""
    try:
        found = _describe(store, file)
        summary = asdict(found) | {"rows": list(found.sample)}
        del summary["sample"]
    except Fault as fault:
        if fault.kind is Kind.UNAVAILABLE:
            raise
        problem = fault.slug

    def keep(session: Session) -> None:
        repository.keep_sample(session, version_id, path=file.path, summary=summary, problem=problem, now=now)

    return keep


def sample_of(session: Session, version_id: UUID) -> SampleView | None:
    """What was read, or None while nothing was. Whether it may be shown the caller has decided."""
    found = repository.sample(session, version_id)
    if found is None:
        return None
    summary = found.summary or {"columns": [], "row_count": None, "rows": []}
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

"""Listings, documents and their bits in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from market.shelf.models import FacetBits, Listing, Sample, ShelfDocument

# Writers of documents and bits take turns on PostgreSQL; SQLite has one writer at a time anyway.
_INDEX_LOCK = 0x5348_454C


def listing(session: Session, asset_id: UUID, *, for_update: bool = False) -> Listing | None:
    return session.get(Listing, asset_id, with_for_update=True if for_update else None)


def lock_index(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _INDEX_LOCK})


def document_of(session: Session, asset_id: UUID) -> ShelfDocument | None:
    return session.exec(select(ShelfDocument).where(ShelfDocument.asset_id == asset_id)).first()


def cards(session: Session, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The cards of documents, by document."""
    if not ids:
        return {}
    rows = session.exec(
        select(ShelfDocument.id, ShelfDocument.card).where(col(ShelfDocument.id).in_(ids))
    ).all()
    return {number: dict(card) for number, card in rows if number is not None}


def cards_of_org(session: Session, org_id: UUID, limit: int) -> list[dict[str, Any]]:
    """Newest first."""
    found = (
        select(ShelfDocument.card)
        .where(ShelfDocument.org_id == org_id)
        .order_by(col(ShelfDocument.id).desc())
        .limit(limit)
    )
    return [dict(card) for card in session.exec(found).all()]


def in_title_order(session: Session, lang: str) -> Iterator[int]:
    """All documents by title, fetched as far as one reads on."""
    title = col(ShelfDocument.title_zh if lang == "zh" else ShelfDocument.title_en)
    found = select(ShelfDocument.id).order_by(title, col(ShelfDocument.id))
    for number in session.scalars(found.execution_options(yield_per=200)):
        assert number is not None
        yield number


def all_bits(session: Session) -> dict[tuple[str, str], int]:
    """For each facet and value, the set of documents as one whole number."""
    rows = session.exec(select(FacetBits.facet, FacetBits.value, FacetBits.bits)).all()
    return {(facet, value): int.from_bytes(bits, "little") for facet, value, bits in rows}


def change_bits(session: Session, document: int, changes: Mapping[tuple[str, str], bool]) -> None:
    """Put a document into the sets that are True, and take it out of those that are False."""
    for (facet, value), member in sorted(changes.items()):
        row = session.get(FacetBits, (facet, value)) or FacetBits(facet=facet, value=value, bits=b"")
        before = int.from_bytes(row.bits, "little")
        after = before | 1 << document if member else before & ~(1 << document)
        row.bits = after.to_bytes((after.bit_length() + 7) // 8, "little")
        session.add(row)
    session.flush()


def sample(session: Session, version_id: UUID) -> Sample | None:
    return session.get(Sample, version_id)


def keep_sample(
    session: Session,
    version_id: UUID,
    *,
    path: str,
    summary: dict[str, Any] | None,
    problem: str,
    now: datetime,
) -> None:
    row = Sample(version_id=version_id, path=path, summary=summary, problem=problem, made_at=now)
    session.merge(row)

"""Statements, openings and keys in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from market.kit.db import insert_new
from market.provenance.models import RecordedStatement, SigningKeyRow, StatementParty, StoredOpening


def statement(session: Session, leaf: str) -> RecordedStatement | None:
    return session.get(RecordedStatement, leaf)


def statements(session: Session, leaves: Iterable[str]) -> dict[str, RecordedStatement]:
    rows = session.exec(select(RecordedStatement).where(col(RecordedStatement.leaf).in_(list(leaves)))).all()
    return {row.leaf: row for row in rows}


def add_statement(session: Session, row: RecordedStatement) -> bool:
    """False if the same statement is there already; somebody may have brought it at the same moment."""
    return insert_new(session, row)


def of_asset(session: Session, asset_id: UUID, limit: int) -> Sequence[RecordedStatement]:
    """Newest first."""
    query = select(RecordedStatement).where(RecordedStatement.asset_id == asset_id)
    return session.exec(query.order_by(col(RecordedStatement.id).desc()).limit(limit)).all()


def newest_about(session: Session, kind: str, subject_id: UUID) -> RecordedStatement | None:
    query = select(RecordedStatement).where(
        RecordedStatement.subject_id == subject_id, RecordedStatement.kind == kind
    )
    return session.exec(query.order_by(col(RecordedStatement.id).desc()).limit(1)).first()


def pending(session: Session, limit: int) -> Sequence[RecordedStatement]:
    """The oldest that are not in the log yet, in the order they came."""
    query = select(RecordedStatement).where(RecordedStatement.state == "pending")
    return session.exec(query.order_by(col(RecordedStatement.id)).limit(limit)).all()


def last_index(session: Session) -> int | None:
    """The highest log index that a statement is known to have."""
    return session.exec(select(func.max(RecordedStatement.log_index))).one()


def is_party(session: Session, leaf: str, org_id: UUID) -> bool:
    return session.get(StatementParty, (leaf, org_id)) is not None


def openings(session: Session, leaf: str) -> Sequence[StoredOpening]:
    query = select(StoredOpening).where(StoredOpening.leaf == leaf)
    return session.exec(query.order_by(col(StoredOpening.name))).all()


def key(session: Session, kid: str) -> SigningKeyRow | None:
    return session.get(SigningKeyRow, kid)


def keys_of(session: Session, org_id: UUID, after: UUID | None, limit: int) -> Sequence[SigningKeyRow]:
    """Oldest first, above `after`."""
    query = select(SigningKeyRow).where(SigningKeyRow.org_id == org_id)
    if after is not None:
        query = query.where(SigningKeyRow.id > after)
    return session.exec(query.order_by(col(SigningKeyRow.id)).limit(limit)).all()


def newest_bound_key(session: Session, org_id: UUID) -> SigningKeyRow | None:
    query = select(SigningKeyRow).where(SigningKeyRow.org_id == org_id, SigningKeyRow.state == "bound")
    return session.exec(query.order_by(col(SigningKeyRow.id).desc()).limit(1)).first()

"""Tables of provenance: statements and where they stand in the log, what opens their commitments, and the keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from market.kit.db import UtcDateTime
from market.kit.ids import new_id


class RecordedStatement(SQLModel, table=True):
    __tablename__ = "statement"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'recorded')", name="state"),
        CheckConstraint("(state = 'recorded') = (log_index IS NOT NULL)", name="index"),
        Index("ix_statement_asset", "asset_id", "id"),
        Index("ix_statement_pending", "state", "id"),
    )

    leaf: str = Field(primary_key=True, max_length=64)
    # Sortable by time: the order in which statements enter the log.
    id: UUID = Field(default_factory=new_id, unique=True)
    kind: str
    org_id: UUID
    subject_id: UUID = Field(index=True)
    asset_id: UUID | None = None
    kid: str = Field(max_length=64)
    statement: bytes
    state: str = "pending"
    log_index: int | None = Field(default=None, sa_type=BigInteger, unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StatementParty(SQLModel, table=True):
    """An organisation that may see what a statement's commitments stand for."""

    __tablename__ = "statement_party"

    leaf: str = Field(primary_key=True, foreign_key="statement.leaf")
    org_id: UUID = Field(primary_key=True)


class StoredOpening(SQLModel, table=True):
    """Salt and content of a commitment. Deleting the row erases what the entry says; its proofs stay valid."""

    __tablename__ = "opening"

    leaf: str = Field(primary_key=True, foreign_key="statement.leaf")
    name: str = Field(primary_key=True)
    salt: bytes
    content: bytes


class SigningKeyRow(SQLModel, table=True):
    """The directory of keys: a projection of the key statements in the log."""

    __tablename__ = "signing_key"
    __table_args__ = (CheckConstraint("state IN ('bound', 'withdrawn')", name="state"),)

    kid: str = Field(primary_key=True, max_length=64)
    # Sortable by time: the order of the list.
    id: UUID = Field(default_factory=new_id, unique=True)
    org_id: UUID = Field(index=True)
    key: str = Field(max_length=64)
    label: str = ""
    state: str = "bound"
    binding: str = Field(foreign_key="statement.leaf")
    withdrawal: str | None = Field(default=None, foreign_key="statement.leaf")
    created_at: datetime = Field(sa_type=UtcDateTime)

"""Tables of the registry."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Column, Index
from sqlmodel import Field, SQLModel

from market.kit.db import UtcDateTime
from market.kit.ids import new_id

STATES = "('SUBMITTED', 'ACCEPTED', 'FORMAL_REVIEW', 'RETURNED', 'REFUSED', 'WITHDRAWN', 'ISSUED')"


class Application(SQLModel, table=True):
    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_application_queue", "zone", "state", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    org_id: UUID = Field(foreign_key="organisation.id", index=True)
    asset_id: UUID = Field(foreign_key="asset.id", index=True)
    version_id: UUID = Field(foreign_key="asset_version.id", unique=True)
    # The leaf of the registration that the application is about; changes when a returned version is signed again.
    registration: str = Field(max_length=64)
    zone: str = Field(max_length=6)
    rule_pack: str
    state: str = "SUBMITTED"
    reasons: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    revision: int = 1
    submitted_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class ApplicationStep(SQLModel, table=True):
    """One step on the way of an application; never changed."""

    __tablename__ = "application_step"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    application_id: UUID = Field(foreign_key="application.id", index=True)
    state: str
    account_id: UUID | None = None
    # The decision's statement; None for steps that the applicant takes.
    leaf: str | None = Field(default=None, max_length=64)
    reasons: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    at: datetime = Field(sa_type=UtcDateTime)


class Certificate(SQLModel, table=True):
    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint(
            "state IN ('DRAFT', 'VALID', 'SUPERSEDED', 'SUSPENDED', 'REVOKED', 'CANCELLED')", name="state"
        ),
        CheckConstraint("valid_from < valid_until", name="validity"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    # The query code: random, so that certificates cannot be listed by guessing.
    code: str = Field(unique=True, max_length=14)
    number: str = Field(unique=True, max_length=40)
    application_id: UUID = Field(foreign_key="application.id", unique=True)
    asset_id: UUID = Field(foreign_key="asset.id", index=True)
    version_id: UUID = Field(foreign_key="asset_version.id")
    org_id: UUID = Field(foreign_key="organisation.id", index=True)
    zone: str = Field(max_length=6)
    registration: str = Field(max_length=64)
    leaf: str | None = Field(default=None, max_length=64)
    document: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    salt: bytes
    state: str = "DRAFT"
    valid_from: date
    valid_until: date
    issued_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

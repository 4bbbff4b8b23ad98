"""Tables of licensing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from market.kit.db import UtcDateTime
from market.kit.ids import new_id

_LIVE_REQUEST = text("state IN ('PENDING', 'APPROVED')")
_LIVE_CONTRACT = text("state NOT IN ('ENDED', 'CANCELLED')")


class Offer(SQLModel, table=True):
    """An offer as it stands. Its conditions, price included, are those of the revision that leaf names."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("state IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')", name="state"),
        CheckConstraint("kind IN ('OPEN', 'REQUEST', 'PAID')", name="kind"),
        CheckConstraint("(state = 'DRAFT') = (leaf IS NULL)", name="leaf"),
        Index("ix_offer_asset", "asset_id", "state", "id"),
        Index("ix_offer_own", "org_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    asset_id: UUID = Field(foreign_key="asset.id")
    org_id: UUID
    kind: str
    state: str = "DRAFT"
    revision: int = 0
    revision_id: UUID | None = None
    leaf: str | None = Field(default=None, max_length=64)
    withdrawal: str | None = Field(default=None, max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OfferRevision(SQLModel, table=True):
    """Conditions of an offer, prepared for signing. Once signed (leaf) they never change."""

    __tablename__ = "offer_revision"
    __table_args__ = (
        CheckConstraint("(price_minor IS NULL) = (currency IS NULL)", name="price"),
        CheckConstraint("price_minor IS NULL OR price_minor > 0", name="price_above_zero"),
        CheckConstraint("currency IS NULL OR length(currency) = 3", name="currency"),
        CheckConstraint("term_days >= 1", name="term"),
        CheckConstraint("quota_rows IS NULL OR quota_rows >= 1", name="quota"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    offer_id: UUID = Field(foreign_key="offer.id", index=True)
    number: int
    price_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = Field(default=None, max_length=3)
    term_days: int
    quota_rows: int | None = Field(default=None, sa_type=BigInteger)
    conditions: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    # The exact bytes that the statement commits to, and their salt.
    salt: bytes
    content: bytes
    leaf: str | None = Field(default=None, max_length=64, unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)


class AccessRequest(SQLModel, table=True):
    __tablename__ = "access_request"
    __table_args__ = (
        CheckConstraint("state IN ('PENDING', 'APPROVED', 'REFUSED', 'WITHDRAWN', 'USED')", name="state"),
        CheckConstraint("(state = 'PENDING') = (decided_at IS NULL)", name="decided"),
        Index("ix_access_request_provider", "provider_org_id", "state", "id"),
        Index("ix_access_request_buyer", "org_id", "id"),
        Index(
            "uq_access_request_live",
            "org_id",
            "offer_id",
            unique=True,
            sqlite_where=_LIVE_REQUEST,
            postgresql_where=_LIVE_REQUEST,
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    offer_id: UUID = Field(foreign_key="offer.id")
    asset_id: UUID = Field(foreign_key="asset.id")
    org_id: UUID
    provider_org_id: UUID
    account_id: UUID | None = None
    purpose: str
    description: str
    answers: list[str] = Field(sa_column=Column(JSON, nullable=False))
    state: str = "PENDING"
    reason: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    decided_by: UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Contract(SQLModel, table=True):
    """A contract and whose signatures it has. There is one live contract per buyer and offer."""

    __tablename__ = "contract"
    __table_args__ = (
        CheckConstraint(
            "state IN ('AWAITING_BUYER', 'AWAITING_PROVIDER', 'SIGNED', 'IN_FORCE', 'ENDED', 'CANCELLED')",
            name="state",
        ),
        CheckConstraint("org_id <> provider_org_id", name="two_parties"),
        CheckConstraint("(price_minor IS NULL) = (currency IS NULL)", name="price"),
        CheckConstraint("(kind = 'PAID') = (price_minor IS NOT NULL)", name="paid"),
        CheckConstraint("(buyer_leaf IS NULL) = (buyer_signed_at IS NULL)", name="buyer_signature"),
        CheckConstraint("(provider_leaf IS NULL) = (provider_signed_at IS NULL)", name="provider_signature"),
        CheckConstraint("provider_leaf IS NULL OR buyer_leaf IS NOT NULL", name="buyer_first"),
        CheckConstraint(
            "state NOT IN ('SIGNED', 'IN_FORCE') OR provider_leaf IS NOT NULL", name="signed_by_both"
        ),
        CheckConstraint("(declined_at IS NULL) = (reason IS NULL)", name="reason"),
        CheckConstraint("declined_at IS NULL OR state = 'CANCELLED'", name="declined"),
        Index("ix_contract_buyer", "org_id", "id"),
        Index("ix_contract_provider", "provider_org_id", "state", "id"),
        Index(
            "uq_contract_live",
            "org_id",
            "offer_id",
            unique=True,
            sqlite_where=_LIVE_CONTRACT,
            postgresql_where=_LIVE_CONTRACT,
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    state: str = "AWAITING_BUYER"
    offer_id: UUID = Field(foreign_key="offer.id")
    revision_id: UUID = Field(foreign_key="offer_revision.id")
    offer_leaf: str = Field(max_length=64)
    request_id: UUID | None = Field(default=None, foreign_key="access_request.id")
    asset_id: UUID = Field(foreign_key="asset.id", index=True)
    registration: str = Field(max_length=64)
    org_id: UUID
    provider_org_id: UUID
    price_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = Field(default=None, max_length=3)
    term_days: int
    commitment: str = Field(max_length=64)
    buyer_leaf: str | None = Field(default=None, max_length=64)
    buyer_signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    provider_leaf: str | None = Field(default=None, max_length=64)
    provider_signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    sign_before: datetime = Field(sa_type=UtcDateTime)
    declined_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class ContractText(SQLModel, table=True):
    """What opens a contract's commitment. Deleting the row erases the text; the signatures stay provable."""

    __tablename__ = "contract_text"

    contract_id: UUID = Field(primary_key=True, foreign_key="contract.id")
    salt: bytes
    content: bytes


class Entitlement(SQLModel, table=True):
    """A licence. state EXPIRED follows from the clock; the column takes it when somebody next looks to change it."""

    __tablename__ = "entitlement"
    __table_args__ = (
        UniqueConstraint("contract_id"),
        CheckConstraint("state IN ('ACTIVE', 'SUSPENDED', 'REVOKED', 'EXPIRED')", name="state"),
        CheckConstraint("starts_at < ends_at", name="term"),
        CheckConstraint(
            "rows_used >= 0 AND (quota_rows IS NULL OR rows_used <= quota_rows)", name="rows_within_quota"
        ),
        CheckConstraint("(state = 'REVOKED') = (revocation_leaf IS NOT NULL)", name="revoked_by_statement"),
        Index("ix_entitlement_buyer", "org_id", "id"),
        Index("ix_entitlement_provider", "provider_org_id", "id"),
        Index("ix_entitlement_use", "asset_id", "org_id", "state"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    contract_id: UUID = Field(foreign_key="contract.id")
    contract: str = Field(max_length=64)
    kind: str
    offer_id: UUID = Field(foreign_key="offer.id")
    asset_id: UUID = Field(foreign_key="asset.id")
    org_id: UUID
    provider_org_id: UUID
    state: str = "ACTIVE"
    environment: list[str] = Field(sa_column=Column(JSON, nullable=False))
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    quota_rows: int | None = Field(default=None, sa_type=BigInteger)
    rows_used: int = Field(default=0, sa_type=BigInteger)
    reason: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    revocation_leaf: str | None = Field(default=None, max_length=64)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

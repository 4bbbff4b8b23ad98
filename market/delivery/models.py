"""Tables of delivery: what was released to whom, what came back as received, and rows that were read."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from market.kit.db import UtcDateTime
from market.kit.ids import new_id


class Delivery(SQLModel, table=True):
    """A version under a licence: released when its first byte left, received when the buyer signed so."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("entitlement_id", "version_id"),
        CheckConstraint("state IN ('released', 'received')", name="state"),
        CheckConstraint("(state = 'received') = (received_leaf IS NOT NULL)", name="leaf"),
        CheckConstraint("(state = 'received') = (received_at IS NOT NULL)", name="received"),
        Index("ix_delivery_buyer", "org_id", "id"),
        Index("ix_delivery_provider", "provider_org_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    entitlement_id: UUID = Field(foreign_key="entitlement.id")
    version_id: UUID = Field(foreign_key="asset_version.id")
    asset_id: UUID = Field(foreign_key="asset.id")
    org_id: UUID
    provider_org_id: UUID
    state: str = "released"
    released_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_leaf: str | None = Field(default=None, max_length=64, foreign_key="statement.leaf", unique=True)


class Release(SQLModel, table=True):
    """The platform's statement that a delivery's bytes left on a day (UTC); one a day, however often they are fetched."""

    __tablename__ = "delivery_release"

    delivery_id: UUID = Field(primary_key=True, foreign_key="delivery.id")
    day: date = Field(primary_key=True)
    leaf: str | None = Field(default=None, max_length=64, foreign_key="statement.leaf", unique=True)


class UsageBatch(SQLModel, table=True):
    """Rows read under a licence within some time of one day (UTC), as one statement."""

    __tablename__ = "usage_batch"
    __table_args__ = (
        UniqueConstraint("entitlement_id", "sequence"),
        CheckConstraint("row_count > 0", name="rows"),
        CheckConstraint("sequence >= 1", name="sequence"),
        CheckConstraint("first_at <= last_at", name="order"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    entitlement_id: UUID = Field(foreign_key="entitlement.id")
    sequence: int
    day: date
    row_count: int = Field(sa_type=BigInteger)
    first_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    leaf: str = Field(max_length=64, foreign_key="statement.leaf", unique=True)


class UsageEvent(SQLModel, table=True):
    """One answer with rows, counted against the licence in the same transaction."""

    __tablename__ = "usage_event"
    __table_args__ = (
        CheckConstraint("row_count > 0", name="rows"),
        Index("ix_usage_event_open", "entitlement_id", "batch_id", "at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    entitlement_id: UUID = Field(foreign_key="entitlement.id")
    version_id: UUID = Field(foreign_key="asset_version.id")
    path: str = Field(max_length=1024)
    row_count: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=UtcDateTime)
    batch_id: UUID | None = Field(default=None, foreign_key="usage_batch.id")

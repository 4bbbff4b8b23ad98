"""Table of orders."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from market.kit.db import UtcDateTime
from market.kit.ids import new_id

_LIVE = text("state NOT IN ('CANCELLED', 'EXPIRED')")


class Order(SQLModel, table=True):
    """There is one live order per contract. refund_due: money came for an order that could not be fulfilled any more."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        CheckConstraint(
            "state IN ('AWAITING_SIGNATURES', 'AWAITING_PAYMENT', 'FULFILLED', 'CANCELLED', 'EXPIRED')",
            name="state",
        ),
        CheckConstraint("gateway IN ('stripe', 'bank_transfer')", name="gateway"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("state <> 'FULFILLED' OR entitlement_id IS NOT NULL", name="fulfilled"),
        CheckConstraint("state <> 'FULFILLED' OR paid_at IS NOT NULL", name="paid"),
        Index("ix_purchase_order_buyer", "org_id", "id"),
        Index(
            "uq_purchase_order_live",
            "contract_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    contract_id: UUID = Field(foreign_key="contract.id")
    commitment: str = Field(max_length=64)
    asset_id: UUID = Field(foreign_key="asset.id")
    org_id: UUID
    provider_org_id: UUID
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    gateway: str
    state: str
    entitlement_id: UUID | None = Field(default=None, foreign_key="entitlement.id", unique=True)
    payment_leaf: str | None = Field(default=None, max_length=64)
    refund_due: bool = False
    account_id: UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    paid_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fulfilled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

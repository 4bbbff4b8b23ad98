"""Tables of payments. An order is named by its id only: orders stand above payments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index
from sqlmodel import Field, SQLModel

from market.kit.db import UtcDateTime
from market.kit.ids import new_id


class CheckoutRow(SQLModel, table=True):
    """A pay page at the gateway, with all it was asked for with: a repetition under the same key must be the same."""

    __tablename__ = "checkout"
    __table_args__ = (
        CheckConstraint("state IN ('PREPARED', 'OPEN', 'PAID', 'EXPIRED')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("state = 'PREPARED' OR gateway_id IS NOT NULL OR state = 'EXPIRED'", name="opened"),
        Index("ix_checkout_order", "order_id", "attempt"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    order_id: UUID
    attempt: int
    idempotency_key: str = Field(unique=True)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    description: str
    success_url: str
    cancel_url: str
    expires_at: datetime = Field(sa_type=UtcDateTime)
    state: str = "PREPARED"
    gateway_id: str | None = Field(default=None, unique=True)
    url: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)


class GatewayEventRow(SQLModel, table=True):
    """A notice that was verified, as it came. standing: `ignored` if it is of another mode or account than ours."""

    __tablename__ = "gateway_event"
    __table_args__ = (CheckConstraint("standing IN ('accepted', 'ignored')", name="standing"),)

    id: str = Field(primary_key=True)
    type: str
    object_id: str
    livemode: bool
    account: str | None = None
    standing: str
    raw: bytes
    signature: str
    happened_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)


class Payment(SQLModel, table=True):
    """Money that arrived in full for an order. reference: the gateway's payment, or the invoice's reference."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("gateway IN ('stripe', 'bank_transfer')", name="gateway"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("length(currency) = 3", name="currency"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    order_id: UUID = Field(unique=True)
    gateway: str
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    reference: str = Field(unique=True)
    event_id: str | None = None
    paid_at: datetime = Field(sa_type=UtcDateTime)


class Invoice(SQLModel, table=True):
    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("state IN ('UNPAID', 'PART_PAID', 'PAID', 'CANCELLED')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("(state = 'PAID') = (paid_at IS NOT NULL)", name="paid"),
        Index("ix_invoice_buyer", "org_id", "id"),
        Index("ix_invoice_state", "state", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    # Without gaps, as tax law wants it: taken inside the transaction that makes the invoice.
    number: int = Field(unique=True)
    order_id: UUID = Field(unique=True)
    org_id: UUID
    reference: str = Field(unique=True, max_length=16)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    description: str
    account: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: str = "UNPAID"
    due: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    paid_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class InvoiceCounter(SQLModel, table=True):
    """The last invoice number given out; one row."""

    __tablename__ = "invoice_counter"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    last: int = 0


class Transfer(SQLModel, table=True):
    """A line of the bank's statement, entered by one operator and confirmed by another."""

    __tablename__ = "bank_transfer"
    __table_args__ = (
        CheckConstraint("state IN ('ENTERED', 'CONFIRMED', 'REJECTED')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> entered_by", name="two_persons"),
        CheckConstraint("(state = 'ENTERED') = (confirmed_by IS NULL)", name="confirmed"),
        Index("ix_bank_transfer_state", "state", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    invoice_id: UUID = Field(foreign_key="invoice.id", index=True)
    # The bank's own number of the line, so that it is not entered twice.
    bank_line: str = Field(unique=True)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    booked_on: date
    state: str = "ENTERED"
    entered_by: UUID
    entered_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: UUID | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

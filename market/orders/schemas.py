"""Shapes of orders."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from market.kit.money import Money
from market.payments.schemas import GatewayName, InvoiceView


class OrderState(StrEnum):
    """FULFILLED: the money is here, and with it the licence."""

    AWAITING_SIGNATURES = "AWAITING_SIGNATURES"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class NewOrder(BaseModel):
    """Which contract, and how it is to be paid. The price is the contract's."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"contract_id": "0192f0c1-2345-7abc-8def-0123456789ab", "gateway": "stripe"}]
        },
    )

    contract_id: UUID
    gateway: GatewayName = "stripe"


class OrderView(BaseModel):
    """An order. checkout_url: where to pay by card. invoice: what to pay by bank transfer. payment_leaf: in the ledger."""

    id: UUID
    contract_id: UUID
    asset_id: UUID
    buyer_org: UUID
    provider_org: UUID
    amount: Money
    gateway: GatewayName
    state: OrderState
    checkout_url: str | None
    invoice: InvoiceView | None
    entitlement_id: UUID | None
    payment_leaf: str | None
    refund_due: bool
    created_at: datetime
    paid_at: datetime | None
    fulfilled_at: datetime | None

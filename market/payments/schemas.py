"""The shapes that pass between the market and a payment gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from market.kit.money import Money

CheckoutStatus = Literal["open", "complete", "expired"]
PaymentStatus = Literal["unpaid", "paid", "no_payment_required"]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A pay page that has been opened. url: where the buyer goes; times are aware UTC."""

    id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CheckoutState:
    """What the gateway says of a pay page now. Fulfil from this, never from an event or a redirect.

    order_id, payment_intent: None if the gateway has none.
    """

    id: str
    status: CheckoutStatus
    payment_status: PaymentStatus
    amount: Money
    currency: str
    livemode: bool
    payment_intent: str | None
    order_id: str | None

    @property
    def is_paid(self) -> bool:
        return self.status == "complete" and self.payment_status != "unpaid"


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """A notice: something happened to `object_id`. It says when to look, not what is true.

    account: the connected account it concerns, None for the platform's own.
    """

    id: str
    type: str
    livemode: bool
    account: str | None
    created: datetime
    object_id: str


class PaymentGateway(Protocol):
    """A service that takes payments. Calls block on the network: make them outside any transaction.

    All of them raise the PaymentFault that names the fact; only a `retriable` one may be tried again as it is.
    """

    @property
    def livemode(self) -> bool:
        """Whether real money moves."""

    def open_checkout(
        self,
        *,
        order_id: str,
        amount: Money,
        description: str,
        success_url: str,
        cancel_url: str,
        idempotency_key: str,
        expires_at: datetime,
        metadata: Mapping[str, str] | None = None,
    ) -> Checkout:
        """Open a pay page for one order. The same key and details give the same page again."""

    def fetch_checkout(self, checkout_id: str) -> CheckoutState:
        """How a pay page stands now. Raises UnknownPayment."""

    def expire_checkout(self, checkout_id: str) -> CheckoutState:
        """Close an open pay page. Raises CheckoutClosed if it is paid or expired already."""

    def parse_webhook(self, raw: bytes, signature: str | None) -> GatewayEvent:
        """Check and read a notice. raw: the body exactly as it came. Raises BadWebhook."""


GatewayName = Literal["stripe", "bank_transfer"]


class CheckoutView(BaseModel):
    """A pay page of an order. url: empty until the gateway has opened it."""

    id: UUID
    order_id: UUID
    amount: Money
    description: str
    success_url: str
    cancel_url: str
    idempotency_key: str
    expires_at: datetime
    state: Literal["PREPARED", "OPEN", "PAID", "EXPIRED"]
    gateway_id: str | None
    url: str


class EventView(BaseModel):
    """A verified notice. accepted: False if it is of another mode or account than ours, and never applied."""

    id: str
    type: str
    object_id: str
    accepted: bool
    received_at: datetime


class PaymentView(BaseModel):
    """Money that arrived in full. event_id: of the gateway's notice, if one told us."""

    order_id: UUID
    gateway: GatewayName
    amount: Money
    reference: str
    event_id: str | None
    paid_at: datetime


class TransferView(BaseModel):
    """A line of the bank's statement. confirmed_by: the second operator."""

    id: UUID
    invoice_id: UUID
    bank_line: str
    amount: Money
    booked_on: date
    state: Literal["ENTERED", "CONFIRMED", "REJECTED"]
    entered_by: UUID
    entered_at: datetime
    confirmed_by: UUID | None
    confirmed_at: datetime | None


class InvoiceState(StrEnum):
    UNPAID = "UNPAID"
    PART_PAID = "PART_PAID"
    PAID = "PAID"
    CANCELLED = "CANCELLED"


class PayTo(BaseModel):
    """The account that an invoice is paid to."""

    holder: str
    bank: str
    number: str
    bank_code: str


class InvoiceView(BaseModel):
    """An invoice to be paid by bank transfer. reference: goes into the transfer's remark. received: confirmed so far."""

    id: UUID
    number: str
    order_id: UUID
    buyer_org: UUID
    reference: str
    printed_reference: str
    amount: Money
    received: Money
    description: str
    pay_to: PayTo
    state: InvoiceState
    due: datetime
    created_at: datetime
    paid_at: datetime | None


class TransferIn(BaseModel):
    """A line of the bank's statement as an operator enters it. amount: in major units, as the bank prints it."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [
                {
                    "reference": "RF47 ABCD EFGH JKMN",
                    "amount": "12000.00",
                    "bank_line": "20260701-00017",
                    "booked_on": "2026-07-01",
                }
            ]
        },
    )

    reference: Annotated[str, Field(min_length=1, max_length=60)]
    amount: Annotated[str, Field(min_length=1, max_length=40)]
    bank_line: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,60}$")]
    booked_on: date


class TransferDecision(BaseModel):
    """What the second operator says of an entered line."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"decision": "CONFIRMED"}]})

    decision: Literal["CONFIRMED", "REJECTED"]

"""Payments in verbs. The verbs live in modules by subject; this is what doors and other slices use."""

from __future__ import annotations

from market.payments.checkouts import (
    checkout_of,
    checkouts_of,
    expire_unopened,
    gateway_of,
    open_checkout,
    order_of_checkout,
    payment_of,
    prepare_checkout,
    record_checkout,
    settle,
)
from market.payments.events import EVENT_TOPIC, event, record_event
from market.payments.invoices import (
    PAID_TOPIC,
    bank_of,
    cancel_invoice,
    confirm_transfer,
    enter_transfer,
    invoice_of,
    invoices_of,
    make_invoice,
    open_invoices,
    waiting_transfers,
)

__all__ = [
    "EVENT_TOPIC",
    "PAID_TOPIC",
    "bank_of",
    "cancel_invoice",
    "checkout_of",
    "checkouts_of",
    "confirm_transfer",
    "enter_transfer",
    "event",
    "expire_unopened",
    "gateway_of",
    "invoice_of",
    "invoices_of",
    "make_invoice",
    "open_checkout",
    "open_invoices",
    "order_of_checkout",
    "payment_of",
    "prepare_checkout",
    "record_checkout",
    "record_event",
    "settle",
    "waiting_transfers",
]

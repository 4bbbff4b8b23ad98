"""Checkouts, events, payments, invoices and transfers in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from market.payments.models import (
    CheckoutRow,
    GatewayEventRow,
    Invoice,
    InvoiceCounter,
    Payment,
    Transfer,
)


def checkout(session: Session, checkout_id: UUID, *, for_update: bool = False) -> CheckoutRow | None:
    return session.get(CheckoutRow, checkout_id, with_for_update=True if for_update else None)


def latest_checkout(session: Session, order_id: UUID, *, for_update: bool = False) -> CheckoutRow | None:
    query = select(CheckoutRow).where(CheckoutRow.order_id == order_id)
    query = query.order_by(col(CheckoutRow.attempt).desc()).limit(1)
    return session.exec(query.with_for_update() if for_update else query).first()


def checkout_named(session: Session, gateway_id: str) -> CheckoutRow | None:
    return session.exec(select(CheckoutRow).where(CheckoutRow.gateway_id == gateway_id)).first()


def checkouts_of(session: Session, order_id: UUID) -> Sequence[CheckoutRow]:
    """All attempts, the newest first."""
    query = select(CheckoutRow).where(CheckoutRow.order_id == order_id)
    return session.exec(query.order_by(col(CheckoutRow.attempt).desc())).all()


def add_event(session: Session, row: GatewayEventRow) -> bool:
    """Insert, or leave alone what is there: False if the event is known."""
    return _added(session, row)


def event(session: Session, event_id: str) -> GatewayEventRow | None:
    return session.get(GatewayEventRow, event_id)


def add_payment(session: Session, row: Payment) -> bool:
    return _added(session, row)


def payment_of(session: Session, order_id: UUID) -> Payment | None:
    return session.exec(select(Payment).where(Payment.order_id == order_id)).first()


def next_invoice_number(session: Session) -> int:
    """One more than the last one; a transaction that is undone gives it back."""
    if session.get(InvoiceCounter, 1) is None:
        _added(session, InvoiceCounter())
    last = col(InvoiceCounter.last)
    session.execute(update(InvoiceCounter).values(last=last + 1).execution_options(synchronize_session=False))
    return session.exec(select(last)).one()


def invoice(session: Session, invoice_id: UUID, *, for_update: bool = False) -> Invoice | None:
    return session.get(Invoice, invoice_id, with_for_update=True if for_update else None)


def invoice_of(session: Session, order_id: UUID) -> Invoice | None:
    return session.exec(select(Invoice).where(Invoice.order_id == order_id)).first()


def invoice_with_reference(session: Session, reference: str) -> Invoice | None:
    return session.exec(select(Invoice).where(Invoice.reference == reference)).first()


def invoices(session: Session, org_id: UUID, before: UUID | None, limit: int) -> Sequence[Invoice]:
    """Of a buyer, newest first."""
    query = select(Invoice).where(Invoice.org_id == org_id)
    if before is not None:
        query = query.where(Invoice.id < before)
    return session.exec(query.order_by(col(Invoice.id).desc()).limit(limit)).all()


def open_invoices(session: Session, limit: int) -> Sequence[Invoice]:
    """That wait for money, the oldest first."""
    query = select(Invoice).where(col(Invoice.state).in_(("UNPAID", "PART_PAID")))
    return session.exec(query.order_by(col(Invoice.id)).limit(limit)).all()


def transfer(session: Session, transfer_id: UUID, *, for_update: bool = False) -> Transfer | None:
    return session.get(Transfer, transfer_id, with_for_update=True if for_update else None)


def transfer_of_line(session: Session, bank_line: str) -> Transfer | None:
    return session.exec(select(Transfer).where(Transfer.bank_line == bank_line)).first()


def transfers_of(session: Session, invoice_id: UUID) -> Sequence[Transfer]:
    query = select(Transfer).where(Transfer.invoice_id == invoice_id)
    return session.exec(query.order_by(col(Transfer.id))).all()


def entered_transfers(session: Session, limit: int) -> Sequence[Transfer]:
    """That wait for the second person, the oldest first."""
    query = select(Transfer).where(Transfer.state == "ENTERED")
    return session.exec(query.order_by(col(Transfer.id)).limit(limit)).all()


def _added(session: Session, row: Any) -> bool:
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True

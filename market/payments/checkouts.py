"""Pay pages in three steps: what is asked for is stored and committed, then the gateway is called, then its answer is stored.

A process that dies between two steps leaves a row from which the same call is made again, under the same key.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlmodel import Session

from market.kit.auth import nothing_there
from market.kit.i18n import N_
from market.kit.money import Money
from market.kit.ports import Ports
from market.payments import repository
from market.payments.errors import GatewayNotOffered
from market.payments.gateway import PaymentGateway
from market.payments.models import CheckoutRow, Payment
from market.payments.schemas import Checkout, CheckoutState, CheckoutView, PaymentView

log = logging.getLogger("datawharf.payments")

# Stripe takes 30 minutes to 24 hours.
OPEN_FOR = timedelta(hours=2)


def gateway_of(ports: Ports) -> PaymentGateway:
    """The card gateway. Raises GatewayNotOffered where the operator has set up none."""
    found = ports.extras.get(PaymentGateway)
    if found is None:
        raise GatewayNotOffered(N_("Payment by card is not set up here."), hint=N_("Choose bank transfer."))
    return cast("PaymentGateway", found)


def prepare_checkout(
    session: Session,
    *,
    order_id: UUID,
    amount: Money,
    description: str,
    success_url: str,
    cancel_url: str,
    now: datetime,
) -> CheckoutView:
    """The pay page of an order: the one that is prepared, open or paid, or a new attempt after the last one expired."""
    last = repository.latest_checkout(session, order_id, for_update=True)
    if last is not None and last.state != "EXPIRED":
        return view_of(last)
    attempt = last.attempt + 1 if last else 1
    row = CheckoutRow(
        order_id=order_id,
        attempt=attempt,
        idempotency_key=f"order/{order_id}/checkout/{attempt}",
        amount_minor=amount.minor,
        currency=amount.currency,
        description=description,
        success_url=success_url,
        cancel_url=cancel_url,
        expires_at=(now + OPEN_FOR).replace(microsecond=0),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return view_of(row)


def open_checkout(gateway: PaymentGateway, asked: CheckoutView) -> Checkout:
    """Call the gateway; outside any transaction. The same row gives the same page, however often."""
    return gateway.open_checkout(
        order_id=str(asked.order_id),
        amount=asked.amount,
        description=asked.description,
        success_url=asked.success_url,
        cancel_url=asked.cancel_url,
        idempotency_key=asked.idempotency_key,
        expires_at=asked.expires_at,
    )


def record_checkout(session: Session, *, checkout_id: UUID, opened: Checkout) -> CheckoutView:
    """Store the gateway's answer; what is known already stays."""
    row = repository.checkout(session, checkout_id, for_update=True)
    if row is None:
        raise nothing_there()
    if row.state == "PREPARED":
        row.state, row.gateway_id, row.url = "OPEN", opened.id, opened.url
        session.add(row)
        session.flush()
    return view_of(row)


def expire_unopened(session: Session, *, checkout_id: UUID) -> None:
    """Give up an attempt that the gateway refused for good, or that never was opened in its time."""
    row = repository.checkout(session, checkout_id, for_update=True)
    if row is not None and row.state == "PREPARED":
        row.state = "EXPIRED"
        session.add(row)
        session.flush()


def settle(
    session: Session,
    *,
    order_id: UUID,
    seen: CheckoutState,
    livemode: bool,
    event_id: str | None,
    now: datetime,
) -> PaymentView | None:
    """Take over what the gateway says of an order's pay page. Returns the payment if there is one, now or from before.

    Only forwards: what is paid stays paid. A page of another order, amount, currency or mode changes nothing.
    """
    row = repository.checkout_named(session, seen.id) or _unrecorded(session, order_id, seen)
    due = Money(row.amount_minor, row.currency) if row else None
    fits = (
        row is not None
        and row.order_id == order_id
        and seen.order_id == str(order_id)
        and seen.amount == due
        and seen.livemode == livemode
    )
    if not fits:
        log.warning("the pay page %s does not fit the order %s; nothing was changed", seen.id, order_id)
    elif row is not None:
        if seen.is_paid and row.state != "PAID":
            row.state, row.gateway_id = "PAID", seen.id
            _add_payment(session, row, seen, event_id, now)
        elif seen.status == "expired" and row.state in ("PREPARED", "OPEN"):
            row.state, row.gateway_id = "EXPIRED", seen.id
        session.add(row)
        session.flush()
    return payment_of(session, order_id=order_id)


def checkout_of(session: Session, *, order_id: UUID) -> CheckoutView | None:
    """The newest attempt."""
    row = repository.latest_checkout(session, order_id)
    return view_of(row) if row else None


def checkouts_of(session: Session, *, order_id: UUID) -> list[CheckoutView]:
    """All attempts, the newest first."""
    return [view_of(row) for row in repository.checkouts_of(session, order_id)]


def order_of_checkout(session: Session, *, gateway_id: str) -> UUID | None:
    row = repository.checkout_named(session, gateway_id)
    return row.order_id if row else None


def payment_of(session: Session, *, order_id: UUID) -> PaymentView | None:
    row = repository.payment_of(session, order_id)
    if row is None:
        return None
    fields = row.model_dump(include={"order_id", "gateway", "reference", "event_id", "paid_at"})
    return PaymentView(**fields, amount=Money(row.amount_minor, row.currency))


def view_of(row: CheckoutRow) -> CheckoutView:
    fields = row.model_dump(exclude={"attempt", "amount_minor", "currency", "created_at"})
    return CheckoutView(**fields, amount=Money(row.amount_minor, row.currency))


def _unrecorded(session: Session, order_id: UUID, seen: CheckoutState) -> CheckoutRow | None:
    """The attempt whose answer was lost: the page names our order, and we have one that waits for its id."""
    row = repository.latest_checkout(session, order_id, for_update=True)
    return row if row is not None and row.gateway_id is None and seen.order_id == str(order_id) else None


def _add_payment(
    session: Session, row: CheckoutRow, seen: CheckoutState, event_id: str | None, now: datetime
) -> None:
    repository.add_payment(
        session,
        Payment(
            order_id=row.order_id,
            gateway="stripe",
            amount_minor=row.amount_minor,
            currency=row.currency,
            reference=seen.payment_intent or seen.id,
            event_id=event_id,
            paid_at=now,
        ),
    )

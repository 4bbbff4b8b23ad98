"""Paying: commit what will be asked for, call the gateway, record its answer. These verbs open their own transactions.

A crash after the commit leaves a reconciliation job that repeats the call under the same key; a crash after the call
leaves the same, and the gateway gives the same page again.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session

from market.catalog import service as catalog
from market.kit.auth import Principal, decide, system
from market.kit.i18n import N_, Lang
from market.kit.jobs import enqueue
from market.kit.ports import Ports
from market.orders import repository
from market.orders.errors import WrongOrderState
from market.orders.fulfilment import fulfil
from market.orders.models import Order
from market.orders.placing import PLATFORM, amount_of, follow_contract, locked, there, view_of, whose
from market.orders.schemas import OrderState, OrderView
from market.orders.verbs import PLACE_ORDER, READ_ORDERS
from market.payments import service as payments
from market.payments.errors import CheckoutClosed, PaymentFault
from market.payments.schemas import CheckoutView
from market.provenance.gateway import Ledger

log = logging.getLogger("datawharf.orders")

RECONCILE_TOPIC = "orders.reconcile"
FIRST_LOOK, LONGEST_PAUSE = timedelta(seconds=20), timedelta(hours=1)
# The gateway opens no page that would close sooner.
SHORTEST_PAGE = timedelta(minutes=30)
_OVER = (OrderState.CANCELLED, OrderState.EXPIRED)


def pay(ports: Ports, *, actor: Principal, order_id: UUID, lang: Lang = "en") -> OrderView:
    """Where and how to pay an order: a pay page, or an invoice. Asked again, it is the same one.

    An order whose signatures are outstanding, or that is paid, comes back as it is.
    """
    now = ports.clock.now()
    with ports.db.writing() as session:
        decide(actor, PLACE_ORDER, whose(session, order_id))
        found, contract = locked(session, order_id)
        follow_contract(session, contract=contract)
        if found.state in _OVER:
            raise WrongOrderState(
                N_("It is in the state %(state)s."),
                hint=N_("Place a new order from the contract."),
                state=found.state,
            )
        if found.state != OrderState.AWAITING_PAYMENT:
            return view_of(session, found)
        _look_again(session, ports, order_id, 0)
        if found.gateway == "bank_transfer":
            payments.make_invoice(
                session,
                bank=payments.bank_of(ports),
                order_id=order_id,
                org_id=found.org_id,
                amount=amount_of(found),
                description=_description(session, found, lang),
                now=now,
            )
            return view_of(session, found)
        asked = _checkout(session, ports, found, lang)
    open_page(ports, asked)
    with ports.db.reading() as session:
        return view_of(session, there(repository.order(session, order_id)))


def open_page(ports: Ports, asked: CheckoutView) -> None:
    """The call and its record, for a pay page that is only prepared yet."""
    if asked.state != "PREPARED":
        return
    try:
        opened = payments.open_checkout(payments.gateway_of(ports), asked)
    except PaymentFault as fault:
        if not fault.retriable:
            with ports.db.writing() as session:
                payments.expire_unopened(session, checkout_id=asked.id)
        raise
    with ports.db.writing() as session:
        payments.record_checkout(session, checkout_id=asked.id, opened=opened)


def look(ports: Ports, *, order_id: UUID, event_id: str | None = None) -> OrderView:
    """Ask the gateway how the order's pay pages stand, and do what follows. Nothing is taken from a notice or a redirect."""
    with ports.db.reading() as session:
        found = there(repository.order(session, order_id))
        pages = payments.checkouts_of(session, order_id=order_id) if found.gateway == "stripe" else []
    for page in pages:
        if page.gateway_id is not None and page.state == "OPEN":
            look_at(ports, order_id=order_id, gateway_id=page.gateway_id, event_id=event_id)
    return finish(ports, order_id=order_id)


def look_at(ports: Ports, *, order_id: UUID, gateway_id: str, event_id: str | None = None) -> None:
    """Fetch one pay page and take over what it says."""
    gateway = payments.gateway_of(ports)
    seen = gateway.fetch_checkout(gateway_id)
    with ports.db.writing() as session:
        payments.settle(
            session,
            order_id=order_id,
            seen=seen,
            livemode=gateway.livemode,
            event_id=event_id,
            now=ports.clock.now(),
        )


def order_named_by(ports: Ports, *, gateway_id: str) -> UUID | None:
    """The order that a pay page names, for a page whose address we never got to record."""
    named = payments.gateway_of(ports).fetch_checkout(gateway_id).order_id
    try:
        order_id = UUID(named or "")
    except ValueError:
        return None
    with ports.db.reading() as session:
        return order_id if repository.order(session, order_id) is not None else None


def finish(ports: Ports, *, order_id: UUID) -> OrderView:
    """Fulfil what is paid; let an order run out whose way to pay has run out."""
    now = ports.clock.now()
    with ports.db.writing() as session:
        view = fulfil(session, actor=PLATFORM, ledger=ports.get(Ledger), order_id=order_id, now=now)
        if view.state is not OrderState.AWAITING_PAYMENT:
            return view
        if view.gateway == "stripe":
            last = payments.checkout_of(session, order_id=order_id)
            over = last is not None and last.state == "EXPIRED"
        else:
            over = view.invoice is not None and view.invoice.state == "UNPAID" and now > view.invoice.due
            if over:
                payments.cancel_invoice(session, order_id=order_id)
        if over:
            found = there(repository.order(session, order_id, for_update=True))
            found.state = OrderState.EXPIRED
            session.add(found)
            session.flush()
            return view_of(session, found)
        return view


def look_as_buyer(ports: Ports, *, actor: Principal, order_id: UUID) -> OrderView:
    """The return from the pay page: look at once, so that the buyer need not wait for the notice."""
    with ports.db.reading() as session:
        decide(actor, READ_ORDERS, whose(session, order_id))
    return look(ports, order_id=order_id)


def cancel_order(ports: Ports, *, actor: Principal, order_id: UUID) -> OrderView:
    """Step back before paying. The pay page is closed first; if it turns out to be paid, the order goes on."""
    with ports.db.reading() as session:
        decide(actor, PLACE_ORDER, whose(session, order_id))
        page = payments.checkout_of(session, order_id=order_id)
    if page is not None and page.state == "OPEN" and page.gateway_id is not None:
        with suppress(CheckoutClosed):
            payments.gateway_of(ports).expire_checkout(page.gateway_id)
        look_at(ports, order_id=order_id, gateway_id=page.gateway_id)
        view = finish(ports, order_id=order_id)
        if view.state is OrderState.FULFILLED:
            return view
    with ports.db.writing() as session:
        found = there(repository.order(session, order_id, for_update=True))
        if found.state not in (OrderState.AWAITING_SIGNATURES, OrderState.AWAITING_PAYMENT, *_OVER):
            raise WrongOrderState(N_("It is in the state %(state)s."), state=found.state)
        if found.state not in _OVER:
            found.state = OrderState.CANCELLED
        payments.cancel_invoice(session, order_id=order_id)
        session.add(found)
        session.flush()
        return view_of(session, found)


def reconcile(ports: Ports, *, order_id: UUID, looks: int) -> None:
    """Heal what a lost notice or a crash left; then look again later, as long as the order waits for its money."""
    try:
        _open_what_is_prepared(ports, order_id)
        view = look(ports, order_id=order_id)
    except PaymentFault as fault:
        if not fault.retriable:
            raise
        log.warning("order %s: the gateway gave no answer, it is asked again later", order_id)
        with ports.db.reading() as session:
            view = view_of(session, there(repository.order(session, order_id)))
    if view.state is OrderState.AWAITING_PAYMENT:
        with ports.db.writing() as session:
            _look_again(session, ports, order_id, looks + 1)


def _open_what_is_prepared(ports: Ports, order_id: UUID) -> None:
    """Repeat a call whose answer was lost; give it up when its time is over."""
    with ports.db.reading() as session:
        page = payments.checkout_of(session, order_id=order_id)
    if page is None or page.state != "PREPARED":
        return
    if ports.clock.now() < page.expires_at - SHORTEST_PAGE:
        open_page(ports, page)
        return
    with ports.db.writing() as session:
        payments.expire_unopened(session, checkout_id=page.id)


def _look_again(session: Session, ports: Ports, order_id: UUID, looks: int) -> None:
    pause = min(FIRST_LOOK * 2 ** min(looks, 10), LONGEST_PAUSE)
    enqueue(
        session,
        RECONCILE_TOPIC,
        {"order_id": str(order_id), "looks": looks},
        now=ports.clock.now(),
        key=f"{order_id}/{looks}",
        delay=pause,
    )


def _checkout(session: Session, ports: Ports, found: Order, lang: Lang) -> CheckoutView:
    address = f"{ports.base_url}/{lang}/orders/{found.id}"
    return payments.prepare_checkout(
        session,
        order_id=found.id,
        amount=amount_of(found),
        description=_description(session, found, lang),
        success_url=f"{address}/return",
        cancel_url=address,
        now=ports.clock.now(),
    )


def _description(session: Session, found: Order, lang: Lang) -> str:
    asset = catalog.asset(session, actor=system("orders"), asset_id=found.asset_id)
    return asset.metadata.title.best(lang)

"""Fulfilment: where the money is, the licence starts. Notice, return from the pay page and reconciliation all end here."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session

from ledger.names import urn
from market.kit.auth import Principal, Resource, decide
from market.licensing import service as licensing
from market.licensing.schemas import ContractState
from market.orders import repository
from market.orders.models import Order
from market.orders.placing import PLATFORM, amount_of, locked, view_of
from market.orders.schemas import OrderState, OrderView
from market.orders.verbs import FULFIL
from market.payments import service as payments
from market.payments.schemas import PaymentView
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import About, OpeningIn
from market.statements import commit


def fulfil(session: Session, *, actor: Principal, ledger: Ledger, order_id: UUID, now: datetime) -> OrderView:
    """If the order is paid in full: state the payment in the ledger and start the licence, all or nothing, once.

    An order that was cancelled or ran out while its money was under way is fulfilled all the same where its contract
    still waits for payment; where it does not, the money is due back.
    """
    decide(actor, FULFIL, Resource())
    found, contract = locked(session, order_id)
    paid = payments.payment_of(session, order_id=order_id)
    if paid is None or paid.amount != amount_of(found) or found.state == OrderState.FULFILLED:
        return view_of(session, found)
    if found.refund_due:
        return view_of(session, found)
    other = repository.live_of_contract(session, found.contract_id)
    if contract.state is not ContractState.SIGNED or (other is not None and other.id != found.id):
        found.refund_due = True
        session.add(found)
        session.flush()
        return view_of(session, found)
    found.paid_at = paid.paid_at
    found.payment_leaf = _state_payment(session, ledger, found, paid, now)
    granted = licensing.activate(session, actor=PLATFORM, contract_id=found.contract_id, now=now)
    found.entitlement_id, found.fulfilled_at, found.state = granted.id, now, OrderState.FULFILLED
    session.add(found)
    session.flush()
    return view_of(session, found)


def _state_payment(session: Session, ledger: Ledger, found: Order, paid: PaymentView, now: datetime) -> str:
    """The platform's statement that the money came. Amount, payer and the gateway's event are committed, not public."""
    sealed = commit(
        {
            "order": urn(ledger.origin, "order", found.id),
            "contract": found.commitment,
            "amount": {"minor": paid.amount.minor, "currency": paid.amount.currency},
            "gateway": paid.gateway,
            "reference": paid.reference,
            "event": paid.event_id,
            "paidAt": paid.paid_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
    )
    stated = provenance.record_as_platform(
        session,
        ledger=ledger,
        kind="payment",
        subject_id=found.id,
        predicate={"payment": sealed.hex, "action": "paid"},
        openings=[OpeningIn("payment", sealed.salt, sealed.content)],
        about=About(org_ids=[found.org_id, found.provider_org_id], asset_id=found.asset_id),
        now=now,
    )
    return stated.leaf

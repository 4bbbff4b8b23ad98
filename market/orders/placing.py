"""Placing and reading orders. The price comes from the contract that both sides sign, never from the caller."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.kit.auth import Principal, Resource, decide, nothing_there, system
from market.kit.i18n import N_
from market.kit.money import Money
from market.kit.paging import Page, page_by_id, read_id
from market.licensing import service as licensing
from market.licensing.schemas import ContractState, ContractSummary
from market.orders import repository
from market.orders.errors import ContractOver, NothingToPay, OrderUnderway
from market.orders.models import Order
from market.orders.schemas import NewOrder, OrderState, OrderView
from market.orders.verbs import PLACE_ORDER, READ_ORDERS
from market.payments import service as payments
from market.provenance.gateway import Ledger

PLATFORM = system("orders")
_UNSIGNED = (ContractState.AWAITING_BUYER, ContractState.AWAITING_PROVIDER)


def place_order(
    session: Session, *, actor: Principal, ledger: Ledger, new: NewOrder, now: datetime
) -> OrderView:
    """Order what a contract gives. The same contract again is the same order.

    Raises NothingToPay, ContractOver, OrderUnderway (another way to pay was chosen).
    """
    decide(actor, PLACE_ORDER, Resource(org_id=actor.acting_org))
    contract = licensing.payable_contract(session, actor=actor, contract_id=new.contract_id)
    if contract.price is None:
        raise NothingToPay(
            N_("The licence starts when both sides have signed."), hint=N_("See the contract's page.")
        )
    known = repository.live_of_contract(session, contract.id, for_update=True)
    if known is not None:
        if known.gateway != new.gateway and known.state != OrderState.FULFILLED:
            raise OrderUnderway(
                N_("It is to be paid by %(gateway)s."),
                hint=N_("Pay it that way, or cancel the order and place a new one."),
                gateway=known.gateway,
            )
        _follow_contract(session, known, contract)
        return view_of(session, known)
    if contract.state not in (*_UNSIGNED, ContractState.SIGNED):
        raise ContractOver(N_("It is in the state %(state)s."), state=contract.state.value)
    made = Order(
        contract_id=contract.id,
        commitment=contract.commitment,
        asset_id=contract.asset_id,
        org_id=contract.buyer_org,
        provider_org_id=contract.provider_org,
        amount_minor=contract.price.minor,
        currency=contract.price.currency,
        gateway=new.gateway,
        state=_state_after(contract),
        account_id=actor.account_id,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return view_of(session, made)


def follow_contract(session: Session, *, contract: ContractSummary) -> None:
    """Both sides have signed: what was ordered before may be paid now. Or the contract is off, and so is the order."""
    known = repository.live_of_contract(session, contract.id, for_update=True)
    if known is not None:
        _follow_contract(session, known, contract)


def order(session: Session, *, actor: Principal, order_id: UUID) -> OrderView:
    """An order of one's organisation."""
    found = repository.order(session, order_id)
    decide(actor, READ_ORDERS, Resource(org_id=found.org_id if found else None))
    return view_of(session, there(found))


def orders_of(
    session: Session, *, actor: Principal, cursor: str | None = None, limit: int = 50
) -> Page[OrderView]:
    """One's organisation's orders, newest first."""
    decide(actor, READ_ORDERS, Resource(org_id=actor.acting_org))
    before = read_id(cursor)
    rows = repository.of_org(session, actor.acting_org, before, limit + 1)
    return page_by_id(rows, limit, lambda shown: [view_of(session, row) for row in shown])


def order_for_contract(session: Session, *, actor: Principal, contract_id: UUID) -> OrderView | None:
    """The newest order of a contract, for its buyer."""
    found = repository.latest_of_contract(session, contract_id)
    if found is None or found.org_id != actor.org_id:
        return None
    decide(actor, READ_ORDERS, Resource(org_id=found.org_id))
    return view_of(session, found)


def view_of(session: Session, found: Order) -> OrderView:
    fields = found.model_dump(
        exclude={"org_id", "provider_org_id", "amount_minor", "currency", "commitment", "account_id", "state"}
    )
    open_page = (
        payments.checkout_of(session, order_id=found.id)
        if found.state == OrderState.AWAITING_PAYMENT and found.gateway == "stripe"
        else None
    )
    invoice = payments.invoice_of(session, order_id=found.id) if found.gateway == "bank_transfer" else None
    return OrderView(
        **fields,
        state=OrderState(found.state),
        buyer_org=found.org_id,
        provider_org=found.provider_org_id,
        amount=amount_of(found),
        checkout_url=open_page.url if open_page and open_page.state == "OPEN" else None,
        invoice=invoice,
    )


def amount_of(found: Order) -> Money:
    return Money(found.amount_minor, found.currency)


def whose(session: Session, order_id: UUID) -> Resource:
    """Whose order this is, to decide about it; an unknown one is nobody's."""
    found = repository.order(session, order_id)
    return Resource(org_id=found.org_id if found else None)


def locked(session: Session, order_id: UUID) -> tuple[Order, ContractSummary]:
    """An order and its contract, locked: always the contract first, so that two never wait for each other."""
    contract_id = there(repository.order(session, order_id)).contract_id
    contract = licensing.payable_contract(session, actor=PLATFORM, contract_id=contract_id)
    return there(repository.order(session, order_id, for_update=True)), contract


def there(found: Order | None) -> Order:
    if found is None:
        raise nothing_there()
    return found


def _follow_contract(session: Session, found: Order, contract: ContractSummary) -> None:
    if found.state != OrderState.AWAITING_SIGNATURES:
        return
    if contract.state is ContractState.SIGNED:
        found.state = OrderState.AWAITING_PAYMENT
    elif contract.state is ContractState.CANCELLED:
        found.state = OrderState.CANCELLED
    session.add(found)
    session.flush()


def _state_after(contract: ContractSummary) -> OrderState:
    return OrderState.AWAITING_SIGNATURES if contract.state in _UNSIGNED else OrderState.AWAITING_PAYMENT

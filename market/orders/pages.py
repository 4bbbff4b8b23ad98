"""Pages of orders: how to pay, where an order stands, and the end of a checkout."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, get_args
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from market.catalog import service as catalog
from market.kit.auth import Principal
from market.kit.errors import Fault
from market.kit.forms import SubmittedDep, in_words
from market.kit.guards import page_guard
from market.kit.i18n import N_, Lang
from market.kit.pages import LangPath, page_router, redirect
from market.kit.paging import Cursor
from market.kit.ports import Ports, ports_of
from market.kit.templating import render
from market.licensing import service as licensing
from market.licensing.schemas import ContractState, OfferKind
from market.licensing.verbs import READ_CONTRACTS
from market.orders import service
from market.orders.schemas import NewOrder, OrderView
from market.orders.verbs import PLACE_ORDER, READ_ORDERS
from market.payments import service as payments
from market.payments.errors import PaymentFault
from market.payments.schemas import GatewayName
from market.provenance.gateway import Ledger

router = page_router("orders")
PAGE_SIZE = 30
Buyer = Annotated[Principal, Depends(page_guard(PLACE_ORDER))]
Reader = Annotated[Principal, Depends(page_guard(READ_ORDERS))]


@router.get("/checkout/{contract_id}/pay")
def pay_step(request: Request, lang: LangPath, contract_id: UUID, actor: Buyer) -> Response:
    """What it costs, who is paid, and how."""
    return _pay_page(request, lang, contract_id, actor, {})


@router.post("/checkout/{contract_id}/pay")
def pay(request: Request, lang: LangPath, contract_id: UUID, actor: Buyer, form: SubmittedDep) -> Response:
    """Place the order and go where it is paid. Sent twice, it is one order and one pay page."""
    ports = ports_of(request)
    gateway = next((name for name in get_args(GatewayName) if name == form.values.get("gateway")), None)
    if gateway is None:
        return redirect(f"/{lang}/checkout/{contract_id}/pay")
    try:
        with ports.db.writing() as session:
            placed = service.place_order(
                session,
                actor=actor,
                ledger=ports.get(Ledger),
                new=NewOrder(contract_id=contract_id, gateway=gateway),
                now=ports.clock.now(),
            )
        view = service.pay(ports, actor=actor, order_id=placed.id, lang=lang)
    except Fault as fault:
        return _pay_page(request, lang, contract_id, actor, {"form": in_words(fault, lang)}, int(fault.kind))
    return RedirectResponse(view.checkout_url or f"/{lang}/orders/{view.id}", status_code=303)


@router.get("/checkout/{contract_id}/done")
def done_step(
    request: Request,
    lang: LangPath,
    contract_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(READ_CONTRACTS))],
) -> Response:
    """What was reached, and what happens next."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        contract = licensing.contract(
            session, actor=actor, ledger=ports.get(Ledger), contract_id=contract_id, now=ports.clock.now()
        )
        context = licensing.shown_contract(session, lang, contract, actor, "done")
        order = service.order_for_contract(session, actor=actor, contract_id=contract_id)
    return render(request, "orders/done_step.html", **context, order=order)


@router.get("/orders")
def orders_page(
    request: Request,
    lang: LangPath,
    actor: Reader,
    cursor: Cursor = None,
) -> Response:
    with ports_of(request).db.reading() as session:
        page = service.orders_of(session, actor=actor, cursor=cursor, limit=PAGE_SIZE)
        assets = catalog.summaries(session, {item.asset_id for item in page.items})
    return render(request, "orders/orders.html", page=page, assets=assets)


@router.get("/orders/{order_id}")
def order_page(request: Request, lang: LangPath, order_id: UUID, actor: Reader) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        order = service.order(session, actor=actor, order_id=order_id)
    return _order_page(request, ports, order)


@router.get("/orders/{order_id}/return")
def back_from_paying(request: Request, lang: LangPath, order_id: UUID, actor: Reader) -> Response:
    """Where the pay page sends the buyer. It proves nothing: the gateway is asked."""
    ports = ports_of(request)
    try:
        order = service.look_as_buyer(ports, actor=actor, order_id=order_id)
    except PaymentFault as fault:
        if not fault.retriable:
            raise
        return redirect(f"/{lang}/orders/{order_id}")
    if order.entitlement_id is not None:
        return redirect(f"/{lang}/checkout/{order.contract_id}/done", flash=N_("Your payment has arrived."))
    return redirect(f"/{lang}/orders/{order_id}")


@router.post("/orders/{order_id}/pay")
def pay_again(request: Request, lang: LangPath, order_id: UUID, actor: Buyer) -> Response:
    """Go on to the pay page of an order that was left."""
    view = service.pay(ports_of(request), actor=actor, order_id=order_id, lang=lang)
    return RedirectResponse(view.checkout_url or f"/{lang}/orders/{view.id}", status_code=303)


@router.post("/orders/{order_id}/cancel")
def cancel(request: Request, lang: LangPath, order_id: UUID, actor: Buyer) -> Response:
    view = service.cancel_order(ports_of(request), actor=actor, order_id=order_id)
    paid = view.entitlement_id is not None
    return redirect(
        f"/{lang}/orders/{order_id}",
        flash=N_("Your payment has arrived; the order stands.") if paid else N_("The order was cancelled."),
    )


def _order_page(request: Request, ports: Ports, order: OrderView) -> Response:
    with ports.db.reading() as session:
        assets = catalog.summaries(session, [order.asset_id])
    return render(request, "orders/order.html", order=order, assets=assets)


def _pay_page(
    request: Request,
    lang: Lang,
    contract_id: UUID,
    actor: Principal,
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        contract = licensing.contract(
            session, actor=actor, ledger=ports.get(Ledger), contract_id=contract_id, now=ports.clock.now()
        )
        over = contract.state in (ContractState.IN_FORCE, ContractState.ENDED, ContractState.CANCELLED)
        if contract.kind is not OfferKind.PAID or over:
            return redirect(f"/{lang}/contracts/{contract_id}")
        order = service.order_for_contract(session, actor=actor, contract_id=contract_id)
        context = licensing.shown_contract(session, lang, contract, actor, "pay")
    return render(
        request,
        "orders/pay_step.html",
        status=status,
        **context,
        order=order,
        errors=errors,
        gateways=_gateways(ports, contract.price.currency if contract.price else ""),
    )


def _gateways(ports: Ports, currency: str) -> list[GatewayName]:
    """The ways to pay that the operator has set up for a currency."""
    found: list[GatewayName] = []
    with suppress(PaymentFault):
        payments.gateway_of(ports)
        found.append("stripe")
    with suppress(PaymentFault):
        if currency in payments.bank_of(ports).accounts:
            found.append("bank_transfer")
    return found

"""Orders as JSON."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from market.kit.auth import Principal
from market.kit.guards import api_guard
from market.kit.idempotency import OnceDep
from market.kit.paging import Cursor, Limit, Page
from market.kit.ports import ports_of
from market.kit.problems import language_of
from market.orders import service
from market.orders.schemas import NewOrder, OrderView
from market.orders.verbs import PLACE_ORDER, READ_ORDERS
from market.provenance.gateway import Ledger

router = APIRouter(prefix="/api/v1", tags=["orders"])


@router.post(
    "/orders", status_code=201, response_model=OrderView, summary="Order a contract and learn how to pay"
)
def place_order(
    request: Request,
    body: NewOrder,
    actor: Annotated[Principal, Depends(api_guard(PLACE_ORDER))],
    once: OnceDep,
) -> Response:
    """The price is the contract's. The reply has the pay page or the invoice, once both sides have signed.

    Placing again, with this or another Idempotency-Key, gives the same order and the same page.
    """
    ports = ports_of(request)
    ledger = ports.get(Ledger)
    placed = once(
        actor,
        lambda session: service.place_order(session, actor=actor, ledger=ledger, new=body, now=once.now),
    )
    order_id = OrderView.model_validate_json(bytes(placed.body)).id
    # Outside the transaction of placing: the gateway is slow, and calling it again is harmless.
    view = service.pay(ports, actor=actor, order_id=order_id, lang=language_of(request))
    replayed = {name: placed.headers[name] for name in ("Idempotency-Replayed",) if name in placed.headers}
    return Response(view.model_dump_json(), 201, replayed, "application/json")


@router.post("/orders/{order_id}/payment", response_model=OrderView, summary="How to pay an order")
def pay(
    request: Request,
    order_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(PLACE_ORDER))],
) -> OrderView:
    """The pay page or invoice of an order; asked again, the same one."""
    return service.pay(ports_of(request), actor=actor, order_id=order_id, lang=language_of(request))


@router.post("/orders/{order_id}/cancellation", response_model=OrderView, summary="Cancel an order")
def cancel(
    request: Request,
    order_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(PLACE_ORDER))],
) -> OrderView:
    """Before it is paid."""
    return service.cancel_order(ports_of(request), actor=actor, order_id=order_id)


@router.get("/orders", response_model=Page[OrderView], summary="Your orders")
def orders(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_ORDERS))],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OrderView]:
    with ports_of(request).db.reading() as session:
        return service.orders_of(session, actor=actor, cursor=cursor, limit=limit)


@router.get("/orders/{order_id}", response_model=OrderView, summary="An order")
def order(
    request: Request, order_id: UUID, actor: Annotated[Principal, Depends(api_guard(READ_ORDERS))]
) -> OrderView:
    with ports_of(request).db.reading() as session:
        return service.order(session, actor=actor, order_id=order_id)

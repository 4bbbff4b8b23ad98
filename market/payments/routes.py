"""Stripe's notices, and invoices as JSON."""

from __future__ import annotations

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from market.kit.auth import Principal
from market.kit.guards import api_guard, open_guard
from market.kit.paging import Cursor, Limit, Page
from market.kit.ports import Ports, ports_of
from market.payments import service
from market.payments.schemas import InvoiceView
from market.payments.verbs import NOTIFY, READ_INVOICES

router = APIRouter(prefix="/api/v1", tags=["payments"])
webhooks = APIRouter(tags=["payments"], include_in_schema=False)


class Taken(BaseModel):
    """new: False if the notice had come before."""

    received: bool = True
    new: bool


@webhooks.post("/webhooks/stripe", response_model=Taken, dependencies=[Depends(open_guard(NOTIFY))])
async def stripe_notice(request: Request) -> Taken:
    """The signature is over the bytes as they came, so they are read here and nowhere parsed before it is checked."""
    raw = await request.body()
    signature = request.headers.get("stripe-signature")
    return Taken(new=await anyio.to_thread.run_sync(_take, ports_of(request), raw, signature))


def _take(ports: Ports, raw: bytes, signature: str | None) -> bool:
    gateway = service.gateway_of(ports)
    event = gateway.parse_webhook(raw, signature)
    with ports.db.writing() as session:
        return service.record_event(
            session,
            event=event,
            raw=raw,
            signature=signature or "",
            livemode=gateway.livemode,
            now=ports.clock.now(),
        )


@router.get("/invoices", response_model=Page[InvoiceView], summary="Your invoices")
def invoices(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_INVOICES))],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[InvoiceView]:
    with ports_of(request).db.reading() as session:
        return service.invoices_of(session, actor=actor, cursor=cursor, limit=limit)

"""The buyer's library and the provider's deliveries."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from market.delivery import service
from market.delivery.limits import limits_of
from market.delivery.schemas import NewTicket
from market.delivery.verbs import MAKE_TICKET, READ_DELIVERIES
from market.kit.auth import Principal
from market.kit.errors import NotFound
from market.kit.forms import SubmittedDep
from market.kit.guards import page_guard
from market.kit.i18n import N_
from market.kit.pages import LangPath, page_router, redirect
from market.kit.paging import Cursor
from market.kit.ports import ports_of
from market.kit.ratelimit import limited
from market.kit.templating import render
from market.provenance.gateway import Ledger

router = page_router("delivery")
Holder = Annotated[Principal, Depends(page_guard(READ_DELIVERIES))]


@router.get("/library")
def library_page(request: Request, lang: LangPath, actor: Holder, cursor: Cursor = None) -> Response:
    """Every licence of one's organisation."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        page = service.holdings(session, actor=actor, now=ports.clock.now(), cursor=cursor)
    return render(request, "delivery/library.html", page=page)


@router.get("/library/{entitlement_id}")
def licence_page(
    request: Request, lang: LangPath, actor: Holder, entitlement_id: UUID, version: UUID | None = None
) -> Response:
    """One licence: its files, its meter, how to fetch by program, and its receipts."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        shown = service.shelfmark(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            entitlement_id=entitlement_id,
            version_id=version,
            now=ports.clock.now(),
        )
    return render(request, "delivery/licence.html", shown=shown, base_url=ports.base_url)


@router.post("/library/{entitlement_id}/downloads", dependencies=[Depends(limited("120/minute", "tickets"))])
def download(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(MAKE_TICKET))],
    entitlement_id: UUID,
    form: SubmittedDep,
) -> Response:
    """Make a ticket for the chosen file and lead the browser to it."""
    ports = ports_of(request)
    new, errors = form.read(NewTicket, lang)
    if new is None:
        raise NotFound(N_("This version has no file of that name."), where=next(iter(errors)))
    now = ports.clock.now()
    with ports.db.reading() as session:
        ticket = service.issue_ticket(
            session,
            actor=actor,
            new=new,
            secret=ports.secret,
            lifetime=limits_of(ports).ticket,
            now=now,
        )
    return redirect(ticket.url)


@router.get("/studio/deliveries")
def deliveries_page(request: Request, lang: LangPath, actor: Holder, cursor: Cursor = None) -> Response:
    """What others got of one's own assets, and what they confirmed."""
    with ports_of(request).db.reading() as session:
        page, assets, names = service.provided(session, actor=actor, cursor=cursor)
    return render(request, "delivery/deliveries.html", page=page, assets=assets, names=names)

"""The provider's pages: offers, requests that wait for an answer, contracts that wait for a signature, licences given."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from market.accounts import service as accounts
from market.catalog import service as catalog
from market.kit.auth import Principal
from market.kit.errors import Fault
from market.kit.forms import SubmittedDep
from market.kit.guards import page_guard
from market.kit.i18n import N_, Lang, translate
from market.kit.pages import LangPath, page_router, redirect
from market.kit.paging import Cursor
from market.kit.ports import ports_of
from market.kit.templating import render
from market.licensing import service
from market.licensing.page_forms import (
    fault_errors,
    no_reason,
    offered_choices,
    read_decision,
    read_offer,
    read_reason,
)
from market.licensing.schemas import RequestState, RevocationIn, SignedOffer
from market.licensing.verbs import (
    DECIDE_REQUEST,
    PUBLISH_OFFER,
    READ_ENTITLEMENTS,
    READ_OWN_OFFERS,
    READ_REQUESTS,
    REVOKE_ENTITLEMENT,
)
from market.licensing.words import purposes
from market.provenance.gateway import Ledger
from market.provenance.signing import read_signed_form
from market.zones import service as zones

router = page_router("licensing")
PAGE_SIZE = 30
Provider = Annotated[Principal, Depends(page_guard(PUBLISH_OFFER))]
Revoker = Annotated[Principal, Depends(page_guard(REVOKE_ENTITLEMENT))]


@router.get("/studio/offers")
def offers_page(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(READ_OWN_OFFERS))],
    cursor: Cursor = None,
) -> Response:
    with ports_of(request).db.reading() as session:
        page = service.own_offers(session, actor=actor, cursor=cursor, limit=PAGE_SIZE)
        assets = catalog.summaries(session, {item.asset_id for item in page.items})
    return render(request, "licensing/studio_offers.html", page=page, assets=assets)


@router.get("/studio/offers/new")
def new_offer_page(request: Request, lang: LangPath, actor: Provider, asset: UUID | None = None) -> Response:
    values = {"asset_id": str(asset)} if asset else {}
    usual: dict[str, Any] = {"kind": "OPEN", "term_days": "365", "environment": ["download", "api"]}
    return _offer_form(request, lang, actor, usual | values, {})


@router.post("/studio/offers/new")
def prepare_offer(request: Request, lang: LangPath, actor: Provider, form: SubmittedDep) -> Response:
    """Nothing is public yet: the next page shows what is signed."""
    ports = ports_of(request)
    new, errors = read_offer(form, lang)
    if new is None:
        return _offer_form(request, lang, actor, form.values, errors, 422)
    try:
        with ports.db.writing() as session:
            draft = service.draft_offer(
                session, actor=actor, ledger=ports.get(Ledger), new=new, now=ports.clock.now()
            )
    except Fault as fault:
        return _offer_form(request, lang, actor, form.values, fault_errors(fault, lang), int(fault.kind))
    return redirect(f"/{lang}/studio/offers/drafts/{draft.draft_id}")


@router.get("/studio/offers/drafts/{draft_id}")
def sign_offer_page(request: Request, lang: LangPath, draft_id: UUID, actor: Provider) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        draft = service.draft(
            session, actor=actor, ledger=ports.get(Ledger), draft_id=draft_id, now=ports.clock.now()
        )
        assets = catalog.summaries(session, [draft.offer.asset_id])
    return render(
        request,
        "licensing/sign_offer.html",
        offer=draft.offer,
        to_sign=draft.to_sign,
        assets=assets,
        action=f"/{lang}/studio/offers/drafts/{draft_id}",
        withdrawing=False,
        **_words(lang, draft.offer.licence),
    )


@router.post("/studio/offers/drafts/{draft_id}")
def publish_offer(
    request: Request, lang: LangPath, draft_id: UUID, actor: Provider, form: SubmittedDep
) -> Response:
    ports = ports_of(request)
    signed = read_signed_form(form)
    with ports.db.writing() as session:
        made = service.publish_offer(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            signed=SignedOffer(draft_id=draft_id, **signed.model_dump()),
            now=ports.clock.now(),
        )
    return redirect(f"/{lang}/offers/{made.id}", flash=N_("The offer is published."))


@router.get("/studio/offers/{offer_id}/withdraw")
def withdraw_page(request: Request, lang: LangPath, offer_id: UUID, actor: Provider) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        draft = service.draft_withdrawal(
            session, actor=actor, ledger=ports.get(Ledger), offer_id=offer_id, now=ports.clock.now()
        )
        offer = service.offer(session, actor=actor, offer_id=offer_id)
        assets = catalog.summaries(session, [offer.asset_id])
    return render(
        request,
        "licensing/sign_offer.html",
        offer=offer,
        to_sign=draft.to_sign,
        assets=assets,
        action=f"/{lang}/studio/offers/{offer_id}/withdraw",
        withdrawing=True,
        **_words(lang, offer.licence),
    )


@router.post("/studio/offers/{offer_id}/withdraw")
def withdraw_offer(
    request: Request, lang: LangPath, offer_id: UUID, actor: Provider, form: SubmittedDep
) -> Response:
    ports = ports_of(request)
    signed = read_signed_form(form)
    with ports.db.writing() as session:
        service.withdraw_offer(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            offer_id=offer_id,
            signed=signed,
            now=ports.clock.now(),
        )
    return redirect(
        f"/{lang}/studio/offers", flash=N_("The offer is withdrawn. Contracts made from it go on.")
    )


@router.get("/studio/requests")
def requests_page(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(READ_REQUESTS))],
    cursor: Cursor = None,
) -> Response:
    """What waits for the provider: requests to answer, contracts to countersign; then the answered requests."""
    return _requests(request, lang, actor, cursor)


def _requests(
    request: Request,
    lang: Lang,
    actor: Principal,
    cursor: str | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        waiting = service.access_requests(
            session, actor=actor, received=True, state=RequestState.PENDING, limit=200
        ).items
        page = service.access_requests(session, actor=actor, received=True, cursor=cursor, limit=PAGE_SIZE)
        contracts = service.awaiting_my_signature(session, actor=actor, now=ports.clock.now())
        shown = [*waiting, *page.items]
        things = {one.asset_id for one in shown} | {one.asset_id for one in contracts}
        buyers = {one.buyer_org for one in shown} | {one.buyer_org for one in contracts}
        assets, names = catalog.summaries(session, things), accounts.org_names(session, buyers)
        offers = {one.offer_id: service.offer(session, actor=actor, offer_id=one.offer_id) for one in waiting}
    return render(
        request,
        "licensing/studio_requests.html",
        status=422 if errors else 200,
        errors=errors or {},
        waiting=waiting,
        page=page,
        contracts=contracts,
        assets=assets,
        names=names,
        offers=offers,
        **_words(lang),
    )


@router.post("/studio/requests/{request_id}")
def decide_request(
    request: Request,
    lang: LangPath,
    request_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(DECIDE_REQUEST))],
    form: SubmittedDep,
) -> Response:
    ports = ports_of(request)
    back = f"/{lang}/studio/requests"
    try:
        with ports.db.writing() as session:
            done = service.decide_request(
                session,
                actor=actor,
                request_id=request_id,
                decision=read_decision(form),
                now=ports.clock.now(),
            )
    except ValidationError:
        return redirect(back, flash=N_("Choose to approve or to refuse."))
    except Fault as fault:
        if fault.where != "reason":
            raise
        return _requests(
            request, lang, actor, errors={f"reason_zh-{request_id}": translate(lang, fault.detail)}
        )
    approved = done.state is RequestState.APPROVED
    return redirect(back, flash=N_("The request is approved.") if approved else N_("The request is refused."))


@router.get("/studio/licences")
def licences_page(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(READ_ENTITLEMENTS))],
    cursor: Cursor = None,
) -> Response:
    """The licences that one gave to others."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        page = service.entitlements_of(
            session, actor=actor, now=ports.clock.now(), granted=True, cursor=cursor, limit=PAGE_SIZE
        )
        assets = catalog.summaries(session, {item.asset_id for item in page.items})
        names = accounts.org_names(session, {item.buyer_org for item in page.items})
    return render(request, "licensing/studio_licences.html", page=page, assets=assets, names=names)


@router.get("/studio/licences/{entitlement_id}/revoke")
def revoke_page(request: Request, lang: LangPath, entitlement_id: UUID, actor: Revoker) -> Response:
    return _revocation(request, lang, actor, entitlement_id)


@router.post("/studio/licences/{entitlement_id}/prepare")
def prepare_revocation(
    request: Request, lang: LangPath, entitlement_id: UUID, actor: Revoker, form: SubmittedDep
) -> Response:
    """The reason, and then what is signed with it."""
    reason = read_reason(form)
    if reason is None:
        return _revocation(request, lang, actor, entitlement_id, errors=no_reason(lang))
    return _revocation(request, lang, actor, entitlement_id, RevocationIn(reason=reason))


@router.post("/studio/licences/{entitlement_id}/revoke")
def revoke(
    request: Request, lang: LangPath, entitlement_id: UUID, actor: Revoker, form: SubmittedDep
) -> Response:
    ports = ports_of(request)
    signed = read_signed_form(form)
    with ports.db.writing() as session:
        service.revoke_entitlement(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            entitlement_id=entitlement_id,
            signed=signed,
            now=ports.clock.now(),
        )
    return redirect(f"/{lang}/studio/licences", flash=N_("The licence is ended."))


def _revocation(
    request: Request,
    lang: Lang,
    actor: Principal,
    entitlement_id: UUID,
    asked: RevocationIn | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        licence = service.entitlement(
            session, actor=actor, entitlement_id=entitlement_id, now=ports.clock.now()
        )
        draft = asked and service.prepare_revocation(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            entitlement_id=entitlement_id,
            asked=asked,
            now=ports.clock.now(),
        )
        assets = catalog.summaries(session, [licence.asset_id])
        names = accounts.org_names(session, [licence.buyer_org])
    return render(
        request,
        "licensing/revoke.html",
        status=422 if errors else 200,
        errors=errors or {},
        licence=licence,
        assets=assets,
        names=names,
        reason=asked.reason if asked else None,
        to_sign=draft.to_sign if draft else None,
    )


def _offer_form(
    request: Request,
    lang: Lang,
    actor: Principal,
    values: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    with ports_of(request).db.reading() as session:
        mine = catalog.assets_of(session, actor=actor, limit=200).items
    assets = [(str(one.id), one.title.best(lang)) for one in mine if one.version is not None]
    return render(
        request,
        "licensing/offer_form.html",
        status=status,
        values=values,
        errors=errors,
        assets=assets,
        **offered_choices(lang),
    )


def _words(lang: Lang, licence: str = "") -> dict[str, Any]:
    return {
        "purpose_words": {code: words.best(lang) for code, words in purposes().items()},
        "licence_name": zones.licence_name(licence, lang) if licence else "",
    }

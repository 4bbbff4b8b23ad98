"""The buyer's pages: an offer, its purpose, the contract and its signature; and contracts for both sides."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlmodel import Session
from starlette.responses import Response

from market.accounts import service as accounts
from market.catalog import service as catalog
from market.kit.auth import Principal, Resource, allowed
from market.kit.errors import Fault
from market.kit.forms import Submitted, SubmittedDep
from market.kit.guards import page_guard
from market.kit.i18n import N_, Lang
from market.kit.pages import LangPath, page_router, redirect
from market.kit.paging import Cursor
from market.kit.ports import ports_of
from market.kit.templating import render
from market.licensing import service
from market.licensing.errors import LicenceAlreadyGranted
from market.licensing.page_forms import fault_errors, no_reason, offered_choices, read_reason, read_request
from market.licensing.schemas import NewContract, OfferKind, OfferView
from market.licensing.stepper import Step, steps
from market.licensing.verbs import (
    DECLINE_CONTRACT,
    MAKE_CONTRACT,
    READ_CONTRACTS,
    READ_OFFERS,
    REQUEST_ACCESS,
    SIGN_CONTRACT,
)
from market.licensing.words import purposes
from market.provenance.gateway import Ledger
from market.provenance.signing import read_signed_form
from market.zones import service as zones

router = page_router("licensing")
PAGE_SIZE = 30
Visitor = Annotated[Principal, Depends(page_guard(READ_OFFERS))]
Buyer = Annotated[Principal, Depends(page_guard(MAKE_CONTRACT))]
Reader = Annotated[Principal, Depends(page_guard(READ_CONTRACTS))]
Signatory = Annotated[Principal, Depends(page_guard(SIGN_CONTRACT))]


@router.get("/offers/{offer_id}")
def offer_page(request: Request, lang: LangPath, offer_id: UUID, actor: Visitor) -> Response:
    """An offer in words, and the one thing to do next."""
    with ports_of(request).db.reading() as session:
        offer = service.offer(session, actor=actor, offer_id=offer_id)
        buys = _may_buy(actor, offer)
        asked = service.request_for(session, actor=actor, offer_id=offer_id) if buys else None
        live = service.live_contract_for(session, actor=actor, offer_id=offer_id) if buys else None
        context = _offer_context(session, lang, offer)
    return render(
        request,
        "licensing/offer.html",
        **context,
        asked=asked,
        live=live,
        own=actor.org_id == offer.provider_org,
        may_buy=buys,
        steps=steps(lang, offer.kind, "offer"),
    )


@router.get("/offers/{offer_id}/purpose")
def purpose_page(request: Request, lang: LangPath, offer_id: UUID, actor: Buyer) -> Response:
    return _purpose_form(request, lang, actor, offer_id, Submitted(), {})


@router.post("/offers/{offer_id}/purpose")
def take_offer(
    request: Request, lang: LangPath, offer_id: UUID, actor: Buyer, form: SubmittedDep
) -> Response:
    """Ask for access, or draw up the contract. Sent twice, it leads to the same place."""
    ports = ports_of(request)
    try:
        with ports.db.writing() as session:
            live = service.live_contract_for(session, actor=actor, offer_id=offer_id)
            if live is None:
                made = service.prepare_contract(
                    session,
                    actor=actor,
                    ledger=ports.get(Ledger),
                    new=_new_contract(form, offer_id),
                    now=ports.clock.now(),
                )
                return redirect(f"/{lang}/checkout/{made.id}/contract")
    except LicenceAlreadyGranted:
        return redirect(f"/{lang}/offers/{offer_id}")
    except Fault as fault:
        return _purpose_form(request, lang, actor, offer_id, form, fault_errors(fault, lang), int(fault.kind))
    return redirect(f"/{lang}/contracts/{live.id}")


@router.post("/offers/{offer_id}/request")
def ask_for_access(
    request: Request,
    lang: LangPath,
    offer_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(REQUEST_ACCESS))],
    form: SubmittedDep,
) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        offer = service.offer(session, actor=actor, offer_id=offer_id)
    asked, errors = read_request(form, offer, lang)
    if asked is None:
        return _purpose_form(request, lang, actor, offer_id, form, errors, 422)
    try:
        with ports.db.writing() as session:
            service.request_access(session, actor=actor, new=asked, now=ports.clock.now())
    except Fault as fault:
        if int(fault.kind) != 409:
            return _purpose_form(
                request, lang, actor, offer_id, form, fault_errors(fault, lang), int(fault.kind)
            )
    return redirect(f"/{lang}/offers/{offer_id}", flash=N_("Your request is with the provider."))


@router.post("/requests/{request_id}/withdraw")
def withdraw_request(
    request: Request,
    lang: LangPath,
    request_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(REQUEST_ACCESS))],
) -> Response:
    ports = ports_of(request)
    with ports.db.writing() as session:
        done = service.withdraw_request(session, actor=actor, request_id=request_id, now=ports.clock.now())
    return redirect(f"/{lang}/offers/{done.offer_id}", flash=N_("The request is withdrawn."))


@router.get("/checkout/{contract_id}/contract")
def contract_step(request: Request, lang: LangPath, contract_id: UUID, actor: Reader) -> Response:
    """Read before signing."""
    return _contract_page(request, lang, contract_id, actor, "licensing/contract_step.html", "contract")


@router.get("/checkout/{contract_id}/sign")
def sign_step(request: Request, lang: LangPath, contract_id: UUID, actor: Signatory) -> Response:
    """The last look; nothing is final before the button."""
    return _contract_page(request, lang, contract_id, actor, "licensing/sign_step.html", "sign")


@router.post("/checkout/{contract_id}/sign")
def sign_contract(
    request: Request, lang: LangPath, contract_id: UUID, actor: Signatory, form: SubmittedDep
) -> Response:
    """The signature from the browser, of either side. The buyer of a priced contract goes on to pay."""
    ports = ports_of(request)
    signed = read_signed_form(form)
    with ports.db.writing() as session:
        done = service.sign_contract(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            contract_id=contract_id,
            signed=signed,
            now=ports.clock.now(),
        )
    if actor.org_id == done.provider_org:
        return redirect(f"/{lang}/contracts/{contract_id}", flash=N_("You signed. The contract is complete."))
    if done.kind is OfferKind.PAID:
        return redirect(f"/{lang}/checkout/{contract_id}/pay")
    return redirect(f"/{lang}/checkout/{contract_id}/done")


@router.get("/contracts")
def contracts_page(
    request: Request,
    lang: LangPath,
    actor: Reader,
    cursor: Cursor = None,
) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        page = service.contracts_of(
            session, actor=actor, now=ports.clock.now(), cursor=cursor, limit=PAGE_SIZE
        )
        assets = catalog.summaries(session, {item.asset_id for item in page.items})
        parties = {org for item in page.items for org in (item.buyer_org, item.provider_org)}
        names = accounts.org_names(session, parties)
    return render(request, "licensing/contracts.html", page=page, assets=assets, names=names)


@router.get("/contracts/{contract_id}")
def contract_page(request: Request, lang: LangPath, contract_id: UUID, actor: Reader) -> Response:
    """The contract with its signatures and proofs; for the side whose turn it is, the place to sign."""
    return _contract_page(request, lang, contract_id, actor, "licensing/contract.html", "done")


@router.post("/contracts/{contract_id}/cancel")
def cancel_contract(request: Request, lang: LangPath, contract_id: UUID, actor: Buyer) -> Response:
    ports = ports_of(request)
    with ports.db.writing() as session:
        done = service.cancel_contract(
            session, actor=actor, ledger=ports.get(Ledger), contract_id=contract_id, now=ports.clock.now()
        )
    return redirect(
        f"/{lang}/offers/{done.offer_id}", flash=N_("The contract was cancelled; nothing was licensed.")
    )


@router.post("/contracts/{contract_id}/decline")
def decline_contract(
    request: Request,
    lang: LangPath,
    contract_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(DECLINE_CONTRACT))],
    form: SubmittedDep,
) -> Response:
    """The provider's no, with a reason that the buyer reads."""
    ports = ports_of(request)
    reason = read_reason(form)
    if reason is None:
        errors = no_reason(lang)
        return _contract_page(
            request, lang, contract_id, actor, "licensing/contract.html", "done", errors=errors
        )
    with ports.db.writing() as session:
        service.decline_contract(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            contract_id=contract_id,
            reason=reason,
            now=ports.clock.now(),
        )
    return redirect(
        f"/{lang}/contracts/{contract_id}", flash=N_("The contract is declined. The buyer reads your reason.")
    )


def _contract_page(
    request: Request,
    lang: Lang,
    contract_id: UUID,
    actor: Principal,
    template: str,
    step: Step,
    *,
    errors: dict[str, str] | None = None,
) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        contract = service.contract(
            session, actor=actor, ledger=ports.get(Ledger), contract_id=contract_id, now=ports.clock.now()
        )
        context = service.shown_contract(session, lang, contract, actor, step)
        licence = (
            service.standing(session, entitlement_id=contract.entitlement_id, now=ports.clock.now())
            if contract.entitlement_id
            else None
        )
    status = 422 if errors else 200
    return render(request, template, status=status, **context, licence=licence, errors=errors or {})


def _purpose_form(
    request: Request,
    lang: Lang,
    actor: Principal,
    offer_id: UUID,
    form: Submitted,
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    with ports_of(request).db.reading() as session:
        offer = service.offer(session, actor=actor, offer_id=offer_id)
        context = _offer_context(session, lang, offer)
    listed = [(code, words) for code, words in offered_choices(lang)["purposes"]]
    return render(
        request,
        "licensing/purpose.html",
        status=status,
        **context,
        values=form.values,
        errors=errors,
        choices_of_purpose=[pair for pair in listed if not offer.purposes or pair[0] in offer.purposes],
        steps=steps(lang, offer.kind, "purpose", offer_id=offer_id),
    )


def _offer_context(session: Session, lang: Lang, offer: OfferView) -> dict[str, Any]:
    return {
        "offer": offer,
        "assets": catalog.summaries(session, [offer.asset_id]),
        "names": accounts.org_names(session, [offer.provider_org]),
        "licence_name": zones.licence_name(offer.licence, lang),
        "purpose_words": {code: words.best(lang) for code, words in purposes().items()},
    }


def _new_contract(form: Submitted, offer_id: UUID) -> NewContract:
    purpose, description = form.values.get("purpose", ""), form.values.get("description", "")
    known = purpose if isinstance(purpose, str) and purpose in purposes() else None
    text = description if isinstance(description, str) else ""
    return NewContract(offer_id=offer_id, purpose=known, description=text[:2000])


def _may_buy(actor: Principal, offer: OfferView) -> bool:
    mine = Resource(org_id=actor.org_id)
    return actor.org_id not in (None, offer.provider_org) and allowed(actor, MAKE_CONTRACT, mine)

"""Pages of the registration desk and of certificates."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from market.accounts import service as accounts
from market.catalog import service as catalog
from market.kit.auth import Principal, nothing_there, system
from market.kit.errors import InvalidInput
from market.kit.forms import Submitted, SubmittedDep, in_words
from market.kit.guards import page_guard
from market.kit.i18n import N_, Lang
from market.kit.pages import LangPath, page_router, redirect
from market.kit.paging import Cursor
from market.kit.ports import ports_of
from market.kit.problems import language_of
from market.kit.templating import qr_code, render
from market.kit.texts import LocalText
from market.provenance.gateway import Ledger
from market.provenance.signing import read_signed_form
from market.registry import certificates, decisions, service
from market.registry.schemas import Decision, DecisionForm, DecisionIn, SignedDecision, State
from market.registry.service import WAYS
from market.registry.verbs import (
    APPLY,
    DECIDE,
    READ_CERTIFICATE,
    READ_OWN_APPLICATIONS,
    READ_QUEUE,
    SEE_APPLICATION,
)
from market.zones import service as zones

router = page_router("registry")
codes = APIRouter(include_in_schema=False)
PAGE_SIZE = 20
READER = system("registry pages")


@router.get("/registry/queue")
def queue_page(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(READ_QUEUE))],
    state: State | None = None,
    cursor: Cursor = None,
) -> Response:
    """What waits for the registrar, oldest first."""
    with ports_of(request).db.reading() as session:
        page = service.queue(session, actor=actor, state=state, cursor=cursor, limit=PAGE_SIZE)
        assets = catalog.summaries(session, [item.asset_id for item in page.items])
        names = accounts.org_names(session, [item.org_id for item in page.items])
    return render(
        request, "registry/queue.html", page=page, assets=assets, names=names, state=state, states=list(State)
    )


@router.get("/studio/registrations")
def my_applications(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(READ_OWN_APPLICATIONS))],
    cursor: Cursor = None,
) -> Response:
    """The provider's own applications and where they stand."""
    with ports_of(request).db.reading() as session:
        page = service.applications_of(session, actor=actor, cursor=cursor, limit=PAGE_SIZE)
        assets = catalog.summaries(session, [item.asset_id for item in page.items])
    return render(request, "registry/mine.html", page=page, assets=assets)


@router.post("/studio/registrations")
def submit_page(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(APPLY))],
    form: SubmittedDep,
) -> Response:
    ports = ports_of(request)
    try:
        version_id = UUID(str(form.values.get("version_id", "")))
    except ValueError as error:
        raise nothing_there() from error
    with ports.db.writing() as session:
        made = service.submit_application(session, actor=actor, version_id=version_id, now=ports.clock.now())
    return redirect(f"/{lang}/registry/applications/{made.id}", flash=N_("The application was handed in."))


@router.get("/registry/applications/{application_id}")
def application_page(
    request: Request,
    lang: LangPath,
    application_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(SEE_APPLICATION))],
) -> Response:
    """An application: for its applicant the way it has gone, for the registrar the decisions too."""
    return _application_page(request, actor, application_id, {}, {})


def _application_page(
    request: Request,
    actor: Principal,
    application_id: UUID,
    values: dict[str, str | list[str]],
    errors: dict[str, str],
) -> Response:
    with ports_of(request).db.reading() as session:
        found = service.application(session, actor=actor, application_id=application_id)
        asset = catalog.asset(session, actor=READER, asset_id=found.asset_id)
        # The decision is about this version's description, also where another was registered since.
        signed = catalog.described(session, version_id=found.version_id)
        asset = asset.model_copy(update={"metadata": signed})
        version = catalog.version(session, actor=READER, version_id=found.version_id)
        names = accounts.org_names(session, [found.org_id])
        decides = decisions.may_decide(session, actor=actor, application=found)
    choices = (
        [choice for choice in Decision if decisions.LEADS_TO[choice] in WAYS[found.state]] if decides else []
    )
    may_withdraw = found.org_id == actor.org_id and State.WITHDRAWN in WAYS[found.state]
    return render(
        request,
        "registry/application.html",
        status=422 if errors else 200,
        application=found,
        asset=asset,
        version=version,
        org_name=names[found.org_id],
        choices=choices,
        may_withdraw=may_withdraw,
        rule_pack=zones.rule_pack(found.rule_pack),
        in_words=zones.label,
        licence_name=zones.licence_name,
        values=values,
        errors=errors,
    )


@router.post("/registry/applications/{application_id}/withdrawal")
def withdraw_page(
    request: Request,
    lang: LangPath,
    application_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(APPLY))],
) -> Response:
    ports = ports_of(request)
    with ports.db.writing() as session:
        service.withdraw_application(
            session, actor=actor, application_id=application_id, now=ports.clock.now()
        )
    return redirect(
        f"/{lang}/registry/applications/{application_id}", flash=N_("The application was withdrawn.")
    )


@router.post("/registry/applications/{application_id}/prepare")
def prepare_page(
    request: Request,
    lang: LangPath,
    application_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(DECIDE))],
    form: SubmittedDep,
) -> Response:
    """The confirm step: what will be signed and made public, before it is."""
    ports = ports_of(request)
    asked, errors = _asked(form, lang)
    if asked is None:
        return _application_page(request, actor, application_id, form.values, errors)
    try:
        with ports.db.writing() as session:
            draft = decisions.prepare_decision(
                session,
                actor=actor,
                ledger=ports.get(Ledger),
                application_id=application_id,
                asked=asked,
                now=ports.clock.now(),
            )
            found = service.application(session, actor=actor, application_id=application_id)
    except InvalidInput as fault:
        return _application_page(
            request, actor, application_id, form.values, {"reasons_zh": in_words(fault, lang)}
        )
    return render(request, "registry/confirm.html", draft=draft, application=found)


@router.post("/registry/applications/{application_id}/decisions")
def decide_page(
    request: Request,
    lang: LangPath,
    application_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(DECIDE))],
    form: SubmittedDep,
) -> Response:
    """The signed decision takes effect."""
    ports = ports_of(request)
    asked, errors = _asked(form, lang)
    if asked is None:
        return redirect(f"/{lang}/registry/applications/{application_id}", flash=next(iter(errors.values())))
    issuing = asked.decision is Decision.ISSUE
    signed = read_signed_form(form)
    decided = SignedDecision(
        statement=signed.statement,
        openings=signed.openings,
        decision=asked.decision,
        reasons=asked.reasons,
        certificate=read_signed_form(form, "certificate_") if issuing else None,
    )
    with ports.db.writing() as session:
        decisions.decide_application(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            application_id=application_id,
            decided=decided,
            now=ports.clock.now(),
        )
    return redirect(
        f"/{lang}/registry/applications/{application_id}", flash=N_("Your decision was recorded.")
    )


@codes.get("/c/{code}", dependencies=[Depends(page_guard(READ_CERTIFICATE))])
def certificate_address(request: Request, code: str) -> Response:
    """The address that the QR code holds; leads to the page in the visitor's language."""
    return RedirectResponse(
        f"/{language_of(request)}/c/{code}", status_code=303, headers={"Vary": "Accept-Language"}
    )


@router.get("/c/{code}")
def certificate_page(
    request: Request,
    lang: LangPath,
    code: str,
    actor: Annotated[Principal, Depends(page_guard(READ_CERTIFICATE))],
) -> Response:
    """The certificate, with its status today above the sheet: paper can be old, the page cannot."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        found = certificates.certificate(session, actor=actor, code=code, now=ports.clock.now())
        names = accounts.org_names(session, [found.org_id])
        registrar = accounts.zone_org(session, found.zone)
    address = f"{ports.base_url}/c/{found.code}"
    return render(
        request,
        "registry/certificate.html",
        certificate=found,
        org_name=names[found.org_id],
        registrar=registrar,
        address=address,
        qr=qr_code(address),
        rule_pack=zones.rule_pack(str(found.document["rulePack"])),
        in_words=zones.label,
        fingerprint=ports.get(Ledger).fingerprint,
        holds=found.holds,
    )


def _asked(form: Submitted, lang: Lang) -> tuple[DecisionIn | None, dict[str, str]]:
    """The decision that the form asks for; its two reason fields make one bilingual text."""
    parsed, errors = form.only("decision", "reasons_zh", "reasons_en").read(DecisionForm, lang)
    if parsed is None:
        return None, errors
    reasons = (
        LocalText(zh=parsed.reasons_zh, en=parsed.reasons_en)
        if parsed.reasons_zh or parsed.reasons_en
        else None
    )
    return DecisionIn(decision=parsed.decision, reasons=reasons), {}

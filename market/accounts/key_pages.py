"""Pages of an organisation's keys: API keys, shown once, and signing keys, made in the browser."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from market.accounts import service, verbs
from market.accounts.errors import ConfirmationRequired
from market.accounts.page_answers import WORDS, carried_out, confirm_first
from market.accounts.page_forms import ApiKeyForm, WithdrawForm
from market.accounts.schemas import NewSigningKey, Rotation, Scope
from market.accounts.words import WITHDRAWAL_WORDS
from market.kit.auth import Principal
from market.kit.errors import Fault
from market.kit.forms import SubmittedDep, fault_errors
from market.kit.guards import page_guard
from market.kit.i18n import N_, Lang, translate
from market.kit.pages import LangPath, page_router
from market.kit.ports import ports_of
from market.kit.templating import render
from market.provenance import keys as signing_keys
from market.provenance.gateway import Ledger
from market.provenance.verbs import BIND_KEY, WITHDRAW_KEY

router = page_router("accounts")
KeyMaker = Annotated[Principal, Depends(page_guard(verbs.CREATE_API_KEY))]


@router.get("/orgs/{org_id}/api-keys")
def show_api_keys(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(verbs.READ_API_KEYS))],
) -> Response:
    return _api_keys_page(request, actor, org_id, {})


def _api_keys_page(
    request: Request,
    actor: Principal,
    org_id: UUID,
    errors: dict[str, str],
    status: int = 422,
    **more: Any,
) -> Response:
    ports = ports_of(request)
    lang: Lang = request.path_params["lang"]
    now = ports.clock.now()
    with ports.db.reading() as session:
        org = service.my_org(session, actor=actor, org_id=org_id)
        keys = service.api_keys_of(session, actor=actor, org_id=org_id, now=now)
    return render(
        request,
        "accounts/api_keys.html",
        status=status if errors else 200,
        org=org,
        keys=keys,
        errors=errors,
        fresh=service.is_fresh(actor, now),
        scopes=[
            (scope.value, f"{translate(lang, WORDS['scope_words'][scope])} ({scope.value})")
            for scope in Scope
            if scope is not Scope.MANAGE
        ],
        **({"values": {}, "made": None} | more),
    )


@router.post("/orgs/{org_id}/api-keys")
def create_api_key(
    request: Request, lang: LangPath, org_id: UUID, actor: KeyMaker, form: SubmittedDep
) -> Response:
    """The page itself is the answer: the key is shown this once."""
    ports = ports_of(request)
    read, errors = form.read(ApiKeyForm, lang)
    if read is None:
        return _api_keys_page(request, actor, org_id, errors, values=form.values)
    try:
        with ports.db.writing() as session:
            made = service.create_api_key(
                session, actor=actor, org_id=org_id, new=read.key(), now=ports.clock.now()
            )
    except ConfirmationRequired:
        return confirm_first(lang, f"/{lang}/orgs/{org_id}/api-keys")
    except Fault as fault:
        found = fault_errors(fault, lang)
        return _api_keys_page(request, actor, org_id, found, int(fault.kind), values=form.values)
    return _api_keys_page(request, actor, org_id, {}, made=made)


@router.post("/orgs/{org_id}/api-keys/{key_id}/rotate")
def rotate_api_key(request: Request, lang: LangPath, org_id: UUID, key_id: UUID, actor: KeyMaker) -> Response:
    ports = ports_of(request)
    try:
        with ports.db.writing() as session:
            made = service.rotate_api_key(
                session,
                actor=actor,
                org_id=org_id,
                key_id=key_id,
                rotation=Rotation(),
                now=ports.clock.now(),
            )
    except ConfirmationRequired:
        return confirm_first(lang, f"/{lang}/orgs/{org_id}/api-keys")
    except Fault as fault:
        return _api_keys_page(request, actor, org_id, fault_errors(fault, lang), int(fault.kind))
    return _api_keys_page(request, actor, org_id, {}, made=made)


@router.post("/orgs/{org_id}/api-keys/{key_id}/revoke")
def revoke_api_key(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    key_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(verbs.REVOKE_API_KEY))],
) -> Response:
    now = ports_of(request).clock.now()
    return carried_out(
        request,
        lambda session: service.revoke_api_key(session, actor=actor, org_id=org_id, key_id=key_id, now=now),
        back=f"/{lang}/orgs/{org_id}/api-keys",
        flash=N_("The API key has ended."),
        refused=lambda found, status: _api_keys_page(request, actor, org_id, found, status),
    )


@router.get("/orgs/{org_id}/keys")
def show_signing_keys(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(verbs.READ_ORG))],
) -> Response:
    return _signing_keys_page(request, actor, org_id, {})


def _signing_keys_page(
    request: Request, actor: Principal, org_id: UUID, errors: dict[str, str], status: int = 422
) -> Response:
    ports = ports_of(request)
    lang: Lang = request.path_params["lang"]
    ledger = ports.get(Ledger)
    with ports.db.reading() as session:
        org = service.my_org(session, actor=actor, org_id=org_id)
        keys = signing_keys.keys_of(session, actor=actor, ledger=ledger, org_id=org_id).items
    return render(
        request,
        "accounts/signing_keys.html",
        status=status if errors else 200,
        org=org,
        keys=keys,
        origin=ledger.origin,
        errors=errors,
        fresh=service.is_fresh(actor, ports.clock.now()),
        reasons=[(code, translate(lang, words)) for code, words in WITHDRAWAL_WORDS.items()],
        may_bind=service.may_bind(actor, org_id),
        may_withdraw=service.may_manage(actor, org_id),
    )


@router.post("/orgs/{org_id}/keys")
def bind_signing_key(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(BIND_KEY))],
    form: SubmittedDep,
) -> Response:
    """The browser made the key and the proof; only the public half comes here."""
    ports = ports_of(request)
    read, errors = form.read(NewSigningKey, lang)
    if read is None:
        return _signing_keys_page(request, actor, org_id, errors)
    ledger, now = ports.get(Ledger), ports.clock.now()
    return carried_out(
        request,
        lambda session: service.bind_signing_key(
            session, actor=actor, ledger=ledger, org_id=org_id, new=read, now=now
        ),
        back=f"/{lang}/orgs/{org_id}/keys",
        flash=N_("The signing key is registered."),
        refused=lambda found, status: _signing_keys_page(request, actor, org_id, found, status),
    )


@router.post("/orgs/{org_id}/keys/{kid}/withdraw")
def withdraw_signing_key(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    kid: str,
    actor: Annotated[Principal, Depends(page_guard(WITHDRAW_KEY))],
    form: SubmittedDep,
) -> Response:
    ports = ports_of(request)
    read, errors = form.read(WithdrawForm, lang)
    if read is None:
        return _signing_keys_page(request, actor, org_id, errors)
    ledger, now = ports.get(Ledger), ports.clock.now()
    return carried_out(
        request,
        lambda session: service.withdraw_signing_key(
            session, actor=actor, ledger=ledger, org_id=org_id, kid=kid, reason=read.reason, now=now
        ),
        back=f"/{lang}/orgs/{org_id}/keys",
        flash=N_("The signing key is withdrawn."),
        refused=lambda found, status: _signing_keys_page(request, actor, org_id, found, status),
    )

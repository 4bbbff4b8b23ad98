"""Pages of an organisation: make, choose, profile, members, invitations."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from market.accounts import service, verbs
from market.accounts.errors import ConfirmationRequired
from market.accounts.page_answers import (
    WORDS,
    carried_out,
    confirm_first,
    organisation_choices,
    signed_in,
)
from market.accounts.page_forms import EditOrgForm, InviteForm, OrganisationFields, RolesForm, SwitchForm
from market.accounts.roles import ROLES_OF
from market.kit.auth import Principal, Role
from market.kit.errors import Fault, NotFound
from market.kit.forms import Submitted, SubmittedDep, fault_errors
from market.kit.guards import page_guard
from market.kit.i18n import N_, Lang, translate
from market.kit.pages import LangPath, page_router
from market.kit.ports import ports_of
from market.kit.templating import render
from market.provenance.gateway import Ledger

router = page_router("accounts")
Reader = Annotated[Principal, Depends(page_guard(verbs.READ_ORG))]
Founder = Annotated[Principal, Depends(page_guard(verbs.CREATE_ORG))]


@router.get("/orgs/new")
def show_new(
    request: Request, lang: LangPath, _: Annotated[Principal, Depends(page_guard(verbs.READ_SELF))]
) -> Response:
    return _new_page(request, {}, {})


@router.post("/orgs/new")
def create(request: Request, lang: LangPath, actor: Founder, form: SubmittedDep) -> Response:
    ports = ports_of(request)
    read, errors = form.read(OrganisationFields, lang)
    new = read.organisation() if read else None
    if new is None:
        errors = errors or {
            "org_zh": translate(lang, N_("Write this in Chinese or in English, better in both."))
        }
        return _new_page(request, form.values, errors)
    origin = ports.get(Ledger).origin
    try:
        with ports.db.writing() as session:
            made = service.create_org(session, actor=actor, new=new, origin=origin, now=ports.clock.now())
            token = service.switch_organisation(session, actor=actor, org_id=made.id)
    except Fault as fault:
        return _new_page(request, form.values, fault_errors(fault, lang))
    return signed_in(request, token, f"/{lang}/orgs/{made.id}", flash=N_("The organisation is ready."))


def _new_page(request: Request, values: dict[str, str | list[str]], errors: dict[str, str]) -> Response:
    with ports_of(request).db.reading() as session:
        choices = organisation_choices(session, request.path_params["lang"])
    return render(
        request,
        "accounts/new_organisation.html",
        status=422 if errors else 200,
        values=values,
        errors=errors,
        **choices,
    )


@router.post("/account/organisation")
def switch(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(verbs.SWITCH_ORG))],
    form: SubmittedDep,
) -> Response:
    read, _ = form.read(SwitchForm, lang)
    if read is None:
        raise NotFound(N_("You are no member of such an organisation."))
    with ports_of(request).db.writing() as session:
        token = service.switch_organisation(session, actor=actor, org_id=read.organisation)
    return signed_in(request, token, f"/{lang}/orgs/{read.organisation}")


@router.get("/orgs/{org_id}")
def show(request: Request, lang: LangPath, org_id: UUID, actor: Reader) -> Response:
    return _page(request, actor, org_id, {})


def _page(
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
    context: dict[str, Any] = {"values": {}, "new_invite": None} | more
    with ports.db.reading() as session:
        view = service.my_org(session, actor=actor, org_id=org_id)
        managing = service.may_manage(actor, org_id)
        context |= {
            "org": view,
            "members": service.members_of(session, actor=actor, org_id=org_id),
            "invites": service.invites_of(session, actor=actor, org_id=org_id, now=now) if managing else [],
            **organisation_choices(session, lang),
        }
    return render(
        request,
        "accounts/organisation.html",
        status=status if errors else 200,
        errors=errors,
        managing=managing,
        fresh=service.is_fresh(actor, now),
        roles=[
            (role.value, translate(lang, WORDS["role_words"][role]))
            for role in Role
            if role in ROLES_OF[view.kind]
        ],
        **WORDS,
        **context,
    )


@router.post("/orgs/{org_id}/profile")
def edit(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(verbs.EDIT_ORG))],
    form: SubmittedDep,
) -> Response:
    read, errors = form.read(EditOrgForm, lang)
    if read is None:
        return _page(request, actor, org_id, errors, values=form.values)
    return carried_out(
        request,
        lambda session: service.edit_org(
            session, actor=actor, org_id=org_id, changes=read.changes(), expected_revision=read.revision
        ),
        back=f"/{lang}/orgs/{org_id}",
        flash=N_("The organisation is saved."),
        refused=lambda found, status: _page(request, actor, org_id, found, status, values=_kept(form)),
    )


def _kept(form: Submitted) -> dict[str, str | list[str]]:
    """What was typed stays, but not the revision: after a conflict the page shows the newer one."""
    return {name: value for name, value in form.values.items() if name != "revision"}


@router.post("/orgs/{org_id}/members/{account_id}/roles")
def change_roles(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    account_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(verbs.CHANGE_ROLES))],
    form: SubmittedDep,
) -> Response:
    read, errors = form.read(RolesForm, lang)
    if read is None:
        return _page(request, actor, org_id, errors)
    now = ports_of(request).clock.now()
    return carried_out(
        request,
        lambda session: service.change_roles(
            session, actor=actor, org_id=org_id, account_id=account_id, roles=read.roles, now=now
        ),
        back=f"/{lang}/orgs/{org_id}",
        flash=N_("The roles are changed."),
        refused=lambda found, status: _page(request, actor, org_id, found, status),
    )


@router.post("/orgs/{org_id}/members/{account_id}/remove")
def remove_member(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    account_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(verbs.REMOVE_MEMBER))],
) -> Response:
    now = ports_of(request).clock.now()
    return carried_out(
        request,
        lambda session: service.remove_member(
            session, actor=actor, org_id=org_id, account_id=account_id, now=now
        ),
        back=f"/{lang}/orgs/{org_id}",
        flash=N_("The member is removed."),
        refused=lambda found, status: _page(request, actor, org_id, found, status),
    )


@router.post("/orgs/{org_id}/leave")
def leave(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(verbs.LEAVE_ORG))],
) -> Response:
    return carried_out(
        request,
        lambda session: service.leave(session, actor=actor, org_id=org_id),
        back=f"/{lang}/account",
        flash=N_("You have left the organisation."),
        refused=lambda found, status: _page(request, actor, org_id, found, status),
    )


@router.post("/orgs/{org_id}/invites")
def invite(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(verbs.INVITE))],
    form: SubmittedDep,
) -> Response:
    """The page itself is the answer: the link is shown this once."""
    ports = ports_of(request)
    read, errors = form.read(InviteForm, lang)
    if read is None:
        return _page(request, actor, org_id, errors, values=form.values)
    try:
        with ports.db.writing() as session:
            made = service.invite(
                session, actor=actor, org_id=org_id, new=read.invite(), now=ports.clock.now()
            )
    except ConfirmationRequired:
        return confirm_first(lang, f"/{lang}/orgs/{org_id}")
    except Fault as fault:
        found = fault_errors(fault, lang)
        return _page(request, actor, org_id, found, int(fault.kind), values=form.values)
    link = f"{ports.base_url}/{lang}/invites/{made.token}"
    return _page(request, actor, org_id, {}, new_invite={"email": made.email, "link": link})


@router.post("/orgs/{org_id}/invites/{invite_id}/withdraw")
def withdraw_invite(
    request: Request,
    lang: LangPath,
    org_id: UUID,
    invite_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(verbs.INVITE))],
) -> Response:
    now = ports_of(request).clock.now()
    return carried_out(
        request,
        lambda session: service.withdraw_invite(
            session, actor=actor, org_id=org_id, invite_id=invite_id, now=now
        ),
        back=f"/{lang}/orgs/{org_id}",
        flash=N_("The invitation is withdrawn."),
        refused=lambda found, status: _page(request, actor, org_id, found, status),
    )


@router.get("/invites/{token}")
def show_invite(
    request: Request,
    lang: LangPath,
    token: str,
    actor: Annotated[Principal, Depends(page_guard(verbs.READ_SELF))],
) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        view = service.read_invite(session, actor=actor, token=token, now=ports.clock.now())
    return render(request, "accounts/invite.html", invite=view, token=token, **WORDS)


@router.post("/invites/{token}")
def accept_invite(
    request: Request,
    lang: LangPath,
    token: str,
    actor: Annotated[Principal, Depends(page_guard(verbs.ACCEPT_INVITE))],
) -> Response:
    ports = ports_of(request)
    with ports.db.writing() as session:
        joined = service.accept_invite(session, actor=actor, token=token, now=ports.clock.now())
        cookie = service.switch_organisation(session, actor=actor, org_id=joined.organisation)
    return signed_in(
        request, cookie, f"/{lang}/orgs/{joined.organisation}", flash=N_("You have joined the organisation.")
    )

"""/api/v1: people, organisations, members."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from market.accounts import service, verbs
from market.accounts.edge import passwords_of, prove
from market.accounts.limits import SIGN_UP_PER_NETWORK
from market.accounts.schemas import (
    ChangedRoles,
    EditedOrg,
    InviteToken,
    InviteView,
    LoggedIn,
    LoginRequest,
    Me,
    MembershipView,
    MemberView,
    NewAccount,
    NewInvite,
    NewOrg,
    OrgView,
    SignedUp,
)
from market.accounts.secret_routes import shown_once
from market.kit.auth import Principal
from market.kit.etag import IfMatch, format_etag
from market.kit.guards import api_guard
from market.kit.idempotency import OnceDep
from market.kit.paging import Page
from market.kit.ports import ports_of
from market.kit.ratelimit import limited, network_of
from market.provenance.gateway import Ledger

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.post(
    "/accounts",
    status_code=201,
    summary="Sign up, with an organisation if you like",
    response_model=SignedUp,
    dependencies=[Depends(limited(SIGN_UP_PER_NETWORK, "sign-up"))],
)
def sign_up(
    body: NewAccount,
    actor: Annotated[Principal, Depends(api_guard(verbs.SIGN_UP))],
    once: OnceDep,
    request: Request,
) -> Response:
    """The answer is the same for an address that has an account already; then nothing happens. Log in to find out."""
    ports = ports_of(request)
    service.refuse_weak_password(body)
    hashed = passwords_of(ports).hash(body.password)
    origin = ports.get(Ledger).origin
    return once(
        actor,
        lambda session: service.sign_up(session, new=body, password_hash=hashed, origin=origin, now=once.now),
    )


@router.post("/logins", summary="Log in with a password to get an API key", response_model=LoggedIn)
def log_in(
    body: LoginRequest, _: Annotated[Principal, Depends(api_guard(verbs.SIGN_IN))], request: Request
) -> LoggedIn:
    """For the command line. The key lives 90 days. For ten minutes it may also manage members, keys and signing keys."""
    ports = ports_of(request)
    network = network_of(request)
    proved = prove(
        ports, request.app.state.rate_limits, email=body.email, password=body.password, network=network
    )
    with ports.db.writing() as session:
        return service.login_for_key(
            session,
            account_id=proved.account_id,
            compared_hash=proved.compared_hash,
            request=body,
            network_hash=proved.network_hash,
            now=ports.clock.now(),
        )


@router.get("/me", summary="Who you are and what you may do", response_model=Me)
def read_me(actor: Annotated[Principal, Depends(api_guard(verbs.READ_SELF))], request: Request) -> Me:
    with ports_of(request).db.reading() as session:
        return service.me(session, actor=actor)


@router.delete("/me/key", status_code=204, summary="Log out: end the API key of this request")
def end_own_key(actor: Annotated[Principal, Depends(api_guard(verbs.END_OWN_KEY))], request: Request) -> None:
    ports = ports_of(request)
    with ports.db.writing() as session:
        service.end_own_key(session, actor=actor, now=ports.clock.now())


@router.get("/organisations", summary="Your organisations", response_model=Page[MembershipView])
def list_organisations(
    actor: Annotated[Principal, Depends(api_guard(verbs.READ_SELF))], request: Request
) -> Page[MembershipView]:
    with ports_of(request).db.reading() as session:
        return Page(items=service.my_organisations(session, actor=actor))


@router.post("/organisations", status_code=201, summary="Make an organisation", response_model=OrgView)
def create_organisation(
    body: NewOrg,
    actor: Annotated[Principal, Depends(api_guard(verbs.CREATE_ORG))],
    once: OnceDep,
    request: Request,
) -> Response:
    """You become its owner. Log in again with its id to act for it."""
    origin = ports_of(request).get(Ledger).origin
    return once(
        actor, lambda session: service.create_org(session, actor=actor, new=body, origin=origin, now=once.now)
    )


@router.get("/organisations/{org_id}", summary="The organisation you act for", response_model=OrgView)
def read_organisation(
    org_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(verbs.READ_ORG))],
    request: Request,
    response: Response,
) -> OrgView:
    with ports_of(request).db.reading() as session:
        view = service.my_org(session, actor=actor, org_id=org_id)
    response.headers["ETag"] = format_etag(view.revision)
    return view


@router.patch("/organisations/{org_id}", summary="Change the organisation", response_model=OrgView)
def edit_organisation(
    org_id: UUID,
    body: EditedOrg,
    expected: IfMatch,
    actor: Annotated[Principal, Depends(api_guard(verbs.EDIT_ORG))],
    request: Request,
    response: Response,
) -> OrgView:
    with ports_of(request).db.writing() as session:
        view = service.edit_org(session, actor=actor, org_id=org_id, changes=body, expected_revision=expected)
    response.headers["ETag"] = format_etag(view.revision)
    return view


@router.put(
    "/organisations/{org_id}/suspension",
    summary="Suspend an organisation (staff of the platform)",
    response_model=OrgView,
)
def suspend_organisation(
    org_id: UUID, actor: Annotated[Principal, Depends(api_guard(verbs.SUSPEND_ORG))], request: Request
) -> OrgView:
    ports = ports_of(request)
    with ports.db.writing() as session:
        return service.suspend_org(session, actor=actor, org_id=org_id, now=ports.clock.now())


@router.delete(
    "/organisations/{org_id}/suspension",
    summary="Let a suspended organisation act again (staff of the platform)",
    response_model=OrgView,
)
def restore_organisation(
    org_id: UUID, actor: Annotated[Principal, Depends(api_guard(verbs.SUSPEND_ORG))], request: Request
) -> OrgView:
    ports = ports_of(request)
    with ports.db.writing() as session:
        return service.restore_org(session, actor=actor, org_id=org_id, now=ports.clock.now())


@router.get(
    "/organisations/{org_id}/members", summary="Members and their roles", response_model=Page[MemberView]
)
def list_members(
    org_id: UUID, actor: Annotated[Principal, Depends(api_guard(verbs.READ_MEMBERS))], request: Request
) -> Page[MemberView]:
    with ports_of(request).db.reading() as session:
        return Page(items=service.members_of(session, actor=actor, org_id=org_id))


@router.put(
    "/organisations/{org_id}/members/{account_id}/roles",
    summary="Change a member's roles",
    response_model=Page[MemberView],
)
def change_roles(
    org_id: UUID,
    account_id: UUID,
    body: ChangedRoles,
    actor: Annotated[Principal, Depends(api_guard(verbs.CHANGE_ROLES))],
    request: Request,
) -> Page[MemberView]:
    """Nobody gives or takes a role above his own; the last owner stays one."""
    ports = ports_of(request)
    with ports.db.writing() as session:
        members = service.change_roles(
            session,
            actor=actor,
            org_id=org_id,
            account_id=account_id,
            roles=body.roles,
            now=ports.clock.now(),
        )
    return Page(items=members)


@router.delete("/organisations/{org_id}/members/{account_id}", status_code=204, summary="Remove a member")
def remove_member(
    org_id: UUID,
    account_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(verbs.REMOVE_MEMBER))],
    request: Request,
) -> None:
    ports = ports_of(request)
    with ports.db.writing() as session:
        service.remove_member(
            session, actor=actor, org_id=org_id, account_id=account_id, now=ports.clock.now()
        )


@router.get("/organisations/{org_id}/invites", summary="Invitations", response_model=Page[InviteView])
def list_invites(
    org_id: UUID, actor: Annotated[Principal, Depends(api_guard(verbs.READ_INVITES))], request: Request
) -> Page[InviteView]:
    ports = ports_of(request)
    with ports.db.reading() as session:
        return Page(items=service.invites_of(session, actor=actor, org_id=org_id, now=ports.clock.now()))


@router.post(
    "/organisations/{org_id}/invites",
    status_code=201,
    summary="Invite somebody by e-mail address",
    response_model=InviteView,
)
def invite(
    org_id: UUID,
    body: NewInvite,
    actor: Annotated[Principal, Depends(api_guard(verbs.INVITE))],
    once: OnceDep,
) -> Response:
    """The token is shown only in this answer. Pass on the address /en/invites/{token}; it works once, for 72 hours."""
    return shown_once(
        once,
        actor,
        lambda session: service.invite(session, actor=actor, org_id=org_id, new=body, now=once.now),
        field="token",
    )


@router.delete(
    "/organisations/{org_id}/invites/{invite_id}", summary="Withdraw an invitation", response_model=InviteView
)
def withdraw_invite(
    org_id: UUID,
    invite_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(verbs.INVITE))],
    request: Request,
) -> InviteView:
    ports = ports_of(request)
    with ports.db.writing() as session:
        return service.withdraw_invite(
            session, actor=actor, org_id=org_id, invite_id=invite_id, now=ports.clock.now()
        )


@router.post(
    "/invites/acceptance", status_code=201, summary="Accept an invitation", response_model=MembershipView
)
def accept_invite(
    body: InviteToken, actor: Annotated[Principal, Depends(api_guard(verbs.ACCEPT_INVITE))], once: OnceDep
) -> Response:
    return once(
        actor, lambda session: service.accept_invite(session, actor=actor, token=body.token, now=once.now)
    )

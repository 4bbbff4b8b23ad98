"""Who belongs to an organisation, with which roles, and how one joins and leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from market.accounts import repository
from market.accounts.confirmation import require_fresh
from market.accounts.errors import AlreadyMember, InviteNotUsable, LastOwnerStays
from market.accounts.models import Invite, Membership, Organisation
from market.accounts.organisations import add_membership
from market.accounts.roles import ABOVE_ALL, fit_kind, rank_of, refuse_above
from market.accounts.schemas import InviteView, MembershipView, MemberView, NewInvite, OrgKind, OrgState
from market.accounts.sessions import end_other_sessions
from market.accounts.tokens import digest, new_token
from market.accounts.verbs import (
    ACCEPT_INVITE,
    CHANGE_ROLES,
    INVITE,
    LEAVE_ORG,
    READ_INVITES,
    READ_MEMBERS,
    REMOVE_MEMBER,
)
from market.accounts.views import invite_view, membership_view
from market.kit.auth import Principal, Resource, Role, Via, decide
from market.kit.errors import NotFound
from market.kit.i18n import N_

if TYPE_CHECKING:
    from sqlmodel import Session

INVITE_LIFE = timedelta(hours=72)


def members_of(session: Session, *, actor: Principal, org_id: UUID) -> list[MemberView]:
    decide(actor, READ_MEMBERS, Resource(org_id=org_id))
    return [
        MemberView(
            account_id=person.id, name=person.name, email=person.email, roles=roles, since=joined.created_at
        )
        for person, joined, roles in repository.members_of(session, org_id)
    ]


def change_roles(
    session: Session, *, actor: Principal, org_id: UUID, account_id: UUID, roles: list[Role], now: datetime
) -> list[MemberView]:
    """Give a member these roles and no others. All his sessions end, since they were opened with other rights."""
    decide(actor, CHANGE_ROLES, Resource(org_id=org_id))
    require_fresh(actor, now)
    org, joined = _held_member(session, org_id, account_id)
    wanted = fit_kind(OrgKind(org.kind), roles)
    has = repository.roles(session, org_id, account_id)
    refuse_above(_rank_now(session, actor, org_id), has, wanted)
    if Role.OWNER not in wanted:
        _keep_an_owner(session, org_id, account_id)
    if wanted != has:
        repository.set_roles(session, joined.id, wanted)
        if account_id != actor.account_id:
            end_other_sessions(session, account_id)
    return members_of(session, actor=actor, org_id=org_id)


def remove_member(
    session: Session, *, actor: Principal, org_id: UUID, account_id: UUID, now: datetime
) -> None:
    """End a membership. Keys and sessions lose their rights with it, from the next request on."""
    decide(actor, REMOVE_MEMBER, Resource(org_id=org_id))
    require_fresh(actor, now)
    _, joined = _held_member(session, org_id, account_id)
    refuse_above(_rank_now(session, actor, org_id), repository.roles(session, org_id, account_id))
    _keep_an_owner(session, org_id, account_id)
    repository.remove_membership(session, joined)


def leave(session: Session, *, actor: Principal, org_id: UUID) -> None:
    """End one's own membership."""
    decide(actor, LEAVE_ORG, Resource())
    if actor.account_id is None:
        raise NotFound(N_("There is no such account."))
    _, joined = _held_member(session, org_id, actor.account_id)
    _keep_an_owner(session, org_id, actor.account_id)
    repository.remove_membership(session, joined)


def invite(session: Session, *, actor: Principal, org_id: UUID, new: NewInvite, now: datetime) -> InviteView:
    """Invite an e-mail address. The view's token is the only copy: whoever invites passes the link on."""
    decide(actor, INVITE, Resource(org_id=org_id))
    require_fresh(actor, now)
    org = _held(session, org_id)
    wanted = fit_kind(OrgKind(org.kind), new.roles)
    refuse_above(_rank_now(session, actor, org_id), wanted)
    known = repository.account_by_email(session, new.email)
    if known is not None and repository.membership(session, org_id, known.id) is not None:
        raise AlreadyMember(
            N_("%(email)s belongs to this organisation."),
            hint=N_("Change the roles instead."),
            email=new.email,
        )
    if actor.account_id is None:
        raise NotFound(N_("There is no such account."))
    token = new_token()
    row = Invite(
        org_id=org_id,
        email=new.email,
        roles=sorted(wanted),
        token_hash=digest(token),
        invited_by=actor.account_id,
        created_at=now,
        expires_at=now + INVITE_LIFE,
    )
    session.add(row)
    session.flush()
    return invite_view(row, org, now, token)


def invites_of(session: Session, *, actor: Principal, org_id: UUID, now: datetime) -> list[InviteView]:
    decide(actor, READ_INVITES, Resource(org_id=org_id))
    org = repository.organisation(session, org_id)
    if org is None:
        raise NotFound(N_("There is no such organisation."))
    return [invite_view(row, org, now) for row in repository.invites_of(session, org_id)]


def withdraw_invite(
    session: Session, *, actor: Principal, org_id: UUID, invite_id: UUID, now: datetime
) -> InviteView:
    decide(actor, INVITE, Resource(org_id=org_id))
    org = _held(session, org_id)
    row = repository.invite(session, org_id, invite_id)
    if row is None:
        raise NotFound(N_("There is no such invitation."))
    if row.accepted_at is None and row.withdrawn_at is None:
        row.withdrawn_at = now
        session.add(row)
    return invite_view(row, org, now)


def read_invite(session: Session, *, actor: Principal, token: str, now: datetime) -> InviteView:
    """The invitation behind a link, for the person whom it names. Changes nothing."""
    decide(actor, LEAVE_ORG, Resource())
    row, org = _open_invite(session, actor, token, now, lock=False)
    return invite_view(row, org, now)


def accept_invite(session: Session, *, actor: Principal, token: str, now: datetime) -> MembershipView:
    """Join the organisation that invited this account's e-mail address. Works once, and for 72 hours."""
    decide(actor, ACCEPT_INVITE, Resource())
    row, org = _open_invite(session, actor, token, now, lock=True)
    roles = fit_kind(OrgKind(org.kind), [Role(role) for role in row.roles])
    # The one who invited must still be able to give these roles: his power ended with his own role.
    if rank_of(roles) > rank_of(repository.roles(session, org.id, row.invited_by)):
        raise _not_usable()
    row.accepted_at = now
    session.add(row)
    if actor.account_id is None or not add_membership(session, org.id, actor.account_id, roles, now):
        raise AlreadyMember(N_("You belong to this organisation already."))
    return membership_view(org, roles)


def _open_invite(
    session: Session, actor: Principal, token: str, now: datetime, *, lock: bool
) -> tuple[Invite, Organisation]:
    """The organisation is locked before the invitation, as everywhere, so that two changes cannot wait in a circle."""
    row = repository.invite_by_hash(session, digest(token))
    account = repository.account(session, actor.account_id) if actor.account_id else None
    if row is None or account is None or account.email != row.email:
        raise _not_usable()
    if lock:
        org = repository.locked_organisation(session, row.org_id)
        row = repository.invite_by_hash(session, digest(token), lock=True)
    else:
        org = repository.organisation(session, row.org_id)
    if row is None or org is None or org.state != OrgState.ACTIVE:
        raise _not_usable()
    if row.accepted_at is not None or row.withdrawn_at is not None or row.expires_at <= now:
        raise _not_usable()
    return row, org


def _not_usable() -> InviteNotUsable:
    return InviteNotUsable(
        N_("It was used, withdrawn, has expired, or was made for another e-mail address."),
        hint=N_("Sign in with the invited address, or ask for a new invitation."),
    )


def _held(session: Session, org_id: UUID) -> Organisation:
    org = repository.locked_organisation(session, org_id)
    if org is None:
        raise NotFound(N_("There is no such organisation."))
    return org


def _held_member(session: Session, org_id: UUID, account_id: UUID) -> tuple[Organisation, Membership]:
    org = _held(session, org_id)
    joined = repository.membership(session, org_id, account_id)
    if joined is None:
        raise NotFound(N_("There is no such member."))
    return org, joined


def _rank_now(session: Session, actor: Principal, org_id: UUID) -> int:
    """Read again under the lock: the actor's role may have changed since the request came in."""
    if actor.via is Via.SYSTEM:
        return ABOVE_ALL
    return rank_of(repository.roles(session, org_id, actor.account_id)) if actor.account_id else 0


def _keep_an_owner(session: Session, org_id: UUID, leaving: UUID) -> None:
    if repository.owners(session, org_id) == {leaving}:
        raise LastOwnerStays(
            N_("This is the only owner."), hint=N_("Make another member an owner first."), where="roles"
        )

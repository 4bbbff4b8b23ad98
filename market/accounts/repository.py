"""Rows of accounts. Everything of an organisation is loaded by that organisation's id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from market.accounts.models import (
    Account,
    ApiKey,
    Invite,
    KnownNetwork,
    Membership,
    MembershipRole,
    Organisation,
    SignInLink,
    WebSession,
)
from market.kit.auth import Role

Row = TypeVar("Row")


def add_unless_taken(session: Session, *rows: SQLModel) -> bool:
    """Add the rows together; False, and nothing added, where a unique value is taken."""
    try:
        with session.begin_nested():
            for row in rows:
                session.add(row)
                session.flush()
    except IntegrityError:
        return False
    return True


def _held(query: SelectOfScalar[Row]) -> SelectOfScalar[Row]:
    """Lock the row, and read it anew: what this session saw before it waited may be out of date."""
    return query.with_for_update().execution_options(populate_existing=True)


def account(session: Session, account_id: UUID) -> Account | None:
    return session.get(Account, account_id)


def account_by_email(session: Session, email: str) -> Account | None:
    return session.exec(select(Account).where(Account.email == email)).first()


def organisation(session: Session, org_id: UUID) -> Organisation | None:
    return session.get(Organisation, org_id)


def locked_organisation(session: Session, org_id: UUID) -> Organisation | None:
    """The organisation, held until the transaction ends: changes of its members wait for each other."""
    return session.exec(_held(select(Organisation).where(Organisation.id == org_id))).first()


def organisations(session: Session, ids: Iterable[UUID]) -> Sequence[Organisation]:
    return session.exec(select(Organisation).where(col(Organisation.id).in_(set(ids)))).all()


def zone_organisations(session: Session) -> Sequence[Organisation]:
    return session.exec(
        select(Organisation).where(Organisation.kind == "ZONE").order_by(col(Organisation.adcode))
    ).all()


def zone_organisation(session: Session, adcode: str) -> Organisation | None:
    return session.exec(
        select(Organisation).where(Organisation.kind == "ZONE", Organisation.adcode == adcode)
    ).first()


def platform_organisation(session: Session) -> Organisation | None:
    return session.exec(select(Organisation).where(Organisation.kind == "PLATFORM")).first()


def membership(session: Session, org_id: UUID, account_id: UUID) -> Membership | None:
    return session.exec(
        select(Membership).where(Membership.org_id == org_id, Membership.account_id == account_id)
    ).first()


def roles(session: Session, org_id: UUID, account_id: UUID) -> frozenset[Role]:
    """The roles of an account in an organisation; none if it is no member."""
    rows = session.exec(
        select(MembershipRole.role)
        .join(Membership, col(Membership.id) == MembershipRole.membership_id)
        .where(Membership.org_id == org_id, Membership.account_id == account_id)
    )
    return frozenset(Role(role) for role in rows)


def set_roles(session: Session, membership_id: UUID, wanted: Iterable[Role]) -> None:
    session.exec(delete(MembershipRole).where(col(MembershipRole.membership_id) == membership_id))
    session.add_all(MembershipRole(membership_id=membership_id, role=role) for role in sorted(wanted))
    session.flush()


def remove_membership(session: Session, found: Membership) -> None:
    session.exec(delete(MembershipRole).where(col(MembershipRole.membership_id) == found.id))
    session.delete(found)
    session.flush()


def owners(session: Session, org_id: UUID) -> set[UUID]:
    """Accounts that own the organisation."""
    return set(
        session.exec(
            select(Membership.account_id)
            .join(MembershipRole, col(MembershipRole.membership_id) == Membership.id)
            .where(Membership.org_id == org_id, MembershipRole.role == Role.OWNER)
        )
    )


def memberships_of(session: Session, account_id: UUID) -> list[tuple[Organisation, frozenset[Role]]]:
    """The organisations of an account with its roles there, the first joined first."""
    rows = session.exec(
        select(Organisation, Membership.id, MembershipRole.role)
        .join(Membership, col(Membership.org_id) == Organisation.id)
        .join(MembershipRole, col(MembershipRole.membership_id) == Membership.id)
        .where(Membership.account_id == account_id)
        .order_by(col(Membership.id))
    ).all()
    found: dict[UUID, tuple[Organisation, set[Role]]] = {}
    for org, _, role in rows:
        found.setdefault(org.id, (org, set()))[1].add(Role(role))
    return [(org, frozenset(held)) for org, held in found.values()]


def members_of(session: Session, org_id: UUID) -> list[tuple[Account, Membership, list[Role]]]:
    rows = session.exec(
        select(Account, Membership, MembershipRole.role)
        .join(Membership, col(Membership.account_id) == Account.id)
        .join(MembershipRole, col(MembershipRole.membership_id) == Membership.id)
        .where(Membership.org_id == org_id)
        .order_by(col(Membership.id), col(MembershipRole.role))
    ).all()
    found: dict[UUID, tuple[Account, Membership, list[Role]]] = {}
    for person, joined, role in rows:
        found.setdefault(joined.id, (person, joined, []))[2].append(Role(role))
    return list(found.values())


def invites_of(session: Session, org_id: UUID) -> Sequence[Invite]:
    return session.exec(select(Invite).where(Invite.org_id == org_id).order_by(col(Invite.id).desc())).all()


def invite(session: Session, org_id: UUID, invite_id: UUID) -> Invite | None:
    return session.exec(select(Invite).where(Invite.org_id == org_id, Invite.id == invite_id)).first()


def invite_by_hash(session: Session, token_hash: str, *, lock: bool = False) -> Invite | None:
    query = select(Invite).where(Invite.token_hash == token_hash)
    return session.exec(_held(query) if lock else query).first()


def web_session_by_hash(session: Session, token_hash: str) -> tuple[WebSession, Account] | None:
    return session.exec(
        select(WebSession, Account)
        .join(Account, col(Account.id) == WebSession.account_id)
        .where(WebSession.token_hash == token_hash)
    ).first()


def web_sessions_of(session: Session, account_id: UUID) -> Sequence[WebSession]:
    return session.exec(
        select(WebSession).where(WebSession.account_id == account_id).order_by(col(WebSession.id))
    ).all()


def end_sessions(session: Session, ids: Iterable[UUID]) -> None:
    session.exec(delete(WebSession).where(col(WebSession.id).in_(set(ids))))


def mark_session_seen(session: Session, session_id: UUID, seen_at: datetime) -> None:
    session.exec(
        update(WebSession)
        .where(col(WebSession.id) == session_id, col(WebSession.seen_at) < seen_at)
        .values(seen_at=seen_at)
    )


def api_key_by_public_id(session: Session, public_id: str) -> tuple[ApiKey, Account] | None:
    return session.exec(
        select(ApiKey, Account)
        .join(Account, col(Account.id) == ApiKey.account_id)
        .where(ApiKey.public_id == public_id)
    ).first()


def api_key(session: Session, key_id: UUID, *, lock: bool = False) -> ApiKey | None:
    query = select(ApiKey).where(ApiKey.id == key_id)
    return session.exec(_held(query) if lock else query).first()


def api_keys_of(session: Session, org_id: UUID, account_id: UUID | None = None) -> Sequence[ApiKey]:
    """Keys that act for an organisation, newest first; only those of one account if it is given."""
    query = select(ApiKey).where(ApiKey.org_id == org_id)
    if account_id is not None:
        query = query.where(ApiKey.account_id == account_id)
    return session.exec(query.order_by(col(ApiKey.id).desc())).all()


def revoke_keys_of_account(session: Session, account_id: UUID, now: datetime) -> None:
    session.exec(
        update(ApiKey)
        .where(col(ApiKey.account_id) == account_id)
        # One that was replaced ends only after its overlap; that is cut short too.
        .where(col(ApiKey.revoked_at).is_(None) | (col(ApiKey.revoked_at) > now))
        .values(revoked_at=now)
    )


def mark_key_used(session: Session, key_id: UUID, used_at: datetime) -> None:
    session.exec(update(ApiKey).where(col(ApiKey.id) == key_id).values(last_used_at=used_at))


def sign_in_link(session: Session, token_hash: str, *, lock: bool = False) -> SignInLink | None:
    query = select(SignInLink).where(SignInLink.token_hash == token_hash)
    return session.exec(_held(query) if lock else query).first()


def drop_sign_in_links(session: Session, account_id: UUID) -> None:
    session.exec(delete(SignInLink).where(col(SignInLink.account_id) == account_id))


def knows_network(session: Session, account_id: UUID, network_hash: str) -> bool:
    return session.get(KnownNetwork, (account_id, network_hash)) is not None


def remember_network(session: Session, account_id: UUID, network_hash: str, now: datetime) -> None:
    known = session.get(KnownNetwork, (account_id, network_hash))
    if known is None:
        add_unless_taken(session, KnownNetwork(account_id=account_id, network_hash=network_hash, seen_at=now))
    else:
        known.seen_at = now
        session.add(known)

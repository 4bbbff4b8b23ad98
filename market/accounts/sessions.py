"""Sign-in on the web: server-side sessions, confirmation, change of organisation, links made by the operator.

Password hashing is slow and stays outside: the edge compares first and then opens the writing transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from market.accounts import repository
from market.accounts.errors import LinkNotUsable, WrongCredentials
from market.accounts.models import Account, SignInLink, WebSession
from market.accounts.schemas import OrgState, SessionView, tidy_email
from market.accounts.tokens import digest, new_token
from market.accounts.verbs import EDIT_SELF, SWITCH_ORG
from market.kit.auth import Principal, Resource, decide
from market.kit.errors import NotFound
from market.kit.i18n import N_, Lang

if TYPE_CHECKING:
    from sqlmodel import Session

MOST_SESSIONS = 10
PEOPLE = (timedelta(minutes=30), timedelta(hours=12))
STAFF = (timedelta(minutes=15), timedelta(hours=8))


@dataclass(frozen=True)
class Credentials:
    """What is compared at sign-in. password_hash is None for an address without an account."""

    account_id: UUID | None
    password_hash: str | None
    known_network: bool


def credentials(session: Session, *, email: str, network_hash: str) -> Credentials:
    """Nothing here may be shown before the password has been compared."""
    account = repository.account_by_email(session, email)
    if account is None or account.state != "ACTIVE":
        return Credentials(None, None, False)
    known = repository.knows_network(session, account.id, network_hash)
    return Credentials(account.id, account.password_hash, known)


def wrong_credentials() -> WrongCredentials:
    return WrongCredentials(
        N_("The e-mail address or the password is wrong."),
        hint=N_("Check both, or sign up if you have no account yet."),
        where="email",
    )


def wrong_password() -> WrongCredentials:
    return WrongCredentials(N_("This is not your password."), hint=N_("Try again."), where="password")


def sign_in(
    session: Session,
    *,
    account_id: UUID,
    compared_hash: str,
    rehash: str | None = None,
    network_hash: str,
    agent: str,
    now: datetime,
) -> str:
    """Start a session after the password matched `compared_hash`; gives the token for the cookie."""
    account = usable_account(session, account_id, compared_hash)
    if rehash is not None:
        account.password_hash = rehash
        session.add(account)
    repository.remember_network(session, account.id, network_hash, now)
    return _start(session, account, agent=agent, now=now)


def usable_account(session: Session, account_id: UUID, compared_hash: str) -> Account:
    """The account, if its password is still the one that was compared before this transaction began."""
    account = repository.account(session, account_id)
    if account is None or account.state != "ACTIVE" or account.password_hash != compared_hash:
        raise wrong_credentials()
    return account


def _start(session: Session, account: Account, *, agent: str, now: datetime) -> str:
    running = repository.web_sessions_of(session, account.id)
    surplus = len(running) - MOST_SESSIONS + 1
    repository.end_sessions(session, [row.id for row in running[: max(0, surplus)]])
    token = new_token()
    session.add(
        WebSession(
            token_hash=digest(token),
            account_id=account.id,
            org_id=first_organisation(session, account.id),
            agent=agent[:200],
            started_at=now,
            seen_at=now,
            confirmed_at=now,
        )
    )
    return token


def first_organisation(session: Session, account_id: UUID) -> UUID | None:
    """The organisation one acts for until one chooses another: the first joined that is not suspended."""
    for org, _ in repository.memberships_of(session, account_id):
        if org.state == OrgState.ACTIVE:
            return org.id
    return None


def is_over(row: WebSession, *, staff: bool, now: datetime) -> bool:
    idle, absolute = STAFF if staff else PEOPLE
    return now - row.seen_at > idle or now - row.started_at > absolute


def sign_out(session: Session, *, actor: Principal) -> None:
    """End this session. Without one there is nothing to do."""
    row = _current(session, actor)
    if row is not None:
        repository.end_sessions(session, [row.id])


def confirm(session: Session, *, actor: Principal, compared_hash: str, now: datetime) -> str:
    """Note that the password was given again; gives the session's new token."""
    decide(actor, EDIT_SELF, Resource())
    row = _own(session, actor)
    usable_account(session, row.account_id, compared_hash)
    row.confirmed_at = now
    return _renew(session, row)


def switch_organisation(session: Session, *, actor: Principal, org_id: UUID) -> str:
    """Act for another of one's organisations; gives the session's new token."""
    decide(actor, SWITCH_ORG, Resource())
    row = _own(session, actor)
    org = repository.organisation(session, org_id)
    if org is None or not repository.roles(session, org_id, row.account_id):
        raise NotFound(N_("You are no member of such an organisation."))
    row.org_id = org_id
    return _renew(session, row)


def password_of(session: Session, *, actor: Principal) -> str:
    """The stored hash of the actor's password, to be compared outside any writing transaction."""
    decide(actor, EDIT_SELF, Resource())
    account = repository.account(session, actor.account_id) if actor.account_id else None
    if account is None:
        raise NotFound(N_("There is no such account."))
    return account.password_hash


def change_password(
    session: Session, *, actor: Principal, compared_hash: str, new_hash: str, now: datetime
) -> str:
    """Set the new password. All other sessions, all API keys and all sign-in links of the account end.

    Gives this session's new token.
    """
    decide(actor, EDIT_SELF, Resource())
    row = _own(session, actor)
    account = usable_account(session, row.account_id, compared_hash)
    account.password_hash = new_hash
    session.add(account)
    end_other_sessions(session, account.id, kept=row.id)
    repository.revoke_keys_of_account(session, account.id, now)
    repository.drop_sign_in_links(session, account.id)
    row.confirmed_at = now
    return _renew(session, row)


def end_other_sessions(session: Session, account_id: UUID, *, kept: UUID | None = None) -> None:
    repository.end_sessions(
        session, [row.id for row in repository.web_sessions_of(session, account_id) if row.id != kept]
    )


def edit_profile(session: Session, *, actor: Principal, name: str, lang: Lang) -> None:
    decide(actor, EDIT_SELF, Resource())
    account = repository.account(session, actor.account_id) if actor.account_id else None
    if account is None:
        raise NotFound(N_("There is no such account."))
    account.name, account.lang = name, lang
    session.add(account)


def sessions_of(session: Session, *, actor: Principal) -> list[SessionView]:
    """Where the account is signed in."""
    decide(actor, EDIT_SELF, Resource())
    current = digest(actor.session_token)
    rows = repository.web_sessions_of(session, actor.account_id) if actor.account_id else []
    return [
        SessionView(
            id=row.id,
            agent=row.agent,
            started_at=row.started_at,
            seen_at=row.seen_at,
            current=row.token_hash == current,
        )
        for row in rows
    ]


def end_session(session: Session, *, actor: Principal, session_id: UUID) -> None:
    """End one of the account's own sessions."""
    decide(actor, EDIT_SELF, Resource())
    rows = repository.web_sessions_of(session, actor.account_id) if actor.account_id else []
    if session_id not in {row.id for row in rows}:
        raise NotFound(N_("You have no such session."))
    repository.end_sessions(session, [session_id])


def create_signin_link(
    session: Session,
    email: str,
    hours: int,
    *,
    now: datetime,
    lang: Lang = "en",
    reusable: bool = False,
) -> str:
    """The path of a link that signs `email` in. Only the operator's commands call this: who has the machine has it all.

    reusable: until it expires, as a demo needs it; otherwise the link works once.
    """
    account = repository.account_by_email(session, tidy_email(email))
    if account is None:
        raise NotFound(N_("There is no account with this e-mail address."), where="email")
    token = new_token()
    session.add(
        SignInLink(
            token_hash=digest(token),
            account_id=account.id,
            reusable=reusable,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    return f"/{lang}/signin/link/{token}"


def link_account(session: Session, *, token: str, now: datetime) -> str:
    """The name of the person whom a link would sign in. Changes nothing."""
    return _usable_link(session, token, now, lock=False)[1].name


def sign_in_by_link(session: Session, *, token: str, agent: str, now: datetime) -> str:
    """Start a session by an operator's link; gives the token for the cookie."""
    link, account = _usable_link(session, token, now, lock=True)
    link.used_at = now
    session.add(link)
    return _start(session, account, agent=agent, now=now)


def _usable_link(session: Session, token: str, now: datetime, *, lock: bool) -> tuple[SignInLink, Account]:
    link = repository.sign_in_link(session, digest(token), lock=lock)
    account = repository.account(session, link.account_id) if link is not None else None
    spent = link is None or link.expires_at <= now or (link.used_at is not None and not link.reusable)
    if link is None or spent or account is None or account.state != "ACTIVE":
        raise LinkNotUsable(
            N_("This link was used, has expired, or never was one."),
            hint=N_("Ask the operator for a new one."),
        )
    return link, account


def _current(session: Session, actor: Principal) -> WebSession | None:
    found = (
        repository.web_session_by_hash(session, digest(actor.session_token)) if actor.session_token else None
    )
    return found[0] if found is not None else None


def _own(session: Session, actor: Principal) -> WebSession:
    row = _current(session, actor)
    if row is None or row.account_id != actor.account_id:
        raise NotFound(N_("This works on a signed-in page only."))
    return row


def _renew(session: Session, row: WebSession) -> str:
    token = new_token()
    row.token_hash = digest(token)
    session.add(row)
    return token

"""API keys: made, shown once, listed, rotated, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from market.accounts import repository
from market.accounts.confirmation import require_fresh
from market.accounts.errors import KeyEnded, ScopeNotAllowed
from market.accounts.models import Account, ApiKey
from market.accounts.schemas import ApiKeyView, LoggedIn, LoginRequest, NewApiKey, Rotation, Scope
from market.accounts.sessions import first_organisation, usable_account
from market.accounts.tokens import format_api_key, new_api_key
from market.accounts.verbs import (
    CREATE_API_KEY,
    END_OWN_KEY,
    READ_ALL_API_KEYS,
    READ_API_KEYS,
    REVOKE_ANY_API_KEY,
    REVOKE_API_KEY,
)
from market.accounts.views import account_view, api_key_view, org_view
from market.kit.auth import Principal, Resource, allowed, decide
from market.kit.errors import NotFound
from market.kit.i18n import N_

if TYPE_CHECKING:
    from sqlmodel import Session

LOGIN_LIFE = timedelta(days=90)


def create_api_key(
    session: Session, *, actor: Principal, org_id: UUID, new: NewApiKey, now: datetime
) -> ApiKeyView:
    """A key that acts for the organisation with at most its maker's rights. The view's key is the only copy."""
    decide(actor, CREATE_API_KEY, Resource(org_id=org_id))
    require_fresh(actor, now)
    if Scope.MANAGE in new.scopes:
        raise ScopeNotAllowed(
            N_("The scope account:manage comes only with a login by password."),
            hint=N_("Leave it out; use the login command for that."),
            where="scopes",
        )
    if actor.account_id is None:
        raise NotFound(N_("There is no such account."))
    row, text = _make(
        actor.account_id, org_id, new.label, new.scopes, now=now, expires_at=now + timedelta(days=new.days)
    )
    session.add(row)
    session.flush()
    return api_key_view(row, now, text)


def login_for_key(
    session: Session,
    *,
    account_id: UUID,
    compared_hash: str,
    request: LoginRequest,
    network_hash: str,
    now: datetime,
) -> LoggedIn:
    """A key for the command line, after the password matched `compared_hash`."""
    account = usable_account(session, account_id, compared_hash)
    org_id = request.organisation or first_organisation(session, account.id)
    if org_id is not None and not repository.roles(session, org_id, account.id):
        raise NotFound(N_("You are no member of such an organisation."), where="organisation")
    repository.remember_network(session, account.id, network_hash, now)
    row, text = _make(account.id, org_id, request.label, list(Scope), now=now, expires_at=now + LOGIN_LIFE)
    row.confirmed_at = now
    session.add(row)
    session.flush()
    org = repository.organisation(session, org_id) if org_id else None
    return LoggedIn(
        key=text,
        key_id=row.id,
        expires_at=row.expires_at,
        account=account_view(account),
        organisation=org_view(org) if org else None,
    )


def _make(
    account_id: UUID,
    org_id: UUID | None,
    label: str,
    scopes: list[Scope],
    *,
    now: datetime,
    expires_at: datetime,
) -> tuple[ApiKey, str]:
    text = new_api_key()
    row = ApiKey(
        public_id=text.public_id,
        secret_hash=text.secret_hash,
        account_id=account_id,
        org_id=org_id,
        label=label,
        scopes=sorted({str(scope) for scope in scopes}),
        created_at=now,
        expires_at=expires_at,
    )
    return row, format_api_key(text)


def api_keys_of(session: Session, *, actor: Principal, org_id: UUID, now: datetime) -> list[ApiKeyView]:
    """One's own keys for the organisation; all of them for its owners and administrators."""
    resource = Resource(org_id=org_id)
    decide(actor, READ_API_KEYS, resource)
    only = None if allowed(actor, READ_ALL_API_KEYS, resource) else actor.account_id
    return [api_key_view(row, now) for row in repository.api_keys_of(session, org_id, only)]


def revoke_api_key(
    session: Session, *, actor: Principal, org_id: UUID, key_id: UUID, now: datetime
) -> ApiKeyView:
    """End a key at once: one's own, or any of the organisation for its owners and administrators."""
    row = _reachable(session, actor, org_id, key_id)
    if row.revoked_at is None or row.revoked_at > now:
        row.revoked_at = now
        session.add(row)
    return api_key_view(row, now)


def rotate_api_key(
    session: Session, *, actor: Principal, org_id: UUID, key_id: UUID, rotation: Rotation, now: datetime
) -> ApiKeyView:
    """A successor with the same scopes and the same length of life; the old key ends after the overlap."""
    decide(actor, CREATE_API_KEY, Resource(org_id=org_id))
    require_fresh(actor, now)
    old = _reachable(session, actor, org_id, key_id)
    if old.account_id != actor.account_id:
        raise NotFound(N_("There is no such API key."))
    if api_key_view(old, now).state != "live" or old.revoked_at is not None:
        raise KeyEnded(N_("This key has ended or has a successor already."), hint=N_("Make a new key."))
    scopes = [Scope(scope) for scope in old.scopes if scope != Scope.MANAGE]
    life = old.expires_at - old.created_at
    row, text = _make(old.account_id, org_id, old.label, scopes, now=now, expires_at=now + life)
    old.revoked_at = now + timedelta(hours=rotation.overlap_hours)
    session.add(old)
    session.add(row)
    session.flush()
    return api_key_view(row, now, text)


def end_own_key(session: Session, *, actor: Principal, now: datetime) -> None:
    """Log out on the command line: the key that made this request ends."""
    decide(actor, END_OWN_KEY, Resource())
    row = repository.api_key(session, actor.key_id, lock=True) if actor.key_id else None
    if row is None:
        raise NotFound(N_("There is no such API key."))
    row.revoked_at = now
    session.add(row)


def _reachable(session: Session, actor: Principal, org_id: UUID, key_id: UUID) -> ApiKey:
    resource = Resource(org_id=org_id)
    decide(actor, REVOKE_API_KEY, resource)
    row = repository.api_key(session, key_id, lock=True)
    mine = row is not None and row.account_id == actor.account_id
    if row is None or row.org_id != org_id or not (mine or allowed(actor, REVOKE_ANY_API_KEY, resource)):
        raise NotFound(N_("There is no such API key."))
    return row


def still_works(row: ApiKey, account: Account, now: datetime) -> bool:
    """Whether the key itself still works; what it may do is another question."""
    revoked = row.revoked_at is not None and row.revoked_at <= now
    return not revoked and row.expires_at > now and account.state == "ACTIVE"

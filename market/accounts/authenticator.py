"""Credentials become a principal, with the rights of the membership as it is at this moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from market.accounts import repository
from market.accounts.api_keys import still_works
from market.accounts.models import Account, Organisation
from market.accounts.schemas import OrgKind, OrgState
from market.accounts.sessions import is_over
from market.accounts.tokens import digest, parse_api_key
from market.accounts.views import org_name
from market.kit.auth import ANONYMOUS, Principal, Role, Via
from market.kit.clock import Clock
from market.kit.db import Database
from market.kit.errors import DatabaseBusy, SignInRequired
from market.kit.i18n import N_

if TYPE_CHECKING:
    from sqlmodel import Session

log = logging.getLogger("datawharf.accounts")

# Noting the last use is a write; these are how exact it is.
SESSION_SEEN_EVERY = timedelta(minutes=1)
KEY_USED_EVERY = timedelta(hours=1)


class AccountsAuthenticator:
    """The kit's port Authenticator."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def by_api_key(self, session: Session, token: str) -> Principal:
        text = parse_api_key(token)
        if text is None:
            raise _refused()
        now = self._clock.now()
        found = repository.api_key_by_public_id(session, text.public_id)
        if found is None:
            raise _refused()
        row, account = found
        # Both sides are hashes of 256 random bits, so comparing them tells nothing by its time.
        if row.secret_hash != text.secret_hash or not still_works(row, account, now):
            raise _refused()
        principal = _standing(account, row.org_id, repository.memberships_of(session, account.id))
        if row.org_id is not None and principal.org_id is None:
            raise _refused()
        if row.last_used_at is None or now - row.last_used_at >= KEY_USED_EVERY:
            self._note(lambda writing: repository.mark_key_used(writing, row.id, now))
        return replace(
            principal,
            via=Via.API_KEY,
            scopes=frozenset(row.scopes),
            key_id=row.id,
            confirmed_at=row.confirmed_at,
        )

    def by_session(self, session: Session, token: str) -> Principal:
        found = repository.web_session_by_hash(session, digest(token))
        if found is None:
            return ANONYMOUS
        row, account = found
        now = self._clock.now()
        memberships = repository.memberships_of(session, account.id)
        staff = any(org.kind != OrgKind.MEMBER for org, _ in memberships)
        if account.state != "ACTIVE" or is_over(row, staff=staff, now=now):
            return ANONYMOUS
        if now - row.seen_at >= SESSION_SEEN_EVERY:
            self._note(lambda writing: repository.mark_session_seen(writing, row.id, now))
        return replace(
            _standing(account, row.org_id, memberships),
            via=Via.SESSION,
            session_token=token,
            confirmed_at=row.confirmed_at,
        )

    def standing(self, session: Session, *, account_id: UUID, org_id: UUID, key_id: UUID | None) -> Principal:
        account = repository.account(session, account_id)
        if account is None or account.state != "ACTIVE":
            return ANONYMOUS
        principal = _standing(account, org_id, repository.memberships_of(session, account_id))
        if principal.org_id is None:
            return ANONYMOUS
        if key_id is None:
            return replace(principal, via=Via.SESSION)
        row = repository.api_key(session, key_id)
        if row is None or not still_works(row, account, self._clock.now()):
            return ANONYMOUS
        return replace(principal, via=Via.API_KEY, scopes=frozenset(row.scopes), key_id=row.id)

    def _note(self, write: Callable[[Session], None]) -> None:
        try:
            with self._db.writing() as session:
                write(session)
        except DatabaseBusy:
            log.info("the time of a last use was not noted: the database is busy")


def _standing(
    account: Account, org_id: UUID | None, memberships: list[tuple[Organisation, frozenset[Role]]]
) -> Principal:
    """What the account may be in `org_id` now: nothing, if it is no member or the organisation is suspended."""
    here = next((each for each in memberships if each[0].id == org_id), None)
    if here is None or here[0].state != OrgState.ACTIVE:
        return Principal(account_id=account.id, label=account.name)
    org, roles = here
    return Principal(
        account_id=account.id,
        org_id=org.id,
        roles=roles,
        zone=org.adcode if org.kind == OrgKind.ZONE else None,
        platform=org.kind == OrgKind.PLATFORM,
        label=account.name,
        org_name=org_name(org),
    )


def _refused() -> SignInRequired:
    return SignInRequired(
        N_("This API key is unknown, mistyped, or has ended."), hint=N_("Log in again, or make a new key.")
    )

"""Rows as shapes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from market.accounts.models import Account, ApiKey, Invite, Organisation
from market.accounts.schemas import (
    AccountView,
    ApiKeyView,
    InviteView,
    LegalKind,
    MembershipView,
    OrgKind,
    OrgState,
    OrgView,
)
from market.kit.auth import Role
from market.kit.i18n import Lang
from market.kit.texts import LocalText


def lang_of(account: Account) -> Lang:
    return "en" if account.lang == "en" else "zh"


def account_view(account: Account) -> AccountView:
    return AccountView(id=account.id, email=account.email, name=account.name, lang=lang_of(account))


def org_name(org: Organisation) -> LocalText:
    return LocalText(zh=org.name_zh, en=org.name_en)


def org_view(org: Organisation) -> OrgView:
    return OrgView(
        id=org.id,
        urn=org.urn,
        name=org_name(org),
        kind=OrgKind(org.kind),
        legal_kind=LegalKind(org.legal_kind),
        uscc=org.uscc,
        adcode=org.adcode,
        industry=org.industry,
        zone=org.zone,
        state=OrgState(org.state),
        revision=org.revision,
        created_at=org.created_at,
    )


def membership_view(org: Organisation, roles: Iterable[Role]) -> MembershipView:
    return MembershipView(
        organisation=org.id,
        name=org_name(org),
        kind=OrgKind(org.kind),
        state=OrgState(org.state),
        roles=sorted(roles),
    )


def invite_view(invite: Invite, org: Organisation, now: datetime, token: str | None = None) -> InviteView:
    state: Literal["open", "accepted", "withdrawn", "expired"] = "open"
    if invite.accepted_at is not None:
        state = "accepted"
    elif invite.withdrawn_at is not None:
        state = "withdrawn"
    elif invite.expires_at <= now:
        state = "expired"
    return InviteView(
        id=invite.id,
        organisation=org.id,
        organisation_name=org_name(org),
        email=invite.email,
        roles=[Role(role) for role in invite.roles],
        state=state,
        expires_at=invite.expires_at,
        token=token,
    )


def api_key_view(key: ApiKey, now: datetime, text: str | None = None) -> ApiKeyView:
    state: Literal["live", "ended", "revoked"] = "live"
    if key.revoked_at is not None and key.revoked_at <= now:
        state = "revoked"
    elif key.expires_at <= now:
        state = "ended"
    return ApiKeyView(
        id=key.id,
        public_id=key.public_id,
        label=key.label,
        organisation=key.org_id,
        account_id=key.account_id,
        scopes=key.scopes,
        state=state,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        key=text,
    )

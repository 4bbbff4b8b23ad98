"""Accounts in verbs. The verbs live in modules by subject; this is what doors and other slices use."""

from __future__ import annotations

from market.accounts.api_keys import (
    api_keys_of,
    create_api_key,
    end_own_key,
    login_for_key,
    revoke_api_key,
    rotate_api_key,
)
from market.accounts.authenticator import AccountsAuthenticator
from market.accounts.confirmation import is_fresh, may_bind, may_manage, require_fresh
from market.accounts.industries import INDUSTRIES
from market.accounts.members import (
    accept_invite,
    change_roles,
    invite,
    invites_of,
    leave,
    members_of,
    read_invite,
    remove_member,
    withdraw_invite,
)
from market.accounts.organisations import (
    appoint,
    create_org,
    edit_org,
    found_platform,
    found_zone,
    is_member,
    me,
    my_org,
    my_organisations,
    org,
    org_names,
    platform_org,
    refuse_weak_password,
    restore_org,
    sign_up,
    suspend_org,
    zone_org,
    zone_orgs,
)
from market.accounts.passwords import Passwords
from market.accounts.sessions import (
    Credentials,
    change_password,
    confirm,
    create_signin_link,
    credentials,
    edit_profile,
    end_session,
    link_account,
    password_of,
    sessions_of,
    sign_in,
    sign_in_by_link,
    sign_out,
    switch_organisation,
    wrong_credentials,
    wrong_password,
)
from market.accounts.signing_keys import bind_signing_key, withdraw_signing_key


def hash_password(password: str) -> str:
    """For commands; the server hashes in a queue of its own."""
    return Passwords().hash(password)


__all__ = [
    "INDUSTRIES",
    "AccountsAuthenticator",
    "Credentials",
    "Passwords",
    "accept_invite",
    "api_keys_of",
    "appoint",
    "bind_signing_key",
    "change_password",
    "change_roles",
    "confirm",
    "create_api_key",
    "create_org",
    "create_signin_link",
    "credentials",
    "edit_org",
    "edit_profile",
    "end_own_key",
    "end_session",
    "found_platform",
    "found_zone",
    "hash_password",
    "invite",
    "invites_of",
    "is_fresh",
    "is_member",
    "leave",
    "link_account",
    "login_for_key",
    "may_bind",
    "may_manage",
    "me",
    "members_of",
    "my_org",
    "my_organisations",
    "org",
    "org_names",
    "password_of",
    "platform_org",
    "read_invite",
    "refuse_weak_password",
    "remove_member",
    "require_fresh",
    "restore_org",
    "revoke_api_key",
    "rotate_api_key",
    "sessions_of",
    "sign_in",
    "sign_in_by_link",
    "sign_out",
    "sign_up",
    "suspend_org",
    "switch_organisation",
    "withdraw_invite",
    "withdraw_signing_key",
    "wrong_credentials",
    "wrong_password",
    "zone_org",
    "zone_orgs",
]

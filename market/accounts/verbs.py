"""What one can do here, and with which role."""

from __future__ import annotations

from market.kit.auth import Reach, Role, Verb

_ALL = frozenset(Role)
_HEADS = frozenset({Role.OWNER, Role.ADMIN})
# Comes only with a key that was made by a login with password, and only while that is fresh.
_MANAGE = "account:manage"

SIGN_UP = Verb("sign_up", Reach.ANYONE)
SIGN_IN = Verb("sign_in", Reach.ANYONE)
SIGN_OUT = Verb("sign_out", Reach.ANYONE)
READ_SELF = Verb("read_self", Reach.SELF, key_scope="org:read", writes=False)
EDIT_SELF = Verb("edit_self", Reach.SELF)
END_OWN_KEY = Verb("end_own_key", Reach.SELF, key_scope="org:read")
CREATE_ORG = Verb("create_organisation", Reach.SELF, key_scope=_MANAGE)
SWITCH_ORG = Verb("switch_organisation", Reach.SELF)
ACCEPT_INVITE = Verb("accept_invite", Reach.SELF, key_scope=_MANAGE)
LEAVE_ORG = Verb("leave_organisation", Reach.SELF)

READ_ORG = Verb("read_organisation", Reach.OWN, _ALL, key_scope="org:read", writes=False)
EDIT_ORG = Verb("edit_organisation", Reach.OWN, _HEADS, key_scope=_MANAGE)
READ_MEMBERS = Verb("read_members", Reach.OWN, _ALL, key_scope="org:read", writes=False)
INVITE = Verb("invite", Reach.OWN, _HEADS, key_scope=_MANAGE)
READ_INVITES = Verb("read_invites", Reach.OWN, _HEADS, key_scope="org:read", writes=False)
CHANGE_ROLES = Verb("change_roles", Reach.OWN, _HEADS, key_scope=_MANAGE)
REMOVE_MEMBER = Verb("remove_member", Reach.OWN, _HEADS, key_scope=_MANAGE)

CREATE_API_KEY = Verb("create_api_key", Reach.OWN, _ALL, key_scope=_MANAGE)
READ_API_KEYS = Verb("read_api_keys", Reach.OWN, _ALL, key_scope="org:read", writes=False)
REVOKE_API_KEY = Verb("revoke_api_key", Reach.OWN, _ALL, key_scope=_MANAGE)
READ_ALL_API_KEYS = Verb("read_all_api_keys", Reach.OWN, _HEADS, key_scope="org:read", writes=False)
REVOKE_ANY_API_KEY = Verb("revoke_any_api_key", Reach.OWN, _HEADS, key_scope=_MANAGE)

SUSPEND_ORG = Verb("suspend_organisation", Reach.PLATFORM, frozenset({Role.OPERATOR}), key_scope=_MANAGE)
FOUND_ORG = Verb("found_organisation", Reach.PLATFORM, frozenset({Role.OPERATOR}))

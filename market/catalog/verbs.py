"""What one can do in the catalogue."""

from __future__ import annotations

from market.kit.auth import Reach, Role, Verb

_STAFF = frozenset({Role.OWNER, Role.ADMIN, Role.PUBLISHER})

READ_OWN_ASSETS = Verb(
    "read_own_assets",
    Reach.OWN,
    _STAFF | {Role.BUYER, Role.BILLING, Role.MEMBER, Role.AUDITOR},
    key_scope="catalog:read",
    writes=False,
)
EDIT_ASSET = Verb("edit_asset", Reach.OWN, _STAFF, key_scope="asset:write")
UPLOAD = Verb("upload_file", Reach.OWN, _STAFF, key_scope="upload:write")
UPLOAD_STATE = Verb("read_upload", Reach.OWN, _STAFF, key_scope="upload:write", writes=False)
REGISTER_VERSION = Verb(
    "register_version", Reach.OWN, frozenset({Role.OWNER, Role.PUBLISHER}), key_scope="statement:submit"
)

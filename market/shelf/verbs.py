"""What one can do with the shelf."""

from market.kit.auth import Reach, Role, Verb

_PUBLISHERS = frozenset({Role.OWNER, Role.ADMIN, Role.PUBLISHER})
SEARCH = Verb("search_catalogue", Reach.ANYONE, writes=False)
READ_LISTING = Verb(
    "read_listing", Reach.OWN, _PUBLISHERS | {Role.MEMBER, Role.AUDITOR}, "catalog:read", writes=False
)
LIST_ASSET = Verb("list_asset", Reach.OWN, _PUBLISHERS, "asset:publish")

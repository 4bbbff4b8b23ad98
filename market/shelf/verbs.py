"""What one can do with the shelf."""

from market.kit.auth import Reach, Role, Verb

_PUBLISHERS = frozenset({Role.OWNER, Role.ADMIN, Role.PUBLISHER})
SEARCH = Verb("shelf:search", Reach.ANYONE, writes=False)
READ_LISTING = Verb(
    "listing:read", Reach.OWN, _PUBLISHERS | {Role.MEMBER, Role.AUDITOR}, "catalog:read", writes=False
)
LIST_ASSET = Verb("listing:change", Reach.OWN, _PUBLISHERS, "asset:publish")

"""What one can do about delivery."""

from market.kit.auth import Reach, Role, Verb

_BUYERS = frozenset({Role.OWNER, Role.ADMIN, Role.BUYER})
_HOLDERS = _BUYERS | {Role.MEMBER, Role.PUBLISHER}

DOWNLOAD = Verb("delivery:download", Reach.OWN, _HOLDERS, "download:read", writes=False)
MAKE_TICKET = Verb("delivery:ticket", Reach.OWN, _HOLDERS, "download:read")
READ_ROWS = Verb("delivery:rows", Reach.OWN, _HOLDERS, "download:read", writes=False)
ACKNOWLEDGE = Verb("delivery:acknowledge", Reach.OWN, _BUYERS, "statement:submit")
READ_DELIVERIES = Verb(
    "delivery:read", Reach.OWN, _HOLDERS | {Role.BILLING, Role.AUDITOR}, "usage:read", writes=False
)
# The ticket itself is the right; the service looks at what it stands for.
USE_TICKET = Verb("delivery:use-ticket", Reach.ANYONE, writes=False)

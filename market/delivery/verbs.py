"""What one can do about delivery."""

from market.kit.auth import Reach, Role, Verb

_BUYERS = frozenset({Role.OWNER, Role.ADMIN, Role.BUYER})
_HOLDERS = _BUYERS | {Role.MEMBER, Role.PUBLISHER}

DOWNLOAD = Verb("download_file", Reach.OWN, _HOLDERS, "download:read", writes=False)
MAKE_TICKET = Verb("make_ticket", Reach.OWN, _HOLDERS, "download:read")
READ_ROWS = Verb("read_rows", Reach.OWN, _HOLDERS, "download:read", writes=False)
ACKNOWLEDGE = Verb("acknowledge_delivery", Reach.OWN, _BUYERS, "statement:submit")
READ_DELIVERIES = Verb(
    "read_deliveries", Reach.OWN, _HOLDERS | {Role.BILLING, Role.AUDITOR}, "usage:read", writes=False
)
# The ticket itself is the right; the service looks at what it stands for.
USE_TICKET = Verb("use_ticket", Reach.ANYONE, writes=False)

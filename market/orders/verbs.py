"""What one can do with orders."""

from market.kit.auth import Reach, Role, Verb

_BUYERS = frozenset({Role.OWNER, Role.ADMIN, Role.BUYER, Role.BILLING})
PLACE_ORDER = Verb("place_order", Reach.OWN, _BUYERS, "order:create")
READ_ORDERS = Verb(
    "read_orders", Reach.OWN, _BUYERS | {Role.MEMBER, Role.AUDITOR}, "order:create", writes=False
)
# By jobs, and by the return from the pay page, which only looks: the money decides, nobody's word.
FULFIL = Verb("fulfil_order", Reach.PLATFORM, frozenset({Role.OPERATOR}))

"""What one can do with payments."""

from market.kit.auth import Reach, Role, Verb

NOTIFY = Verb("payment:notify", Reach.ANYONE)
READ_INVOICES = Verb(
    "invoice:read",
    Reach.OWN,
    frozenset({Role.OWNER, Role.ADMIN, Role.BUYER, Role.BILLING, Role.AUDITOR}),
    "invoice:read",
    writes=False,
)
READ_TRANSFERS = Verb("transfer:read", Reach.PLATFORM, frozenset({Role.OPERATOR, Role.AUDITOR}), writes=False)
ENTER_TRANSFER = Verb("transfer:enter", Reach.PLATFORM, frozenset({Role.OPERATOR}))
CONFIRM_TRANSFER = Verb("transfer:confirm", Reach.PLATFORM, frozenset({Role.OPERATOR}))

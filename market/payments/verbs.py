"""What one can do with payments."""

from market.kit.auth import Reach, Role, Verb

NOTIFY = Verb("notify_payment", Reach.ANYONE)
READ_INVOICES = Verb(
    "read_invoices",
    Reach.OWN,
    frozenset({Role.OWNER, Role.ADMIN, Role.BUYER, Role.BILLING, Role.AUDITOR}),
    "invoice:read",
    writes=False,
)
READ_TRANSFERS = Verb(
    "read_transfers", Reach.PLATFORM, frozenset({Role.OPERATOR, Role.AUDITOR}), writes=False
)
ENTER_TRANSFER = Verb("enter_transfer", Reach.PLATFORM, frozenset({Role.OPERATOR}))
CONFIRM_TRANSFER = Verb("confirm_transfer", Reach.PLATFORM, frozenset({Role.OPERATOR}))

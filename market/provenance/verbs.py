"""What one can do with statements and keys."""

from market.kit.auth import Reach, Role, Verb

READ_LOG = Verb("ledger:read", Reach.ANYONE, writes=False)
READ_RECEIPT = Verb("receipt:read", Reach.ANYONE, writes=False)
VERIFY = Verb("receipt:verify", Reach.ANYONE)
BIND_KEY = Verb("signing-key:bind", Reach.OWN, frozenset({Role.OWNER, Role.ADMIN}), "statement:submit")
WITHDRAW_KEY = Verb("signing-key:withdraw", Reach.OWN, frozenset({Role.OWNER, Role.ADMIN}))
READ_KEYS = Verb("signing-key:read", Reach.ANYONE, writes=False)
RECORD = Verb(
    "statement:record", Reach.OWN, frozenset({Role.OWNER, Role.ADMIN, Role.PUBLISHER, Role.BUYER, Role.REVIEWER}),
    "statement:submit",
)  # fmt: skip

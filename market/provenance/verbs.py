"""What one can do with statements and keys."""

from market.kit.auth import Reach, Role, Verb

READ_LOG = Verb("read_ledger", Reach.ANYONE, writes=False)
READ_RECEIPT = Verb("read_receipt", Reach.ANYONE, writes=False)
# What stands behind a commitment (a contract's text, a price) is the parties', by keys that may read contracts at all.
READ_OPENINGS = Verb("read_openings", Reach.OWN, frozenset(Role), "catalog:read", writes=False)
VERIFY = Verb("verify_receipt", Reach.ANYONE)
# Who can bind a key can speak for the organisation ever after: the scope comes only with a login by password.
BIND_KEY = Verb("bind_signing_key", Reach.OWN, frozenset({Role.OWNER}), "account:manage")
WITHDRAW_KEY = Verb("withdraw_signing_key", Reach.OWN, frozenset({Role.OWNER, Role.ADMIN}), "account:manage")
# Whoever holds a bound key may: the statement's own signature is looked at, not who sends it.
REGISTER = Verb("register_statement", Reach.ANYONE)
READ_KEYS = Verb("read_signing_keys", Reach.ANYONE, writes=False)
RECORD = Verb(
    "record_statement", Reach.OWN, frozenset({Role.OWNER, Role.ADMIN, Role.PUBLISHER, Role.BUYER, Role.REVIEWER}),
    "statement:submit",
)  # fmt: skip

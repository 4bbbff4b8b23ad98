"""Which statements may be entries of a log: the rules that its entry 0, its key bindings and withdrawals set.

Entries are given in order, from 0 on. A statement must name this log, be signed with a key that is bound to its issuer
at that point (or with the platform's), and what binds or withdraws a key must be the platform's word.
"""

from collections.abc import Sequence
from contextlib import suppress

from ledger.bindings import (
    KEY_BINDING,
    LOG_POLICY,
    LogPolicy,
    parse_key_binding,
    verify_key_binding,
    verify_log_policy,
)
from ledger.encoding import parse_hex
from ledger.errors import LedgerError, Malformed, Unverified
from ledger.keys import KEY_SIZE, PublicKey
from ledger.note import Verifier
from ledger.rotation import is_rotation, open_rotation
from ledger.statement import Statement, parse_statement

KEY_WITHDRAWAL = "urn:datawharf:predicate/key-withdrawal/v1"

Binding = tuple[str, str, str]
"""(key id in hex, organisation, public key in hex)"""


class EntryRules:
    """The keys in force after the entries so far. `rules` is entry 0 as it stands in the log, once it was given."""

    def __init__(
        self, keys: Sequence[Verifier], rules: bytes | None = None, bindings: list[Binding] | None = None
    ) -> None:
        self._keys = frozenset(keys)
        self._origin = keys[0].name
        self.rules = rules
        self.policy: LogPolicy | None = None
        self._bound = {(kid, org): key for kid, org, key in bindings or []}
        if rules is not None:
            self.policy = self._read_policy(parse_statement(rules))

    @property
    def bindings(self) -> list[Binding]:
        """The bindings in force, in a fixed order."""
        return sorted((kid, org, key) for (kid, org), key in self._bound.items())

    def admit(self, index: int, entry: bytes) -> Statement | None:
        """The statement in entry `index`, which then counts; `Malformed` or `Unverified` says which rule it breaks.

        None for an entry with which the log goes over to another key: both keys signed it.
        """
        if index > 0 and is_rotation(entry):
            rotation = open_rotation(entry)
            if rotation.old not in self._keys:
                raise Unverified("It goes over to another key from one that is not the log's.")
            return None
        statement = parse_statement(entry)
        if index == 0:
            self.policy = self._read_policy(statement)
            self.rules = entry
            return statement
        if self.policy is None:
            raise Unverified("Entry 0 sets no rules, so nobody can say whose keys sign.")
        if statement.claims.aud != self._origin:
            raise Unverified(f"It was made for the log {statement.claims.aud}.")
        statement.verify(self._key_of(statement, self.policy))
        self._apply(statement, self.policy)
        return statement

    def _read_policy(self, statement: Statement) -> LogPolicy:
        policy = verify_log_policy(statement)
        if policy.origin != self._origin or policy.log not in self._keys:
            raise Unverified("Entry 0 names another key of the log than the trust file.")
        return policy

    def _key_of(self, statement: Statement, policy: LogPolicy) -> PublicKey:
        issuer = statement.claims.iss
        if statement.kid == policy.platform_key.thumbprint:
            if issuer != policy.platform_org:
                raise Unverified(f"The platform's key signed in the name of {issuer}.")
            return policy.platform_key
        key = self._bound.get((statement.kid.hex(), issuer))
        if key is None:
            raise Unverified(f"The key {statement.kid.hex()} is not bound to {issuer} at this point.")
        return PublicKey.parse(bytes.fromhex(key))

    def _apply(self, statement: Statement, policy: LogPolicy) -> None:
        if statement.predicate_type == LOG_POLICY:
            raise Unverified("It sets the log's rules anew, which only entry 0 does.")
        if statement.predicate_type == KEY_BINDING:
            bound = verify_key_binding(statement, policy)
            self._bound[bound.key.thumbprint.hex(), bound.org] = bound.key.raw.hex()
        elif statement.predicate_type == KEY_WITHDRAWAL:
            if statement.kid != policy.platform_key.thumbprint:
                raise Unverified("It withdraws a key, which is for the platform to state.")
            org, key = _withdrawn(statement)
            if self._bound.pop((key.thumbprint.hex(), org), None) is None:
                raise Unverified(f"It withdraws a key that is not bound to {org}.")


def names_in(statement: Statement) -> set[str]:
    """Everything by which a statement can be told to be about somebody or something.

    Issuer, subject, key id, digests, leaf hash, every text in the predicate; of a bound key its id as well, and of
    names of the form urn:datawharf:… the UUID alone.
    """
    claims = statement.claims
    found = {claims.iss, claims.sub, statement.kid.hex(), statement.leaf_hash.hex()}
    for subject in statement.document["subject"]:
        found.update(subject["digest"].values())
    found.update(_texts(statement.predicate))
    if statement.predicate_type == KEY_BINDING:
        with suppress(LedgerError):
            found.add(parse_key_binding(statement).key.thumbprint.hex())
    return found | {name.rpartition(":")[2] for name in found if name.startswith("urn:datawharf:")}


def _texts(value: object) -> set[str]:
    match value:
        case str():
            return {value}
        case dict():
            return set().union(*(_texts(each) for each in value.values()))
        case list():
            return set().union(*(_texts(each) for each in value))
    return set()


def _withdrawn(statement: Statement) -> tuple[str, PublicKey]:
    match statement.predicate:
        case {"org": str() as org, "key": str() as key}:
            return org, PublicKey.parse(parse_hex(key, "withdrawn key", KEY_SIZE))
    raise Malformed("The key withdrawal does not name an organisation and a key.")

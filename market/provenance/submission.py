"""Statements that come by the standard way in (SCRAPI), and who may register what there.

The registration policy is a rule in entry 0 of the log: a statement for this log, signed with a key that is bound in it
to the organisation that the statement names, and of a kind that no business of the marketplace stands behind. All other
kinds come through the marketplace's own verbs, which check that the fact is so. What the log has already is answered
again, whatever its kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from ledger.errors import Malformed
from ledger.hashing import leaf_hash
from ledger.receipt import parse_bundle
from ledger.scrapi import parse_submission
from ledger.tiles import MAX_ENTRY_SIZE
from market.kit.auth import ANONYMOUS, Principal, Resource, decide, system
from market.kit.concise import ProtocolFault
from market.kit.errors import Fault, Kind
from market.kit.i18n import N_
from market.provenance import repository, service
from market.provenance.gateway import Ledger
from market.provenance.verbs import REGISTER
from market.statements import Fact

OPEN_KINDS = frozenset({"attestation"})
# The statement's own signature says who registers it; the service checks it against the directory of keys.
_THE_SIGNER = system("entries")
_SEND = N_("Send one tagged COSE_Sign1 as application/cose.")


class MalformedSubmission(ProtocolFault):
    kind, slug, title = Kind.MALFORMED, "submission-malformed", "Malformed request"


class UnknownAlgorithm(ProtocolFault):
    kind, slug, title = Kind.MALFORMED, "submission-algorithm", "Bad Signature Algorithm"


class PayloadMissing(ProtocolFault):
    kind, slug, title = Kind.MALFORMED, "submission-payload-missing", "Payload Missing"


class Rejected(ProtocolFault):
    kind, slug, title = Kind.MALFORMED, "submission-rejected", "Rejected"


class StatementTooLarge(ProtocolFault):
    kind, slug, title = Kind.TOO_LARGE, "submission-too-large", "Content Too Large"


@dataclass(frozen=True)
class Registered:
    """leaf: hex leaf hash of the entry, which names it for ever. receipt: RFC 9942 bytes, once it is published."""

    leaf: str
    receipt: bytes | None


def accept(data: bytes) -> bytes:
    """The entry that a submission asks for, as far as it can be judged without looking anything up."""
    try:
        found = parse_submission(data)
    except Malformed as error:
        raise MalformedSubmission("%(why)s", hint=_SEND, why=error) from error
    if not found.known_algorithm:
        raise UnknownAlgorithm(
            N_("The statement is not signed with Ed25519 (EdDSA), the one algorithm that is taken.")
        )
    if found.detached:
        raise PayloadMissing(N_("The payload of the statement must be in it."))
    if len(found.entry) > MAX_ENTRY_SIZE:
        raise StatementTooLarge(
            N_("The statement has %(size)s bytes; an entry of the log has at most %(limit)s."),
            hint=N_("State the digest of what is large, and keep the rest elsewhere."),
            size=len(found.entry),
            limit=MAX_ENTRY_SIZE,
        )
    return found.entry


def register(session: Session, *, actor: Principal, ledger: Ledger, entry: bytes, now: datetime) -> str:
    """Register an entry and return its leaf hash in hex; one that is known already stays as it is.

    When the caller's transaction is committed it is acknowledged. Refused with the reason if the policy does not take it.
    """
    decide(actor, REGISTER, Resource())
    leaf = leaf_hash(entry).hex()
    if repository.statement(session, leaf) is not None or ledger.genesis_index(leaf) is not None:
        return leaf
    try:
        _check_kind(service.read(ledger, entry))
        return service.record(session, actor=_THE_SIGNER, ledger=ledger, statement=entry, now=now).leaf
    except ProtocolFault:
        raise
    except Fault as fault:
        rejected = Rejected(fault.detail, hint=fault.hint)
        rejected.params = fault.params
        raise rejected from fault


def registered(session: Session, *, ledger: Ledger, leaf: str) -> Registered:
    """What became of a registration. NotFound if none of that leaf hash was acknowledged."""
    bundle = service.receipt(session, actor=ANONYMOUS, ledger=ledger, leaf=leaf)
    return Registered(leaf, None if bundle is None else parse_bundle(bundle).cose_receipt)


def _check_kind(fact: Fact) -> None:
    if fact.kind.name not in OPEN_KINDS:
        raise Rejected(
            N_("Statements of the kind %(name)s are not registered here."),
            hint=N_("The marketplace registers them itself, where the business is done: see its API."),
            name=fact.kind.name,
        )

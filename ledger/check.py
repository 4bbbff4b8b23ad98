"""Checking a receipt against a trust file, step by step, without a network.

What is trusted is the trust file alone. From there:

    trust file  ->  log key  ->  checkpoint (size, root)  ->  entry 0 (platform key, receipt key, time key)
                ->  key binding (the signer's key)  ->  statement  ->  manifest, data and sealed contents

Size and root come from the verified checkpoint, never from a proof; keys come from the trust file or from an entry
proved to be in the ledger. Steps go on after a failure where they can, so that the report names the one thing that
was changed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.bindings import KEY_BINDING, LogPolicy, parse_key_binding, verify_key_binding, verify_log_policy
from ledger.check_data import check_data
from ledger.check_time import Sighting, sighting_of_token, time_bounds
from ledger.checkpoint import Checkpoint, cosignatures, open_checkpoint, parse_checkpoint
from ledger.cose_receipt import parse_cose_receipt, receipt_header, verify_cose_receipt
from ledger.errors import LedgerError, Malformed, Unsupported, Unverified
from ledger.finding import Finding, depends, run_step
from ledger.index.withdrawal import check_not_withdrawn
from ledger.keys import PublicKey
from ledger.manifest import Manifest
from ledger.note import Verifier, open_note, parse_note
from ledger.policy import Policy, fingerprint, quorum_met
from ledger.proofs import root_from_inclusion
from ledger.receipt import Bundle, parse_bundle
from ledger.report import Report, Step
from ledger.statement import Statement, commitment, parse_statement
from ledger.timestamp import Token
from ledger.verifying import once, verifying_session

__all__ = ["CODES", "Report", "Step", "check_bundle", "check_many"]

CODES = (
    "readable",
    "fingerprint",
    "statement_signature",
    "log_policy",
    "key_binding",
    "included",
    "log_signature",
    "cose_receipt",
    "time",
    "witnesses",
    "openings",
    "key_not_revoked",
)
"""The steps, in the order in which a report shows them."""


@dataclass(frozen=True)
class _Entry:
    """An entry that the receipt brings, with its proof."""

    statement: Statement
    index: int
    path: tuple[bytes, ...]


@dataclass
class _Case:
    """A receipt that could be read, and what has been established about it so far."""

    bundle: Bundle
    trust: Policy
    now: int | None
    history: bytes | None
    timestamp: Token | None
    main: _Entry
    supporting: list[_Entry]
    claimed: Checkpoint
    checkpoint: Checkpoint | None = None
    log_policy: LogPolicy | None = None
    bound: int | None = None
    witness_times: dict[str, int] = field(default_factory=dict)

    def established_checkpoint(self) -> Checkpoint:
        """The checkpoint, once the log's signature over it held."""
        if self.checkpoint is None:
            raise depends()
        return self.checkpoint

    def established_policy(self) -> LogPolicy:
        """What entry 0 says, once it is proved."""
        if self.log_policy is None:
            raise depends()
        return self.log_policy


@verifying_session()
def check_bundle(
    data: bytes,
    trust: Policy,
    *,
    manifest: Manifest | None = None,
    files: Mapping[str, Path] | None = None,
    now: int | None = None,
    history: bytes | None = None,
    timestamp: Token | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Check the receipt `data` against `trust`, and against `files` (name in the manifest -> place) if given.

    `now` is the verifier's clock in POSIX seconds. `history` is that of the signing key, `key:<hex>` in the index:
    without it nobody knows whether the key was withdrawn before. `timestamp` is a token over the receipt's checkpoint,
    with the authorities that the verifier believes. `on_progress` gets the bytes of `files` hashed so far. Never raises for
    anything in the receipt, the token or the files: the report says what is wrong.
    """
    try:
        case = _read(data, trust, now, history, timestamp)
    except Malformed as error:
        unread = {code: Step(code, "not_run", {}, "depends") for code in CODES[1:]}
        unread["key_not_revoked"] = Step("key_not_revoked", "not_run")
        return Report((Step("readable", "failed", {"reason": str(error)}), *unread.values()))
    steps = {
        code: run_step(code, step, case)
        for code, step in (
            ("log_signature", _check_log_signature),
            ("included", _check_included),
            ("log_policy", _check_log_policy),
            ("key_binding", _check_key_binding),
            ("statement_signature", _check_statement_signature),
            ("cose_receipt", _check_cose_receipt),
            ("witnesses", _check_witnesses),
            ("time", _check_time),
            ("openings", _check_openings),
            ("key_not_revoked", _check_key_not_revoked),
        )
    }
    steps["readable"] = Step("readable", "passed")
    steps["fingerprint"] = run_step(
        "fingerprint", lambda found: check_data(found.main.statement, manifest, files, on_progress), case
    )
    return Report(tuple(steps[code] for code in CODES))


def check_many(receipts: Iterable[bytes], trust: Policy, *, now: int | None = None) -> list[Report]:
    """Check each of many receipts. What they share, such as a checkpoint and its signatures, is verified once."""
    with verifying_session():
        return [check_bundle(data, trust, now=now) for data in receipts]


def _read(
    data: bytes, trust: Policy, now: int | None, history: bytes | None, timestamp: Token | None
) -> _Case:
    bundle = parse_bundle(data)
    parse_cose_receipt(bundle.cose_receipt)
    return _Case(
        bundle,
        trust,
        now,
        history,
        timestamp,
        _Entry(parse_statement(bundle.statement), bundle.index, bundle.path),
        [_Entry(_shared(each.entry), each.index, each.path) for each in bundle.supporting],
        once("claimed", bundle.checkpoint, lambda: parse_checkpoint(parse_note(bundle.checkpoint).text)),
    )


def _fingerprint(trust: Policy) -> str:
    return once("fingerprint", trust, lambda: fingerprint(trust))


def _shared(entry: bytes) -> Statement:
    """A statement that many receipts bring along."""
    return once("statement", entry, lambda: parse_statement(entry))


def _check_log_signature(case: _Case) -> dict[str, Any]:
    origin = case.claimed.origin
    keys = case.trust.log_keys(origin)
    if not keys:
        raise Finding("failed", "unknown_log", origin=origin)
    note = case.bundle.checkpoint
    try:
        case.checkpoint = once("opened", (note, keys), lambda: open_checkpoint(note, *keys))
    except LedgerError:
        raise Finding("failed", "signature", origin=origin) from None
    return {"origin": origin, "size": case.checkpoint.size, "trust": _fingerprint(case.trust)[:16]}


def _check_included(case: _Case) -> dict[str, Any]:
    checkpoint = case.established_checkpoint()
    for entry in (case.main, *case.supporting):
        aud = entry.statement.claims.aud
        if aud != checkpoint.origin:
            raise Finding("failed", "other_log", aud=aud, origin=checkpoint.origin)
        if not _is_included(entry, checkpoint):
            cause = "proof" if entry is case.main else "supporting"
            raise Finding("failed", cause, index=entry.index)
    return {"index": case.main.index, "size": checkpoint.size, "origin": checkpoint.origin}


def _check_log_policy(case: _Case) -> dict[str, Any]:
    checkpoint = case.established_checkpoint()
    entry = next((found for found in (case.main, *case.supporting) if found.index == 0), None)
    if entry is None:
        raise Finding("failed", "missing")
    if not _is_included(entry, checkpoint):
        raise Finding("failed", "not_first")
    try:
        policy = once("log-policy", entry.statement, lambda: verify_log_policy(entry.statement))
    except LedgerError as error:
        raise Finding("failed", "unusable", reason=str(error)) from None
    if policy.origin != checkpoint.origin or policy.log not in case.trust.log_keys(checkpoint.origin):
        raise Finding("failed", "other_log", found=policy.origin, trusted=checkpoint.origin)
    case.log_policy = policy
    return {}


def _check_key_binding(case: _Case) -> dict[str, Any]:
    policy = case.established_policy()
    checkpoint = case.established_checkpoint()
    statement, index = case.main.statement, case.main.index
    if statement.kid == policy.platform_key.thumbprint:
        _check_issuer(policy.platform_org, statement)
        case.bound = 0
        return {"cause": "platform"}
    entry = _find_binding(case)
    if entry is None:
        raise Finding("failed", "missing")
    try:
        binding = once(
            "binding", (entry.statement, policy), lambda: verify_key_binding(entry.statement, policy)
        )
    except LedgerError as error:
        raise Finding("failed", "unusable", reason=str(error)) from None
    if not _is_included(entry, checkpoint):
        raise Finding("failed", "unusable", reason="Its proof of inclusion does not hold.")
    _check_issuer(binding.org, statement)
    if entry.index >= index:
        raise Finding("failed", "bound_later", bound=entry.index, index=index)
    case.bound = entry.index
    return {"org": binding.org, "index": entry.index}


def _check_statement_signature(case: _Case) -> dict[str, Any]:
    statement = case.main.statement
    key = _key_of_statement(case)
    try:
        statement.verify(key)
    except Unverified:
        raise Finding("failed", "signature") from None
    return {"issuer": statement.claims.iss}


def _check_cose_receipt(case: _Case) -> dict[str, Any]:
    checkpoint, policy = case.established_checkpoint(), case.established_policy()
    data = case.bundle.cose_receipt
    receipt = parse_cose_receipt(data)
    header = once("header", policy, lambda: receipt_header(policy.receipt_key, policy.origin))
    expected = (checkpoint.size, case.main.index, case.main.path, header)
    if (receipt.size, receipt.index, receipt.path, receipt.protected) != expected:
        raise Finding("failed", "other_proof")
    try:
        root = verify_cose_receipt(data, case.main.statement.leaf_hash, policy.receipt_key)
    except LedgerError as error:
        raise Finding("failed", "signature", reason=str(error)) from None
    if root != checkpoint.root:
        raise Finding("failed", "other_proof")
    return {}


def _check_witnesses(case: _Case) -> dict[str, Any]:
    case.established_checkpoint()
    seen: dict[str, Verifier] = {}
    unchecked: dict[str, Verifier] = {}
    for witness in case.trust.witnesses:
        try:
            time = _cosigned_at(case, witness.verifier)
        except Unsupported:
            unchecked[witness.name] = witness.verifier
            continue
        except Unverified:
            raise Finding("failed", "signature", name=witness.name) from None
        if time is not None:
            seen[witness.name] = witness.verifier
        if time:
            case.witness_times[witness.name] = time
    if case.trust.quorum is None:
        raise Finding("not_run", "none_required")
    if not quorum_met(case.trust, seen.values()):
        if quorum_met(case.trust, (seen | unchecked).values()):
            raise Finding("failed", "unsupported", names=sorted(unchecked))
        raise Finding("failed", "too_few", quorum=case.trust.quorum, names=sorted(seen))
    return {"names": sorted(seen)}


def _check_time(case: _Case) -> dict[str, Any]:
    case.established_checkpoint()
    cosigner = case.established_policy().cosigner
    try:
        time = _cosigned_at(case, cosigner)
    except Unverified:
        raise Finding("failed", "signature", by=cosigner.name) from None
    sightings = [
        Sighting(case.witness_times[witness.name], witness.name, "witness")
        for witness in case.trust.witnesses
        if witness.name in case.witness_times and witness.verifier.key != cosigner.key
    ]
    if time:
        sightings.append(Sighting(time, cosigner.name, ""))
    if case.timestamp is not None:
        sightings.append(sighting_of_token(case.timestamp, case.bundle.checkpoint))
    return time_bounds(case.main.statement.claims.iat, sightings, case.now)


def _check_openings(case: _Case) -> dict[str, Any]:
    if not case.bundle.openings:
        raise Finding("not_run", "none")
    for opening in case.bundle.openings:
        sealed = case.main.statement.predicate.get(opening.name)
        if sealed != commitment(opening.salt, opening.content).hex():
            raise Finding("failed", "mismatch", name=opening.name)
    return {"names": [opening.name for opening in case.bundle.openings]}


def _check_key_not_revoked(case: _Case) -> dict[str, Any]:
    if case.history is None:
        raise Finding("not_run", "")
    if case.bound is None:
        raise depends()
    return check_not_withdrawn(
        case.history,
        case.trust,
        policy=case.established_policy(),
        receipt=case.established_checkpoint(),
        key=_key_of_statement(case),
        org=case.main.statement.claims.iss,
        bound=case.bound,
        signed=case.main.index,
    )


def _is_included(entry: _Entry, checkpoint: Checkpoint) -> bool:
    proof = (entry.statement.leaf_hash, entry.index, checkpoint.size, entry.path)
    try:
        return once("root", proof, lambda: root_from_inclusion(*proof)) == checkpoint.root
    except Unverified:
        return False


def _check_issuer(org: str, statement: Statement) -> None:
    if org != statement.claims.iss:
        raise Finding("failed", "other_org", org=org, issuer=statement.claims.iss)


def _find_binding(case: _Case) -> _Entry | None:
    """The supporting entry that binds the key which the statement names; nothing in it is verified."""
    for entry in case.supporting:
        if entry.statement.predicate_type != KEY_BINDING:
            continue
        try:
            key = _bound_key(entry)
        except Malformed:
            continue
        if key.thumbprint == case.main.statement.kid:
            return entry
    return None


def _bound_key(entry: _Entry) -> PublicKey:
    return once("bound", entry.statement, lambda: parse_key_binding(entry.statement).key)


def _key_of_statement(case: _Case) -> PublicKey:
    """The key that the statement names, whether or not it is proved whose key it is: that is another step."""
    entry = _find_binding(case)
    if entry is not None:
        return _bound_key(entry)
    policy = case.established_policy()
    if case.main.statement.kid != policy.platform_key.thumbprint:
        raise Finding("failed", "no_key")
    return policy.platform_key


def _cosigned_at(case: _Case, verifier: Verifier) -> int | None:
    """When `verifier` cosigned the checkpoint, in POSIX seconds; None if it did not, 0 if it states no time.

    Unverified if its line is bad, Unsupported if its kind cannot be checked here.
    """
    note = case.bundle.checkpoint
    return once("cosigned", (note, verifier), lambda: _cosigned_on(note, verifier))


def _cosigned_on(note: bytes, verifier: Verifier) -> int | None:
    lines = parse_note(note).signatures
    if not any((line.name, line.key_id) == (verifier.name, verifier.key_id) for line in lines):
        return None
    return cosignatures(open_note(note, [verifier]))[0].time

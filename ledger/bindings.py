"""The two statements that tie keys to names; every receipt carries them.

log-policy/v1    entry 0: {"origin", "log": vkey, "cosigner": vkey, "platform": {"org": URN, "key": hex},
                 "receiptKey": hex, "rules": [...]}, signed by the platform key that it names
key-binding/v1   {"org": URN, "key": hex, "possession": hex}, signed by the platform key
possession       signature of the bound key over "datawharf/key-possession/v1" LF
                 || RFC 8785 JSON {"aud": origin, "key": hex, "org": URN}
"""

from dataclasses import dataclass
from typing import Any

from ledger.encoding import canonical_json, parse_hex
from ledger.errors import Malformed, Unverified
from ledger.keys import KEY_SIZE, SIGNATURE_SIZE, PublicKey, SigningKey
from ledger.names import origin_id, parse_urn
from ledger.note import COSIGNATURE_ED25519, NOTE_ED25519, Verifier, parse_vkey
from ledger.statement import Statement

LOG_POLICY = "urn:datawharf:predicate/log-policy/v1"
KEY_BINDING = "urn:datawharf:predicate/key-binding/v1"


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """What entry 0 says: the keys of the log `origin`, and the platform's organisation and key."""

    origin: str
    log: Verifier
    cosigner: Verifier
    platform_org: str
    platform_key: PublicKey
    receipt_key: PublicKey


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """What a binding says: `key` signs for `org`, and has itself signed `possession` (64 bytes) for that."""

    org: str
    key: PublicKey
    possession: bytes


def possession_message(origin: str, org: str, key: PublicKey) -> bytes:
    """What a key signs before it is bound to `org` in the log `origin`."""
    return b"datawharf/key-possession/v1\n" + canonical_json(
        {"aud": origin, "key": key.raw.hex(), "org": org}
    )


def prove_possession(key: SigningKey, origin: str, org: str) -> bytes:
    """The 64-byte signature with which `key` shows that its holder wants it bound to `org` in the log `origin`."""
    return key.sign(possession_message(origin, org, key.public))


def verify_possession(key: PublicKey, origin: str, org: str, proof: bytes) -> None:
    """Raise Unverified unless `proof` was made by the private half of `key` for this binding."""
    key.verify(possession_message(origin, org, key), proof)


def parse_log_policy(statement: Statement) -> LogPolicy:
    """What a log-policy statement says; Malformed if it is none, breaks the layout or names a weak key."""
    match _predicate(statement, LOG_POLICY, "origin", "log", "cosigner", "platform", "receiptKey", "rules"):
        case {
            "origin": str() as origin,
            "log": str() as log,
            "cosigner": str() as cosigner,
            "platform": {"org": str() as org, "key": str() as key, **others},
            "receiptKey": str() as receipt_key,
            "rules": list(),
        } if not others:
            pass
        case _:
            raise Malformed("The log policy has a field of the wrong type.")
    policy = LogPolicy(
        origin,
        parse_vkey(log),
        parse_vkey(cosigner),
        org,
        _key(key, "platform"),
        _key(receipt_key, "receipt"),
    )
    if policy.log.kind != NOTE_ED25519 or policy.cosigner.kind != COSIGNATURE_ED25519:
        raise Malformed(
            "The log policy names a key for checkpoints or cosignatures that is not of that kind."
        )
    _check_org(org, origin)
    return policy


def verify_log_policy(statement: Statement) -> LogPolicy:
    """The log policy in `statement`, if the platform key in it signed it for the log in it; else Unverified."""
    policy = parse_log_policy(statement)
    if statement.claims.aud != policy.origin or statement.claims.iss != policy.platform_org:
        raise Unverified("The log policy is not issued by the platform to the log that it names.")
    statement.verify(policy.platform_key)
    return policy


def parse_key_binding(statement: Statement) -> KeyBinding:
    """What a key-binding statement says; Malformed if it is none, breaks the layout or names a weak key."""
    match _predicate(statement, KEY_BINDING, "org", "key", "possession"):
        case {"org": str() as org, "key": str() as key, "possession": str() as possession}:
            pass
        case _:
            raise Malformed("The key binding has a field of the wrong type.")
    _check_org(org, statement.claims.aud)
    return KeyBinding(org, _key(key, "bound"), parse_hex(possession, "proof of possession", SIGNATURE_SIZE))


def verify_key_binding(statement: Statement, policy: LogPolicy) -> KeyBinding:
    """The binding in `statement`, if the platform of `policy` signed it and the key proved possession.

    Malformed or Unverified otherwise.
    """
    binding = parse_key_binding(statement)
    if statement.claims.aud != policy.origin or statement.claims.iss != policy.platform_org:
        raise Unverified("The key binding is not issued by the platform to this log.")
    statement.verify(policy.platform_key)
    verify_possession(binding.key, policy.origin, binding.org, binding.possession)
    return binding


def _predicate(statement: Statement, kind: str, *fields: str) -> dict[str, Any]:
    if statement.predicate_type != kind:
        raise Malformed(f"The statement is not of the kind {kind}.")
    if statement.predicate.keys() != set(fields):
        raise Malformed(f"A statement of the kind {kind} has exactly the fields {', '.join(fields)}.")
    return statement.predicate


def _key(text: str, what: str) -> PublicKey:
    return PublicKey.parse(parse_hex(text, f"{what} key", KEY_SIZE))


def _check_org(org: str, origin: str) -> None:
    name = parse_urn(org)
    if name.kind != "org" or name.origin_id != origin_id(origin):
        raise Malformed(f"{org} is not an organisation of the log {origin}.")

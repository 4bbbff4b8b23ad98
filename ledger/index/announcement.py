"""The statement by which the platform names the index of its log.

index-map/v1     {"origin": origin of the index log, "log": vkey, "cosigner": vkey, "map": version of the map function,
                 "definition": SHA-256 of the definition of that function, in hex}
                 signed by the platform key of entry 0

Whoever trusts the log thereby knows the index's key, without another line in the trust file.
"""

from dataclasses import dataclass

from ledger.bindings import LogPolicy
from ledger.encoding import parse_hex
from ledger.errors import Malformed, Unverified
from ledger.hashing import HASH_SIZE
from ledger.index.keys import DEFINITION_DIGEST, MAP_VERSION
from ledger.index.state import index_origin
from ledger.note import COSIGNATURE_ED25519, NOTE_ED25519, Verifier, parse_vkey
from ledger.statement import Statement

INDEX_MAP = "urn:datawharf:predicate/index-map/v1"


@dataclass(frozen=True, slots=True)
class Announcement:
    """The keys of the index log: `log` signs its checkpoints and is named like it, `cosigner` states their time."""

    log: Verifier
    cosigner: Verifier


def index_predicate(log: Verifier, cosigner: Verifier) -> dict[str, str]:
    """What the platform states about the index whose checkpoints `log` signs."""
    return {
        "origin": log.name,
        "log": log.vkey,
        "cosigner": cosigner.vkey,
        "map": MAP_VERSION,
        "definition": DEFINITION_DIGEST.hex(),
    }


def parse_announcement(statement: Statement) -> Announcement:
    """What an index-map statement says; Malformed if it is none, or of a map function that is not known here."""
    if statement.predicate_type != INDEX_MAP:
        raise Malformed(f"The statement is not of the kind {INDEX_MAP}.")
    match statement.predicate:
        case {
            "origin": str() as origin,
            "log": str() as log,
            "cosigner": str() as cosigner,
            "map": str() as version,
            "definition": str() as definition,
            **others,
        } if not others:
            found = Announcement(parse_vkey(log), parse_vkey(cosigner))
        case _:
            raise Malformed("The statement about the index does not have exactly its five fields.")
    if (found.log.kind, found.cosigner.kind) != (NOTE_ED25519, COSIGNATURE_ED25519):
        raise Malformed("The index has a key for checkpoints or cosignatures that is not of that kind.")
    if found.log.name != origin:
        raise Malformed("The key of the index does not bear the name of the index.")
    digest = parse_hex(definition, "digest of the map function", HASH_SIZE)
    if (version, digest) != (MAP_VERSION, DEFINITION_DIGEST):
        raise Malformed(f"The index has the map function {version[:80]!r}; this program knows {MAP_VERSION}.")
    return found


def verify_announcement(statement: Statement, policy: LogPolicy) -> Announcement:
    """The announcement in `statement`, if the platform of `policy` made it for this log; else Malformed or Unverified."""
    found = parse_announcement(statement)
    if statement.claims.aud != policy.origin or statement.claims.iss != policy.platform_org:
        raise Unverified("The statement about the index is not issued by the platform to this log.")
    if found.log.name != index_origin(policy.origin):
        raise Unverified(f"The platform names the index {found.log.name}, which is not that of this log.")
    statement.verify(policy.platform_key)
    return found

"""The kinds of fact, each with its signer and the exact shape of its predicate.

A new meaning is a new version of a kind; an old one stays readable for ever. Values whose rule is COMMITMENT are
SHA-256 commitments to content that is not in the log (see commitments.py): nothing personal or commercial is in the clear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

PREDICATE_PREFIX = "urn:datawharf:predicate/"


class Signer(StrEnum):
    """Whose key signs a kind."""

    PLATFORM = "platform"
    PROVIDER = "provider"
    BUYER = "buyer"
    EITHER_PARTY = "either party"
    REGISTRAR = "registrar"
    ORGANISATION = "any organisation"


Rule = Callable[[object], bool]


def _matches(pattern: str) -> Rule:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _one_of(*values: str) -> Rule:
    return lambda value: isinstance(value, str) and value in values


def _each(rule: Rule, most: int) -> Rule:
    return lambda value: isinstance(value, list) and len(value) <= most and all(rule(item) for item in value)


HEX32 = _matches(r"[0-9a-f]{64}")
HEX64 = _matches(r"[0-9a-f]{128}")
COMMITMENT = HEX32
LEAF = HEX32
LEAVES = _each(LEAF, 256)
URN = _matches(r"urn:datawharf:[0-9a-f]{16}:[a-z-]+:[0-9a-f-]{36}")
VERSION = _matches(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")
DAY = _matches(r"\d{4}-\d{2}-\d{2}")
TEXT = _matches(r"[^\x00-\x1f]{1,300}")
CODE = _matches(r"[A-Z0-9][A-Z0-9-]{3,39}")
RULES = _each(TEXT, 20)
_NAME = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"
MEDIA_TYPE = _matches(f"{_NAME}/{_NAME}")
COUNT: Rule = lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**53 - 1  # noqa: E731


@dataclass(frozen=True)
class Kind:
    """One kind of statement.

    subject_kind: which sort of thing `sub` names. required, optional: the predicate's fields, each with its rule.
    subject_name, subject_field: the in-toto subject, {name, digest}; the digest repeats that predicate field.
    """

    name: str
    signer: Signer
    subject_kind: str
    subject_name: str
    subject_field: str
    required: Mapping[str, Rule]
    optional: Mapping[str, Rule] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def predicate_type(self) -> str:
        return f"{PREDICATE_PREFIX}{self.name}/v1"

    @property
    def digest_algorithm(self) -> str:
        """sha256 for a plain digest of bytes; ed25519 for a key itself; a name of our own for a salted commitment."""
        return {
            "manifest": "sha256",
            "pack": "sha256",
            "definition": "sha256",
            "verifier": "sha256",
            "artifact": "sha256",
            "key": "ed25519",
            "receiptKey": "ed25519",
        }.get(self.subject_field, "datawharf-commitment-v1")


def _platform_party(value: object) -> bool:
    return (
        isinstance(value, dict) and set(value) == {"org", "key"} and URN(value["org"]) and HEX32(value["key"])
    )


_ALL = (
    Kind(
        "log-policy",
        Signer.PLATFORM,
        "log",
        "log-policy",
        "receiptKey",
        {
            "origin": TEXT,
            "log": TEXT,
            "cosigner": TEXT,
            "platform": _platform_party,
            "receiptKey": HEX32,
            "rules": RULES,
        },
    ),
    Kind(
        "rule-pack",
        Signer.PLATFORM,
        "rule-pack",
        "rule-pack.json",
        "pack",
        {"name": TEXT, "pack": HEX32, "version": TEXT},
    ),
    Kind(
        "index-map",
        Signer.PLATFORM,
        "log",
        "index-map.txt",
        "definition",
        {"origin": TEXT, "log": TEXT, "cosigner": TEXT, "map": TEXT, "definition": HEX32},
    ),
    Kind(
        "verifier",
        Signer.PLATFORM,
        "log",
        "verify.html",
        "verifier",
        {"verifier": HEX32},
    ),
    Kind(
        "key-binding",
        Signer.PLATFORM,
        "org",
        "signing-key",
        "key",
        {"org": URN, "key": HEX32, "possession": HEX64},
    ),
    Kind(
        "key-withdrawal",
        Signer.PLATFORM,
        "org",
        "signing-key",
        "key",
        {"org": URN, "key": HEX32, "binding": LEAF, "reason": _one_of("rotated", "compromised", "unused")},
    ),
    Kind(
        "registration",
        Signer.PROVIDER,
        "asset",
        "manifest.json",
        "manifest",
        {
            "version": VERSION,
            "manifest": HEX32,
            "contentRoot": HEX32,
            "metadata": COMMITMENT,
            "delivery": _one_of("hosted", "reference"),
            "derivedFrom": LEAVES,
        },
        {"previous": LEAF},
    ),
    Kind(
        "decision",
        Signer.REGISTRAR,
        "application",
        "application.json",
        "application",
        {
            "registration": LEAF,
            "application": COMMITMENT,
            "decision": _one_of("accepted", "formal-review", "returned", "refused", "issued"),
        },
        {"reasons": COMMITMENT},
    ),
    Kind(
        "certificate",
        Signer.REGISTRAR,
        "certificate",
        "certificate.json",
        "certificate",
        {
            "registration": LEAF,
            "certificate": COMMITMENT,
            "number": CODE,
            "validFrom": DAY,
            "validUntil": DAY,
        },
    ),
    Kind(
        "offer",
        Signer.PROVIDER,
        "offer",
        "offer.json",
        "terms",
        {"asset": URN, "terms": COMMITMENT, "action": _one_of("published", "changed", "withdrawn")},
        {"previous": LEAF},
    ),
    Kind(
        "contract",
        Signer.EITHER_PARTY,
        "contract",
        "contract.json",
        "contract",
        {"asset": URN, "offer": LEAF, "contract": COMMITMENT, "party": _one_of("provider", "buyer")},
    ),
    Kind(
        "payment",
        Signer.PLATFORM,
        "order",
        "payment.json",
        "payment",
        {"payment": COMMITMENT, "action": _one_of("paid", "refunded")},
    ),
    Kind(
        "release",
        Signer.PLATFORM,
        "entitlement",
        "release.json",
        "release",
        {"registration": LEAF, "release": COMMITMENT, "day": DAY},
    ),
    Kind(
        "received",
        Signer.BUYER,
        "entitlement",
        "received.json",
        "received",
        {"registration": LEAF, "received": COMMITMENT, "contract": COMMITMENT},
    ),
    Kind(
        "usage",
        Signer.PLATFORM,
        "entitlement",
        "usage.json",
        "usage",
        {"usage": COMMITMENT, "day": DAY, "sequence": COUNT},
    ),
    Kind(
        "revocation",
        Signer.PROVIDER,
        "entitlement",
        "revocation.json",
        "revocation",
        {"contract": COMMITMENT, "revocation": COMMITMENT},
    ),
    Kind(
        "attestation",
        Signer.ORGANISATION,
        "artifact",
        "artifact",
        "artifact",
        {"artifact": HEX32, "document": HEX32, "mediaType": MEDIA_TYPE},
        {"previous": LEAF},
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
BY_PREDICATE: Mapping[str, Kind] = MappingProxyType({kind.predicate_type: kind for kind in _ALL})

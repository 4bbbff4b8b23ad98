"""Proof of possession: before a key is bound to an organisation, it signs for exactly that binding.

message   "datawharf/key-possession/v1" LF, then RFC 8785 JSON {"aud": origin, "key": hex, "org": urn}
"""

from __future__ import annotations

from ledger.keys import PublicKey, SigningKey
from ledger.statement import canonical_json

_PREFIX = b"datawharf/key-possession/v1\n"


def possession_message(key: PublicKey, origin: str, org: str) -> bytes:
    """What the key signs. origin: of the log. org: the organisation's URN."""
    return _PREFIX + canonical_json({"aud": origin, "key": key.raw.hex(), "org": org})


def prove_possession(key: SigningKey, origin: str, org: str) -> bytes:
    """64-byte Ed25519 signature."""
    return key.sign(possession_message(key.public, origin, org))


def verify_possession(key: PublicKey, origin: str, org: str, proof: bytes) -> None:
    """Raise Unverified unless `proof` was made by the private half of `key` for this binding."""
    key.verify(possession_message(key, origin, org), proof)

"""Signed statements, the entries of the log: COSE_Sign1 frames, headers and payloads, good and bad."""

from __future__ import annotations

from typing import Any

from ledger import cbor, cose
from ledger.encoding import canonical_json
from ledger.keys import SigningKey
from ledger.statement import CONTENT_TYPE, in_toto, urn
from tests.ledger import oracle
from tests.vectors.notes import ORIGIN, TIME
from tests.vectors.trees import text

KEY, OTHER_KEY = SigningKey.from_seed(bytes([5]) * 32), SigningKey.from_seed(bytes([6]) * 32)
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
UUID = "0192f0c1-2d3e-7a4b-8c5d-000000000001"
CLAIMS = {1: urn(ORIGIN, "org", UUID), 2: urn(ORIGIN, "asset", UUID), 3: ORIGIN, 6: TIME}
HEADER: dict[int, Any] = {1: -8, 3: CONTENT_TYPE, 4: KEY.public.thumbprint, 15: CLAIMS}
DOCUMENT = in_toto("urn:datawharf:predicate/test/v1", "manifest.json", {"sha256": "ab" * 32}, {"n": 1})
PAYLOAD = canonical_json(DOCUMENT)


def statements() -> list[dict[str, Any]]:
    """[{name, entry, key, verdict, and if accepted: leafHash, keyId, issuer, subject, log, issuedAt}]."""
    good = _entry()
    accepted = {
        "a statement": good,
        "with the newer number of the algorithm": _entry(HEADER | {1: -19}),
        "with header parameters of others": _entry(HEADER | {258: "more", "text": b"bytes"}),
        "with claims of others": _entry(HEADER | {15: CLAIMS | {7: b"id"}}),
    }
    made: list[dict[str, Any]] = [
        {
            "name": name,
            "entry": text(entry),
            "key": KEY.public.raw.hex(),
            "verdict": "accept",
            "leafHash": text(oracle.leaf(entry)),
            "keyId": KEY.public.thumbprint.hex(),
            "issuer": CLAIMS[1],
            "subject": CLAIMS[2],
            "log": CLAIMS[3],
            "issuedAt": CLAIMS[6],
        }
        for name, entry in accepted.items()
    ]
    refused = _bad_signatures(good) | _bad_frames(good) | _bad_headers() | _bad_payloads()
    return made + [
        {"name": name, "entry": text(entry), "key": KEY.public.raw.hex(), "verdict": "refuse"}
        for name, entry in refused.items()
    ]


def _entry(
    header: dict[int, Any] | bytes = HEADER, payload: bytes = PAYLOAD, signer: SigningKey = KEY
) -> bytes:
    protected = header if isinstance(header, bytes) else cbor.encode(header)
    signature = signer.sign(cose.bytes_to_sign(protected, payload))
    return cbor.encode(cbor.Tag(18, [protected, {}, payload, signature]))


def _bad_signatures(good: bytes) -> dict[str, bytes]:
    signature = good[-64:]
    s_plus_order = (int.from_bytes(signature[32:], "little") + GROUP_ORDER).to_bytes(32, "little")
    return {
        "signed by another key": _entry(signer=OTHER_KEY),
        "naming another key": _entry(HEADER | {4: OTHER_KEY.public.thumbprint}),
        "a bit of the signature": good[:-1] + bytes([good[-1] ^ 1]),
        "a bit of the payload": good.replace(b'"n":1', b'"n":3'),
        "S plus the order of the group": good[:-32] + s_plus_order,
        "R of small order": good[:-64] + (1).to_bytes(32, "little") + signature[32:],
    }


def _bad_frames(good: bytes) -> dict[str, bytes]:
    protected, payload, signature = cbor.encode(HEADER), PAYLOAD, good[-64:]

    def framed(tag: int, *parts: Any) -> bytes:
        return cbor.encode(cbor.Tag(tag, list(parts)))

    return {
        "empty": b"",
        "cut": good[:-1],
        "a byte too many": good + b"\0",
        "no tag": cbor.encode([protected, {}, payload, signature]),
        "another tag": framed(98, protected, {}, payload, signature),
        "three parts": framed(18, protected, {}, payload),
        "an unprotected header": framed(18, protected, {4: b"x"}, payload, signature),
        "a detached payload": framed(18, protected, {}, None, signature),
        "a short signature": framed(18, protected, {}, payload, signature[:63]),
        "the tag in a longer form": b"\xd8\x12" + good[1:],
        "indefinite length": b"\xd2\x9f" + good[2:] + b"\xff",
        "over 65,535 bytes": _entry(payload=canonical_json(DOCUMENT | {"predicate": {"x": "y" * 65_535}})),
    }


def _bad_headers() -> dict[str, bytes]:
    whole = cbor.encode(HEADER)
    changed: dict[str, dict[int, Any]] = {
        "another algorithm": HEADER | {1: -7},
        "a critical parameter": HEADER | {2: [15]},
        "another content type": HEADER | {3: "application/json"},
        "a short key id": HEADER | {4: b"key-1"},
        "no claims": {label: value for label, value in HEADER.items() if label != 15},
        "no log": HEADER | {15: {label: value for label, value in CLAIMS.items() if label != 3}},
        "an empty subject": HEADER | {15: CLAIMS | {2: ""}},
        "a time before 1970": HEADER | {15: CLAIMS | {6: -1}},
    }
    made = {name: _entry(header) for name, header in changed.items()}
    return made | {
        "a parameter twice": _entry(bytes([whole[0] + 1]) + whole[1:] + b"\x01\x27"),
        "a header with a byte too many": _entry(whole + b"\0"),
    }


def _bad_payloads() -> dict[str, bytes]:
    changed = {
        "spaces in the JSON": PAYLOAD.replace(b":", b": "),
        "a member twice": PAYLOAD[:-1] + b',"subject":[]}',
        "a byte order mark": b"\xef\xbb\xbf" + PAYLOAD,
        "a fraction written as 1.0": PAYLOAD.replace(b'"n":1', b'"n":1.0'),
        "an integer above 2^53 - 1": PAYLOAD.replace(b'"n":1', b'"n":9007199254740992'),
        "NaN": PAYLOAD.replace(b'"n":1', b'"n":NaN'),
        "an unknown member": canonical_json(DOCUMENT | {"more": 1}),
        "another type": canonical_json(DOCUMENT | {"_type": "https://in-toto.io/Statement/v0.1"}),
        "no subject": canonical_json(DOCUMENT | {"subject": []}),
        "an upper-case digest": PAYLOAD.replace(b"ab" * 32, b"AB" * 32),
    }
    return {name: _entry(payload=payload) for name, payload in changed.items()}

"""JSON, CBOR and statements, good and bad, with the verdict of the ledger package."""

import random
from collections.abc import Callable
from typing import Any

from ledger import cbor
from ledger.encoding import parse_canonical_json
from ledger.errors import LedgerError
from ledger.keys import SigningKey
from ledger.statement import Claims, in_toto, parse_statement, sign_statement, urn

KEY = SigningKey.from_seed(b"f" * 32)
ORIGIN = "data.example/ledger"
UUID = "0192f0c1-2d3e-7a4b-8c5d-6e7f80910111"

JSON = [
    "null", "true", "0", "-1", "-0", "1.0", "1.5", "1e21", "1e+21", "1E5", "1e-7", "0.000001", "5e-324", "1e400",
    "9007199254740991", "9007199254740992", "-9007199254740992", "123456789012345680000", "01", "+1", ".5", "NaN",
    "Infinity", '""', '"é"', '"\\u00e9"', '"\\u000b"', '"\\b\\t\\n\\f\\r\\"\\\\"', '"\\/"', '"/"', '"\x7f"', '"\x01"',
    '"\\ud800"', '"\\ud83d\\ude00"', '"😀"', '"\u2028"', "'a'", "[]", "[1,2]", "[1, 2]", "[1,]", "{}", '{"a":1,"b":2}',
    '{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":{"b":1,"b":2}}', '{"10":1,"9":2}', '{"9":1,"10":2}', '{"__proto__":1}',
    '{"":0}', '{"😀":1,"\ufb33":2}', '{"\ufb33":1,"😀":2}', "{a:1}", "", " ", "1 ", "\ufeff1", "1\n", "[", "tru", '"',
    *("[" * depth + "]" * depth for depth in (40, 64, 65, 480, 5000)),
    '{"a":' * 64 + "1" + "}" * 64, '{"a":' * 65 + "1" + "}" * 65,
]  # fmt: skip
NOT_UTF8 = [b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"']

_CBOR_WORDS = """
    00 17 1818 1817 18ff 1900ff 1a00010000 1b0020000000000000 1bffffffffffffffff 20 3bffffffffffffffff 40 4101 4201
    5f4101ff 60 6161 61ff 62c3a9 7f6161ff 80 8101 8201 9f01ff a0 a10102 a201020103 a20102180103 a2616101616101
    a14101f6 a1f501 a1800a a11bffffffffffffffff01 a2200101f6 c000 d81801 d2 f4 f5 f6 f7 e0 f814 f818 f90000
    fb0000000000000000 ff 1c fc 0000 9bffffffffffffffff bbffffffffffffffff 5bffffffffffffffff 820102
    a26162016161 02
"""
CBOR = [*_CBOR_WORDS.split(), "81" * 16 + "00", "81" * 17 + "00", "c1" * 16 + "00", "c1" * 17 + "00", ""]


def _accepted(parse: Callable[[bytes], object], data: bytes) -> bool:
    try:
        parse(data)
    except LedgerError:
        return False
    return True


def _rows(parse: Callable[[bytes], object], inputs: list[bytes]) -> list[dict[str, object]]:
    return [{"data": data.hex(), "accepted": _accepted(parse, data)} for data in inputs]


def claims() -> Claims:
    return Claims(urn(ORIGIN, "org", UUID), urn(ORIGIN, "version", UUID), ORIGIN, 1767000000)


def document() -> dict[str, Any]:
    digest = {"sha256": "ab" * 32}
    return in_toto(
        "urn:datawharf:predicate/test/v1", "manifest.json", digest, {"title": "港口 ports", "n": 1}
    )


def _signed(protected: object, payload: bytes, *, unprotected: object = None, tag: int = 18) -> bytes:
    head = protected if isinstance(protected, bytes) else cbor.encode(protected)
    to_sign = cbor.encode(["Signature1", head, b"", payload])
    return cbor.encode(cbor.Tag(tag, [head, unprotected or {}, payload, KEY.sign(to_sign)]))


def _statements() -> list[bytes]:
    good = sign_statement(document(), claims(), KEY)
    header: dict[Any, Any] = cbor.decode(good.protected, "header")
    payload = good.payload
    headers = [
        header | {1: -19}, header | {1: -7}, header | {2: [99]}, header | {3: "text/plain"}, header | {4: b"short"},
        header | {4: KEY.public.raw}, header | {99: "more"}, header | {15: None}, header | {15: {}}, {}, b"\xa0\x00",
        b"", b"\xa0", *({key: value for key, value in header.items() if key != gone} for gone in header),
        b"\xb8\x04" + good.protected[1:],
    ]  # fmt: skip
    claim_sets = [
        header[15] | change
        for change in (
            {6: -1}, {6: 2**53 - 1}, {6: 2**53}, {6: True}, {6: "1"}, {1: ""}, {1: "a\nb"}, {1: "a b"}, {1: "a\u00a0b"},
            {1: "a\u200bb"}, {1: "x" * 1024}, {1: "x" * 1025}, {1: "😀" * 1024}, {2: None}, {3: 5}, {7: b"extra"},
        )
    ]  # fmt: skip
    swaps = [
        (b"v1", b"v2"), (b'"n":1', b'"n":1.0'), (b'"n":1', b'"n":1,"n":1'), (b"ab" * 32, b"AB" * 32),
        (b"ab" * 32, b"ab"), (b'"sha256"', b'"sha512"'), (b"manifest.json", b""), (b'"_type"', b'"_typo"'),
        (b'"predicate":', b'"p":1,"predicate":'),
        (b'"predicate":{', b'"predicate":[{'), (b'[{"digest"', b'[],"x":[{"digest"'),
        (b'{"sha256":"' + b"ab" * 32 + b'"}', b"{}"),
    ]  # fmt: skip
    documents = [b"{}", b"[]", b"null", payload + b" ", *(payload.replace(old, new) for old, new in swaps)]
    framed = [
        good.leaf_bytes,
        *(_signed(head, payload) for head in headers),
        *(_signed(header | {15: claim_set}, payload) for claim_set in claim_sets),
        *(_signed(header, text) for text in documents),
        _signed(header, payload, unprotected={1: 2}), _signed(header, payload, tag=17), good.leaf_bytes + b"\0",
        good.leaf_bytes[1:], b"\xd8\x12" + good.leaf_bytes[1:],
        cbor.encode(cbor.Tag(18, [good.protected, {}, None, good.signature])),
        cbor.encode(cbor.Tag(18, [good.protected, {}, payload, good.signature[:63]])),
        cbor.encode(cbor.Tag(18, [good.protected, {}, payload])),
    ]  # fmt: skip
    return framed + _flips(good.leaf_bytes, 120)


def _flips(data: bytes, count: int) -> list[bytes]:
    rng = random.Random(f"flips of {len(data)}")
    places = sorted(rng.sample(range(8 * len(data)), count))
    return [(int.from_bytes(data, "big") ^ 1 << place).to_bytes(len(data), "big") for place in places]


def _verified(data: bytes) -> None:
    parse_statement(data).verify(KEY.public)


def build() -> dict[str, object]:
    """{"json", "cbor", "statements": [{data: hex, accepted}], "verified": the same statements with the key's verdict,
    "key": hex, "cose": what a signer elsewhere must produce}."""
    statements = _statements()
    return {
        "json": _rows(
            parse_canonical_json, [text.encode("utf-8", "surrogatepass") for text in JSON] + NOT_UTF8
        ),
        "cbor": _rows(lambda data: cbor.decode(data, "input"), [bytes.fromhex(text) for text in CBOR]),
        "statements": _rows(parse_statement, statements),
        "verified": _rows(_verified, statements),
        "key": KEY.public.raw.hex(),
        "thumbprint": KEY.public.thumbprint.hex(),
        "leaf_hash": parse_statement(statements[0]).leaf_hash.hex(),
    }

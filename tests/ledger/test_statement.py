"""Statements: one form only, bound to a key, a log and a subject."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import cbor, cose
from ledger.errors import Malformed, Unverified
from ledger.hashing import leaf_hash
from ledger.keys import SigningKey
from ledger.statement import (
    CONTENT_TYPE,
    Claims,
    assemble_statement,
    canonical_json,
    commitment,
    in_toto,
    origin_id,
    parse_canonical_json,
    parse_statement,
    parse_urn,
    sign_statement,
    statement_to_sign,
    urn,
)

ORIGIN = "market.example/ledger"
KEY = SigningKey.from_seed(bytes(range(32)))
UUID_7 = "01938e2a-7c00-7000-8000-000000000001"
CLAIMS = Claims(urn(ORIGIN, "org", UUID_7), urn(ORIGIN, "asset", UUID_7), ORIGIN, 1_767_000_000)
PAYLOAD = in_toto("urn:datawharf:predicate/test/v1", "manifest.json", {"sha256": "ab" * 32}, {"n": 1})


def header(**changes: Any) -> dict[int, Any]:
    claims = {1: CLAIMS.iss, 2: CLAIMS.sub, 3: CLAIMS.aud, 6: CLAIMS.iat}
    labels = {"alg": 1, "crit": 2, "typ": 3, "kid": 4, "claims": 15}
    found = {1: -8, 3: CONTENT_TYPE, 4: KEY.public.thumbprint, 15: claims}
    return found | {labels[name]: value for name, value in changes.items()}


def foreign(protected: bytes, payload: bytes = canonical_json(PAYLOAD), unprotected: Any = None) -> bytes:
    signature = KEY.sign(cose.bytes_to_sign(protected, payload))
    return cbor.encode(cbor.Tag(18, [protected, unprotected or {}, payload, signature]))


def test_a_signed_statement_reads_back_whole() -> None:
    statement = sign_statement(PAYLOAD, CLAIMS, KEY)
    again = parse_statement(statement.leaf_bytes)
    assert again == statement
    assert (again.claims, again.document, again.alg) == (CLAIMS, PAYLOAD, -8)
    assert again.content_type == "application/vnd.in-toto+json"
    assert again.kid == KEY.public.thumbprint
    assert again.leaf_hash == leaf_hash(again.leaf_bytes)
    assert (again.predicate_type, again.predicate) == ("urn:datawharf:predicate/test/v1", {"n": 1})
    again.verify(KEY.public)


def test_only_the_named_key_verifies_it() -> None:
    statement = sign_statement(PAYLOAD, CLAIMS, KEY)
    with pytest.raises(Unverified, match="names the signing key"):
        statement.verify(SigningKey.from_seed(bytes(32)).public)


def test_a_signer_elsewhere_gives_the_same_statement() -> None:
    parts = statement_to_sign(PAYLOAD, CLAIMS, KEY.public.thumbprint)
    signature = KEY.sign(parts.to_be_signed)
    assert assemble_statement(parts.protected, parts.payload, signature) == sign_statement(
        PAYLOAD, CLAIMS, KEY
    )


def test_a_signer_elsewhere_cannot_change_the_form_of_the_header() -> None:
    reordered = b"\xa4" + b"".join(cbor.encode({k: v})[1:] for k, v in reversed(header().items()))
    payload = canonical_json(PAYLOAD)
    signature = KEY.sign(cose.bytes_to_sign(reordered, payload))
    with pytest.raises(Malformed, match="given out to sign"):
        assemble_statement(reordered, payload, signature)


def test_what_others_signed_stays_as_they_wrote_it() -> None:
    """Reordered, with longer heads than needed, a further label and the newer algorithm number: still theirs."""
    items = [
        b"\x18\x0f" + cbor.encode({1: CLAIMS.iss, 2: CLAIMS.sub, 3: CLAIMS.aud, 6: CLAIMS.iat, 7: b"id"}),
        b"\x04" + cbor.encode(KEY.public.thumbprint),
        b"\x03" + cbor.encode(CONTENT_TYPE),
        b"\x01\x32",
        b"\x19\x01\x02\x20",
    ]
    protected = b"\xa5" + b"".join(items)
    statement = parse_statement(foreign(protected))
    statement.verify(KEY.public)
    assert (statement.protected, statement.alg) == (protected, -19)
    assert statement.claims == CLAIMS


@given(st.integers(0, 5000), st.integers(0, 7))
def test_every_flipped_bit_is_noticed(position: int, bit: int) -> None:
    data = bytearray(sign_statement(PAYLOAD, CLAIMS, KEY).leaf_bytes)
    data[position % len(data)] ^= 1 << bit
    with pytest.raises((Malformed, Unverified)):
        parse_statement(bytes(data)).verify(KEY.public)


def test_every_cut_is_noticed() -> None:
    data = sign_statement(PAYLOAD, CLAIMS, KEY).leaf_bytes
    for end in range(len(data)):
        with pytest.raises(Malformed):
            parse_statement(data[:end])
    with pytest.raises(Malformed, match="too many"):
        parse_statement(data + b"\x00")


BAD_HEADERS = {
    "no algorithm": {k: v for k, v in header().items() if k != 1},
    "algorithm of another curve": header(alg=-7),
    "algorithm as true": header(alg=True),
    "critical header": header(crit=[15]),
    "no content type": {k: v for k, v in header().items() if k != 3},
    "other content type": header(typ="application/json"),
    "no key": {k: v for k, v in header().items() if k != 4},
    "short key id": header(kid=b"key-1"),
    "key id as text": header(kid="k" * 32),
    "no claims": {k: v for k, v in header().items() if k != 15},
    "claims as list": header(claims=[1]),
    "no issuer": header(claims={2: "s", 3: "a", 6: 1}),
    "empty subject": header(claims={1: "i", 2: "", 3: "a", 6: 1}),
    "no log": header(claims={1: "i", 2: "s", 6: 1}),
    "log as list": header(claims={1: "i", 2: "s", 3: ["a"], 6: 1}),
    "no time": header(claims={1: "i", 2: "s", 3: "a"}),
    "time as true": header(claims={1: "i", 2: "s", 3: "a", 6: True}),
    "time before 1970": header(claims={1: "i", 2: "s", 3: "a", 6: -1}),
    "line feed in issuer": header(claims={1: "i\n", 2: "s", 3: "a", 6: 1}),
    "long issuer": header(claims={1: "i" * 1025, 2: "s", 3: "a", 6: 1}),
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_bad_headers_are_refused(name: str) -> None:
    parse_statement(foreign(cbor.encode(header())))
    with pytest.raises(Malformed):
        parse_statement(foreign(cbor.encode(BAD_HEADERS[name])))


def test_bad_encodings_of_a_header_are_refused() -> None:
    good = cbor.encode(header())
    twice = b"\xa5" + good[1:] + b"\x01\x27"
    indefinite = b"\xbf" + good[1:] + b"\xff"
    for bad in (b"", b"\x80", good + b"\x00", twice, indefinite, b"\xa1\xf4\x01", b"\xa1\xf9\x3c\x00\x01"):
        with pytest.raises(Malformed):
            parse_statement(foreign(bad))


def test_bad_frames_are_refused() -> None:
    good = parse_statement(foreign(cbor.encode(header())))
    parts: list[Any] = [good.protected, {}, good.payload, good.signature]
    bad = [
        cbor.encode(parts),
        cbor.encode(cbor.Tag(98, parts)),
        cbor.encode(cbor.Tag(18, parts[:3])),
        cbor.encode(cbor.Tag(18, [*parts, b""])),
        cbor.encode(cbor.Tag(18, [good.protected, {4: b"x"}, good.payload, good.signature])),
        cbor.encode(cbor.Tag(18, [good.protected, {}, None, good.signature])),
        cbor.encode(cbor.Tag(18, [good.protected, {}, good.payload, good.signature[:63]])),
        cbor.encode(cbor.Tag(18, [good.protected, [], good.payload, good.signature])),
        b"\xd8\x12" + good.leaf_bytes[1:],
        good.leaf_bytes.replace(b"\xa0", b"\xb8\x00", 1),
        b"\xd2\x9f" + good.leaf_bytes[2:] + b"\xff",
    ]
    for data in bad:
        with pytest.raises(Malformed):
            parse_statement(data)


def test_too_long_an_entry_is_refused() -> None:
    with pytest.raises(Malformed, match="at most 65535"):
        sign_statement({**PAYLOAD, "predicate": {"text": "x" * 65_000}}, CLAIMS, KEY)


BAD_PAYLOADS: list[Any] = [
    [],
    {},
    {**PAYLOAD, "extra": 1},
    {**PAYLOAD, "_type": "https://in-toto.io/Statement/v0.1"},
    {**PAYLOAD, "subject": []},
    {**PAYLOAD, "subject": {}},
    {**PAYLOAD, "subject": [{"name": "x"}]},
    {**PAYLOAD, "subject": [{"name": "", "digest": {"sha256": "ab" * 32}}]},
    {**PAYLOAD, "subject": [{"name": "x", "digest": {}}]},
    {**PAYLOAD, "subject": [{"name": "x", "digest": {"sha256": "AB" * 32}}]},
    {**PAYLOAD, "subject": [{"name": "x", "digest": {"sha256": "ab" * 31}}]},
    {**PAYLOAD, "subject": [{"name": "x", "digest": {"sha256": 1}}]},
    {**PAYLOAD, "subject": [{"name": "x", "digest": {"sha256": "ab" * 32}, "uri": "u"}]},
    {**PAYLOAD, "predicateType": ""},
    {**PAYLOAD, "predicate": []},
]


@pytest.mark.parametrize("number", range(len(BAD_PAYLOADS)))
def test_bad_payloads_are_refused(number: int) -> None:
    payload = canonical_json(BAD_PAYLOADS[number])
    with pytest.raises(Malformed):
        parse_statement(foreign(cbor.encode(header()), payload))


BAD_JSON = [
    b"",
    b"{",
    b"nul",
    b'{"a":1,"a":1}',
    b'{"a":1,"a":2}',
    b'{"b":1,"a":2}',
    b'{"a": 1}',
    b'{"a":1}\n',
    b"\xef\xbb\xbf{}",
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":-Infinity}',
    b'{"a":9007199254740992}',
    b'{"a":-9007199254740992}',
    b'{"a":1.0}',
    b'{"a":1e2}',
    b'{"a":-0}',
    b'{"a":"\\u0041"}',
    b'{"a":"\\ud800"}',
    b'{"a":"\xff"}',
    b'{"a":"\\/"}',
    b"[" * 100_000,
    b"[" * 5_000 + b"]" * 5_000,
    b"9" * 10_000,
    b'"\x00"',
]


@pytest.mark.parametrize("number", range(len(BAD_JSON)))
def test_json_in_another_form_is_refused(number: int) -> None:
    with pytest.raises(Malformed):
        parse_canonical_json(BAD_JSON[number])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_canonical_json_reads_back(value: Any) -> None:
    data = canonical_json(value)
    assert parse_canonical_json(data) == value
    assert json.loads(data) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_canonical_floats_read_back_or_are_refused(number: float) -> None:
    data = canonical_json([number])
    try:
        assert parse_canonical_json(data) == [number]
    except Malformed:
        assert number.is_integer()
        assert abs(number) >= 2**53


CBOR = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-(2**64), 2**64 - 1) | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(CBOR)
def test_cbor_reads_back(value: Any) -> None:
    assert cbor.decode(cbor.encode(value), "value") == value


@given(st.binary(max_size=60))
def test_any_bytes_are_cbor_or_malformed(data: bytes) -> None:
    try:
        value = cbor.decode(data, "value")
    except Malformed:
        return
    assert cbor.decode(cbor.encode(value), "value") == value


def test_deterministic_maps_are_ordered_by_their_encoded_keys() -> None:
    assert cbor.encode({"a": 0, -1: 0, 100: 0, 10: 0}) == bytes.fromhex(
        "a40a00186400200061 6100".replace(" ", "")
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x81" * 100_000,
        b"\xc0" * 100_000,
        b"\x5f\x40\xff",
        b"\x9f\xff",
        b"\xbf\xff",
        b"\x1c",
        b"\xf7",
        b"\xf8\x14",
        b"\xfa\x00\x00\x00\x00",
        b"\x61\xff",
        b"\xa1\x40\x00",
        b"\xa1\xf6\x00",
        b"\xa2\x01\x00\x01\x00",
        b"\xa2\x01\x00\x18\x01\x00",
        b"\x00\x00",
    ],
)
def test_cbor_outside_the_subset_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        cbor.decode(data, "value")


def test_commitments_bind_salt_and_content() -> None:
    found = commitment(bytes(32), b"terms")
    assert found.hex() == "b034f2e544cf8bbfd9e0034b5c21d046cf13eecab8e34abbb8dbc60090a0116d"
    assert len({found, commitment(bytes(31) + b"\x01", b"terms"), commitment(bytes(32), b"term")}) == 3
    with pytest.raises(Malformed):
        commitment(bytes(31), b"terms")


def test_names_read_back() -> None:
    name = urn(ORIGIN, "org", UUID(UUID_7))
    assert name == f"urn:datawharf:{origin_id(ORIGIN)}:org:{UUID_7}"
    parsed = parse_urn(name)
    assert (parsed.origin_id, parsed.kind, str(parsed.uuid)) == (origin_id(ORIGIN), "org", UUID_7)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "urn:datawharf:0123456789abcdef:org:",
        f"urn:datawharf:0123456789abcde:org:{UUID_7}",
        f"urn:datawharf:0123456789ABCDEF:org:{UUID_7}",
        f"urn:datawharf:0123456789abcdef:Org:{UUID_7}",
        f"urn:datawharf:0123456789abcdef:org:{UUID_7.upper()}",
        f"urn:datawharf:0123456789abcdef:org:{UUID_7}\n",
        f"URN:datawharf:0123456789abcdef:org:{UUID_7}",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(Malformed):
        parse_urn(name)

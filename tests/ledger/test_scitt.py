"""Receipts of consistency, transparent statements and what SCRAPI sends; `cbor2` and `scitt-cose` are the judges."""

from typing import Any

import cbor2
import pytest
import scitt_cose
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from scitt_cose import merkle

from ledger import cbor, cose
from ledger.consistency_receipt import (
    format_consistency_receipt,
    parse_consistency_receipt,
    verify_consistency_receipt,
)
from ledger.cose_receipt import receipt_header, sign_root
from ledger.errors import LedgerError, Malformed, Unverified
from ledger.hashing import leaf_hash, root_of
from ledger.keys import PublicKey, SigningKey
from ledger.proofs import prove_consistency
from ledger.scrapi import (
    Problem,
    format_key_set,
    format_problem,
    key_locator,
    parse_cose_key,
    parse_key_set,
    parse_problem,
    parse_submission,
)
from ledger.statement import parse_statement
from ledger.transparent import (
    format_transparent_statement,
    parse_transparent_statement,
    verify_transparent_statement,
)
from tests.ledger import vectors
from tests.ledger.market_in_a_box import ListReader, Market, key

KEY = SigningKey.from_seed(vectors.SEED)
LEAVES = [leaf_hash(word) for word in vectors.WORDS]
ROOTS = [root_of(LEAVES[:size]) for size in range(16)]


def entry_of(data: bytes) -> bytes:
    return parse_submission(data).entry


def pem(public: PublicKey) -> bytes:
    raw = Ed25519PublicKey.from_public_bytes(public.raw)
    return raw.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def consistency(old: int, new: int) -> bytes:
    protected, signature = sign_root(ROOTS[new], KEY, vectors.WORDS_ORIGIN)
    path = prove_consistency(old, new, ListReader(LEAVES[:new]))
    return format_consistency_receipt(protected, signature, old, new, path)


@pytest.mark.parametrize("new", range(2, 16))
def test_a_receipt_of_consistency_leads_from_each_older_root_to_the_newer(new: int) -> None:
    for old in range(1, new):
        data = consistency(old, new)
        assert verify_consistency_receipt(data, old, ROOTS[old], new, KEY.public) == ROOTS[new]
        with pytest.raises(Unverified):
            verify_consistency_receipt(data, old, ROOTS[old - 1], new, KEY.public)
        with pytest.raises(Unverified):
            verify_consistency_receipt(data, old, ROOTS[old], new, key(1).public)
        with pytest.raises(Unverified):
            verify_consistency_receipt(data, old, ROOTS[old], new + 1, KEY.public)


@pytest.mark.parametrize(("old", "new"), [(1, 2), (6, 15), (8, 15), (14, 15)])
def test_independent_decoders_read_a_receipt_of_consistency(old: int, new: int) -> None:
    """Structure by cbor2, signature and proof by scitt-cose: none of it shares a line with ours."""
    data = consistency(old, new)
    message = cbor2.loads(data)
    protected, unprotected, payload, _ = message.value
    header = cbor2.loads(protected)
    assert (message.tag, payload, header[1], header[395]) == (18, None, -8, 1)
    assert list(unprotected) == [396]
    assert list(unprotected[396]) == [-2]
    (proof,) = unprotected[396][-2]
    size_1, size_2, path = cbor2.loads(proof)
    assert (size_1, size_2) == (old, new)
    words = [word.hex() for word in vectors.WORDS]
    assert [item.hex() for item in path] == merkle.consistency_proof(words[:new], old, new)
    roots = merkle.merkle_root(words[:old]), merkle.merkle_root(words[:new])
    assert merkle.verify_consistency(*roots, old, new, [item.hex() for item in path])
    scitt_cose.verify_sign1(data, public_key_pem=pem(KEY.public), detached_payload=bytes.fromhex(roots[1]))


PATH = prove_consistency(6, 15, ListReader(LEAVES))
GOOD = cbor.encode([6, 15, PATH])
PROTECTED, SIGNATURE = sign_root(ROOTS[15], KEY, "x")


def altered(**changes: Any) -> bytes:
    proof = changes.get("proof", GOOD)
    unprotected = changes.get("unprotected", {396: {-2: [proof]}})
    parts = [
        changes.get("protected", PROTECTED),
        unprotected,
        changes.get("payload"),
        changes.get("signature", SIGNATURE),
    ]
    return cbor.encode(cbor.Tag(changes.get("tag", 18), parts))


BAD_RECEIPTS: list[dict[str, Any]] = [
    {"tag": 98},
    {"payload": ROOTS[15]},
    {"signature": bytes(63)},
    {"protected": cbor.encode({1: -8})},
    {"protected": cbor.encode({1: -8, 395: 2})},
    {"protected": cbor.encode({1: -7, 395: 1})},
    {"unprotected": {}},
    {"unprotected": {396: {-1: [GOOD]}}},
    {"unprotected": {396: {-2: []}}},
    {"unprotected": {396: {-2: GOOD}}},
    {"unprotected": {396: {-2: [GOOD, GOOD]}}},
    {"unprotected": {396: {-2: [GOOD], -1: [GOOD]}}},
    {"unprotected": {396: {-2: [GOOD]}, 4: b"kid"}},
    {"proof": b""},
    {"proof": GOOD + b"\x00"},
    {"proof": cbor.encode([6, 15])},
    {"proof": cbor.encode([6, 15, []])},
    {"proof": cbor.encode([6, 15, PATH, 0])},
    {"proof": cbor.encode([15, 6, PATH])},
    {"proof": cbor.encode([15, 15, PATH])},
    {"proof": cbor.encode([0, 15, PATH])},
    {"proof": cbor.encode([-1, 15, PATH])},
    {"proof": cbor.encode([True, 15, PATH])},
    {"proof": cbor.encode([6, 2**63, PATH])},
    {"proof": cbor.encode([6, 15, [*PATH[:-1], PATH[-1][:31]]])},
    {"proof": cbor.encode([6, 15, PATH * 16])},
    {"proof": b"\x83\x18\x06\x0f" + GOOD[3:]},
    {"proof": b"\x9f" + GOOD[1:] + b"\xff"},
]


def test_the_basis_of_the_bad_receipts_is_good() -> None:
    assert verify_consistency_receipt(altered(), 6, ROOTS[6], 15, KEY.public) == ROOTS[15]


@pytest.mark.parametrize("number", range(len(BAD_RECEIPTS)))
def test_bad_receipts_of_consistency_are_refused(number: int) -> None:
    with pytest.raises(Malformed):
        verify_consistency_receipt(altered(**BAD_RECEIPTS[number]), 6, ROOTS[6], 15, KEY.public)


@pytest.mark.parametrize(("old", "new", "path"), [(0, 15, []), (15, 15, []), (15, 6, PATH), (1, 2, [])])
def test_there_is_no_receipt_without_something_to_prove(old: int, new: int, path: list[bytes]) -> None:
    with pytest.raises(Malformed):
        format_consistency_receipt(PROTECTED, SIGNATURE, old, new, path)


def test_no_flipped_bit_of_a_receipt_of_consistency_goes_unseen() -> None:
    good = consistency(6, 15)
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 1 << position % 8
        with pytest.raises(LedgerError):
            verify_consistency_receipt(bytes(bad), 6, ROOTS[6], 15, KEY.public)


@given(
    st.integers(1, 2**62),
    st.integers(1, 2**62),
    st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=63),
)
def test_receipts_of_consistency_read_back(old: int, more: int, path: list[bytes]) -> None:
    made = parse_consistency_receipt(format_consistency_receipt(PROTECTED, SIGNATURE, old, old + more, path))
    assert (made.old_size, made.new_size, list(made.path)) == (old, old + more, path)


def small_market() -> tuple[Market, SigningKey, int]:
    market, provider = Market(), key(20)
    market.add(market.binding(provider, market.org(1)))
    index = market.add(market.registration(provider, market.org(1)))
    return market, provider, index


def test_a_transparent_statement_brings_its_receipts_and_gives_the_entry_back() -> None:
    market, provider, index = small_market()
    market.add(market.registration(provider, market.org(1), digest="cd" * 32))
    receipts = [market.cose_receipt(index, size) for size in (3, 4)]
    data = format_transparent_statement(market.entries[index], receipts)
    found = parse_transparent_statement(data)
    assert found.statement.leaf_bytes == market.entries[index]
    assert list(found.receipts) == receipts
    roots = verify_transparent_statement(data, provider.public, market.receipt_key.public)
    assert roots == (root_of(market.leaves(3)), root_of(market.leaves(4)))
    with pytest.raises(Unverified):
        verify_transparent_statement(data, market.platform.public, market.receipt_key.public)
    with pytest.raises(Unverified):
        verify_transparent_statement(data, provider.public, provider.public)


def test_an_independent_library_reads_and_makes_the_same_transparent_statement() -> None:
    market, provider, index = small_market()
    receipt, entry = market.cose_receipt(index), market.entries[index]
    data = format_transparent_statement(entry, [receipt])
    assert scitt_cose.attach_receipts(entry, [receipt]) == data
    (extracted,) = scitt_cose.extract_receipts(data)
    judged = scitt_cose.verify_receipt(
        extracted, leaf_entry_hex=entry.hex(), log_public_key_pem=pem(market.receipt_key.public)
    )
    assert judged.ok, judged.errors
    assert scitt_cose.parse_signed_statement(data, public_key_pem=pem(provider.public))["payload"]


def test_a_receipt_of_another_entry_does_not_make_a_statement_transparent() -> None:
    market, provider, index = small_market()
    data = format_transparent_statement(market.entries[index], [market.cose_receipt(0)])
    with pytest.raises(Unverified):
        verify_transparent_statement(data, provider.public, market.receipt_key.public)


def test_bad_transparent_statements_are_refused() -> None:
    market, _, index = small_market()
    receipt = market.cose_receipt(index)
    message = cose.parse_sign1(market.entries[index], "statement")
    for unprotected in (
        {},
        {394: []},
        {394: receipt},
        {394: {-1: receipt}},
        {394: [receipt], 4: b"kid"},
        {394: [receipt] * 17},
        {394: [receipt, b""]},
        {394: [receipt, 7]},
        {394: [consistency(6, 15)]},
        {395: [receipt]},
    ):
        parts = cose.Sign1(message.protected, unprotected, message.payload, message.signature)
        with pytest.raises(Malformed):
            parse_transparent_statement(cose.format_sign1(parts))
    with pytest.raises(Malformed):
        format_transparent_statement(market.entries[index], [])


def test_what_is_unsigned_does_not_enter_the_log() -> None:
    market, _, index = small_market()
    entry = market.entries[index]
    with_receipts = format_transparent_statement(entry, [market.cose_receipt(index)])
    assert entry_of(entry) == entry_of(with_receipts) == entry
    message = cose.parse_sign1(entry, "statement")
    for unprotected in ({4: b"kid"}, {33: [b"certificate"]}, {"note": "x", -7: [True, None]}):
        parts = cose.Sign1(message.protected, unprotected, message.payload, message.signature)
        assert entry_of(cose.format_sign1(parts)) == entry


def test_the_frame_may_be_written_in_more_bytes_but_the_signed_parts_stay() -> None:
    """Others write longer heads than needed; one entry comes of each way, and the signature still holds."""
    market, provider, index = small_market()
    entry = market.entries[index]
    protected, _, payload, signature = cbor2.loads(entry).value
    longer = b"\xd8\x12\x98\x04" + b"".join(
        (b"\x5a" + len(part).to_bytes(4, "big") + part) for part in (protected,)
    )
    longer += b"\xb8\x00" + b"\x5a" + len(payload).to_bytes(4, "big") + payload + b"\x59\x00\x40" + signature
    assert entry_of(longer) == entry
    parse_statement(entry_of(longer)).verify(provider.public)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\xd2",
        b"\xd2\x84",
        cbor.encode([b"", {}, b"", b""]),
        cbor.encode(cbor.Tag(98, [b"", {}, b"", b""])),
        cbor.encode(cbor.Tag(18, [b"", {}, b""])),
        cbor.encode(cbor.Tag(18, [b"", [], b"", b""])),
        cbor.encode(cbor.Tag(18, [{}, {}, b"", b""])),
        cbor.encode(cbor.Tag(18, [b"\x80", {}, b"", b""])),
        cbor.encode(cbor.Tag(18, [b"\xa1\x01", {}, b"", b""])),
        cbor.encode(cbor.Tag(18, [b"\xa2\x01\x27\x01\x27", {}, b"", b""])),
        cbor.encode(cbor.Tag(18, [b"", {}, "text", b""])),
        cbor.encode(cbor.Tag(18, [b"", {}, b"", b""])) + b"\x00",
        b"\xd2\x9f\x40\xa0\x40\x40\xff",
        b"\xd2\x84\x40\xa2\x01\x01\x01\x02\x40\x40",
        b"\x81" * 400,
        b"\x9a\xff\xff\xff\xff",
    ],
)
def test_what_is_no_statement_is_no_submission(bad: bytes) -> None:
    with pytest.raises(Malformed):
        entry_of(bad)


@pytest.mark.parametrize(
    ("header", "known"),
    [({1: -8}, True), ({1: -19}, True), ({1: -7}, False), ({1: "ES256"}, False), ({}, False)],
)
def test_a_submission_says_whether_its_algorithm_is_known_and_its_payload_there(
    header: dict[int, Any], known: bool
) -> None:
    for payload in (b"payload", None):
        data = cbor.encode(cbor.Tag(18, [cbor.encode(header), {}, payload, bytes(64)]))
        found = parse_submission(data)
        assert (found.known_algorithm, found.detached, found.entry) == (known, payload is None, data)
    assert not parse_submission(cbor.encode(cbor.Tag(18, [b"", {}, b"", b""]))).known_algorithm


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_entry_or_malformed(data: bytes) -> None:
    try:
        entry = entry_of(data)
    except Malformed:
        return
    assert entry_of(entry) == entry


def test_the_key_set_is_one_that_others_read() -> None:
    keys = [key(number).public for number in (1, 2)]
    data = format_key_set(keys)
    decoded = cbor2.loads(data)
    assert [item[-2] for item in decoded] == [each.raw for each in keys]
    assert [(item[1], item[2], item[3], item[-1]) for item in decoded] == [
        (1, each.thumbprint, -8, 6) for each in keys
    ]
    assert data == b"\x82" + keys[0].cose_key() + keys[1].cose_key()
    assert parse_key_set(data) == tuple(keys)
    assert parse_cose_key(keys[0].cose_key()) == keys[0]
    assert key_locator(keys[0]).isascii()
    assert len(key_locator(keys[0])) == 43
    with pytest.raises(ValueError, match="at least one"):
        format_key_set([])


def test_keys_of_other_types_are_passed_over_and_bad_ones_of_ours_are_not() -> None:
    ours = cbor2.loads(KEY.public.cose_key())
    p256 = {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}
    assert parse_key_set(cbor.encode([p256, ours])) == (KEY.public,)
    assert parse_key_set(cbor.encode([{1: 1, -1: 6, -2: KEY.public.raw}])) == (KEY.public,)
    assert parse_key_set(cbor.encode([ours | {1: True}])) == ()
    weak = b"\x01" + bytes(31)
    for bad in (
        [],
        {},
        [7],
        [ours | {-2: weak}],
        [ours | {-2: "text"}],
        [ours | {2: b"another"}],
        [ours | {3: -7}],
        [{1: 1, -1: 6}],
    ):
        with pytest.raises(Malformed):
            parse_key_set(cbor.encode(bad))
    with pytest.raises(Malformed):
        parse_cose_key(cbor.encode(p256))


@given(st.text(max_size=80), st.text(max_size=300))
def test_problems_read_back(title: str, detail: str) -> None:
    data = format_problem(Problem(title, detail))
    assert cbor2.loads(data) == {-1: title, -2: detail}
    assert parse_problem(data) == Problem(title, detail)


def test_problems_of_others_may_say_more_but_not_less() -> None:
    assert parse_problem(cbor.encode({-1: "a", -2: "b", -4: 128, "x": [1]})) == Problem("a", "b")
    for bad in ({-1: "a"}, {-2: "b"}, {-1: 1, -2: "b"}, [], "a"):
        with pytest.raises(Malformed):
            parse_problem(cbor.encode(bad))


def test_the_header_of_both_kinds_of_receipt_is_the_same() -> None:
    receipt = parse_consistency_receipt(consistency(6, 15))
    assert receipt.protected == receipt_header(KEY.public, vectors.WORDS_ORIGIN)
    assert receipt.signature == sign_root(ROOTS[15], KEY, vectors.WORDS_ORIGIN).signature

"""COSE receipts and offline proofs, with an independent library as judge; trust policies."""

from dataclasses import replace
from typing import Any

import pytest
import scitt_cose
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ledger import cbor, cose
from ledger.cose_receipt import (
    format_cose_receipt,
    parse_cose_receipt,
    receipt_header,
    sign_root,
    verify_cose_receipt,
)
from ledger.errors import Malformed, Unverified
from ledger.hashing import leaf_hash, root_of
from ledger.keys import SigningKey
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.policy import (
    Group,
    Policy,
    TrustedLog,
    Witness,
    fingerprint,
    format_policy,
    parse_policy,
    policy_for,
    quorum_met,
)
from ledger.proofs import prove_inclusion
from ledger.receipt import TlogProof, format_tlog_proof, parse_tlog_proof
from ledger.statement import parse_statement
from tests.ledger import vectors
from tests.ledger.market_in_a_box import ListReader, Market, key

KEY = SigningKey.from_seed(vectors.SEED)
LEAVES = [leaf_hash(word) for word in vectors.WORDS]
PRIVATE_PEM = Ed25519PrivateKey.from_private_bytes(vectors.SEED)
PUBLIC_PEM = PRIVATE_PEM.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
SECRET_PEM = PRIVATE_PEM.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def receipt(index: int, size: int, origin: str = vectors.WORDS_ORIGIN) -> bytes:
    protected, signature = sign_root(root_of(LEAVES[:size]), KEY, origin)
    path = prove_inclusion(index, size, ListReader(LEAVES[:size]))
    return format_cose_receipt(protected, signature, size, index, path)


def test_the_published_receipt_verifies() -> None:
    root = verify_cose_receipt(vectors.WORDS_RECEIPT_6_OF_15, vectors.WORDS_LEAF_6, KEY.public)
    assert root == vectors.WORDS_ROOTS[15]
    found = parse_cose_receipt(vectors.WORDS_RECEIPT_6_OF_15)
    assert (found.size, found.index, list(found.path)) == (15, 6, vectors.WORDS_INCLUSION_6_OF_15)


@pytest.mark.parametrize(("index", "size"), [(0, 2), (1, 2), (6, 15), (14, 15), (7, 8)])
def test_an_independent_library_accepts_our_receipts(index: int, size: int) -> None:
    result = scitt_cose.verify_receipt(
        receipt(index, size), leaf_entry_hex=vectors.WORDS[index].hex(), log_public_key_pem=PUBLIC_PEM
    )
    assert result.ok, result.errors
    assert (result.tree_size, result.leaf_index) == (size, index)
    assert (result.issuer, result.subject) == (vectors.WORDS_ORIGIN, vectors.WORDS_ORIGIN)


@pytest.mark.parametrize(("index", "size"), [(0, 2), (6, 15), (14, 15)])
def test_we_accept_the_receipts_of_an_independent_library(index: int, size: int) -> None:
    made = scitt_cose.build_receipt(
        leaf_entry_hex=vectors.WORDS[index].hex(),
        leaf_index=index,
        tree_entries_hex=[word.hex() for word in vectors.WORDS[:size]],
        alg="EdDSA",
        log_private_key_pem=SECRET_PEM,
        iss="other.example",
        sub="other.example/log",
        kid=KEY.public.thumbprint,
    )
    assert verify_cose_receipt(made, LEAVES[index], KEY.public) == root_of(LEAVES[:size])


def test_an_independent_library_accepts_our_statements() -> None:
    made = Market()
    statement = parse_statement(made.entries[0])
    pem = Ed25519PrivateKey.from_private_bytes(made.platform.seed).public_key()
    found = scitt_cose.parse_signed_statement(
        statement.leaf_bytes,
        public_key_pem=pem.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
    assert found["payload"] == statement.payload
    assert (found["issuer"], found["subject"]) == (statement.claims.iss, statement.claims.sub)


def test_an_independent_library_refuses_what_we_refuse() -> None:
    good = receipt(6, 15)
    for position in range(0, len(good), 3):
        bad = bytearray(good)
        bad[position] ^= 0x10
        with pytest.raises((Malformed, Unverified)):
            verify_cose_receipt(bytes(bad), LEAVES[6], KEY.public)
        judged = scitt_cose.verify_receipt(
            bytes(bad), leaf_entry_hex=vectors.WORDS[6].hex(), log_public_key_pem=PUBLIC_PEM
        )
        assert not judged.ok


def test_the_header_of_our_receipts_is_constant() -> None:
    header = receipt_header(KEY.public, "x")
    assert header == cbor.encode({1: -8, 4: KEY.public.thumbprint, 395: 1, 15: {1: "x", 2: "x"}})
    assert {parse_cose_receipt(receipt(index, 15, "x")).protected for index in range(15)} == {header}
    assert len({parse_cose_receipt(receipt(index, 15)).signature for index in range(15)}) == 1


def test_receipts_prove_one_entry_under_one_key() -> None:
    with pytest.raises(Unverified):
        verify_cose_receipt(receipt(6, 15), LEAVES[7], KEY.public)
    with pytest.raises(Unverified, match="another key"):
        verify_cose_receipt(receipt(6, 15), LEAVES[6], key(1).public)
    with pytest.raises(Unverified):
        verify_cose_receipt(vectors.WORDS_RECEIPT_6_OF_15, LEAVES[6], key(1).public)


def test_a_tree_of_one_entry_has_no_such_receipt() -> None:
    protected, signature = sign_root(LEAVES[0], KEY, "x")
    with pytest.raises(Malformed):
        format_cose_receipt(protected, signature, 1, 0, [])


def altered(**changes: Any) -> bytes:
    """A receipt with other parts, signed for its root all the same."""
    proof = changes.get("proof", cbor.encode([15, 6, vectors.WORDS_INCLUSION_6_OF_15]))
    protected = changes.get("protected", receipt_header(KEY.public, "x"))
    unprotected = changes.get("unprotected", {396: {-1: [proof]}})
    signature = KEY.sign(cose.bytes_to_sign(protected, vectors.WORDS_ROOTS[15]))
    parts = [protected, unprotected, changes.get("payload"), changes.get("signature", signature)]
    return cbor.encode(cbor.Tag(changes.get("tag", 18), parts))


PATH = vectors.WORDS_INCLUSION_6_OF_15
GOOD_PROOF = cbor.encode([15, 6, PATH])
BAD_RECEIPTS: list[dict[str, Any]] = [
    {"tag": 98},
    {"payload": vectors.WORDS_ROOTS[15]},
    {"signature": bytes(63)},
    {"protected": cbor.encode({1: -8})},
    {"protected": cbor.encode({1: -8, 395: 2})},
    {"protected": cbor.encode({1: -8, 395: True})},
    {"protected": cbor.encode({1: -7, 395: 1})},
    {"protected": cbor.encode({395: 1})},
    {"protected": cbor.encode({1: -8, 2: [395], 395: 1})},
    {"protected": b""},
    {"protected": b"\xa3\x01\x27\x19\x01\x8b\x01\x01\x27"},
    {"unprotected": {}},
    {"unprotected": {396: {}}},
    {"unprotected": {396: {-1: []}}},
    {"unprotected": {396: {-1: [GOOD_PROOF, GOOD_PROOF]}}},
    {"unprotected": {396: {-1: [GOOD_PROOF], -2: [GOOD_PROOF]}}},
    {"unprotected": {396: {-1: [GOOD_PROOF]}, 4: b"kid"}},
    {"unprotected": {396: {-1: GOOD_PROOF}}},
    {"unprotected": {"396": {-1: [GOOD_PROOF]}}},
    {"proof": b""},
    {"proof": GOOD_PROOF + b"\x00"},
    {"proof": cbor.encode([15, 6])},
    {"proof": cbor.encode([15, 6, PATH, 0])},
    {"proof": cbor.encode([15, 6, *PATH])},
    {"proof": cbor.encode([15, 6, []])},
    {"proof": cbor.encode([15, 6, [path.hex() for path in PATH]])},
    {"proof": cbor.encode([15, 6, [*PATH[:3], PATH[3][:31]]])},
    {"proof": cbor.encode([6, 15, PATH])},
    {"proof": cbor.encode([15, -1, PATH])},
    {"proof": cbor.encode([2**63, 6, PATH])},
    {"proof": cbor.encode([True, False, PATH])},
    {"proof": cbor.encode([15, 6, PATH * 16])},
    {"proof": b"\x83\x18\x0f\x06" + GOOD_PROOF[3:]},
    {"proof": b"\x9f" + GOOD_PROOF[1:] + b"\xff"},
]


def test_the_basis_of_the_bad_receipts_is_good() -> None:
    assert verify_cose_receipt(altered(), LEAVES[6], KEY.public) == vectors.WORDS_ROOTS[15]


@pytest.mark.parametrize("number", range(len(BAD_RECEIPTS)))
def test_bad_receipts_are_refused(number: int) -> None:
    with pytest.raises(Malformed):
        verify_cose_receipt(altered(**BAD_RECEIPTS[number]), LEAVES[6], KEY.public)


def test_a_root_of_another_length_is_not_signed() -> None:
    with pytest.raises(Malformed):
        sign_root(bytes(31), KEY, "x")


PROOF = TlogProof(6, tuple(PATH), vectors.WORDS_CHECKPOINT_15)


def test_the_published_offline_proof_is_ours() -> None:
    data = format_tlog_proof(PROOF)
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nindex 6\nThcgoV2DYcK+VCxBUDWAlNxmLy2r7dq7dK7+OlgQKWs=\n")
    assert data.endswith(b"\n\n" + vectors.WORDS_CHECKPOINT_15)
    assert parse_tlog_proof(data) == PROOF


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(max_size=50),
)
def test_offline_proofs_read_back(index: int, path: list[bytes], extra: bytes | None) -> None:
    proof = TlogProof(index, tuple(path), vectors.WORDS_CHECKPOINT_3, extra)
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof


TEXT = format_tlog_proof(PROOF)
BAD_PROOFS = [
    b"",
    TEXT.replace(b"@v1", b"@v2"),
    TEXT.removeprefix(b"c2sp.org/tlog-proof@v1\n"),
    TEXT.replace(b"index 6", b"index -6"),
    TEXT.replace(b"index 6", b"index 06"),
    TEXT.replace(b"index 6", b"index six"),
    TEXT.replace(b"index 6", b"index "),
    TEXT.replace(b"index 6\n", b""),
    TEXT.replace(b"index 6\n", b"index 6\nindex 6\n"),
    TEXT.replace(b"index 6\n", b"index 6\nextra AAAA\n"),
    TEXT.replace(b"index 6\n", b"extra A\nindex 6\n"),
    TEXT.replace(b"index 6\n", b"extra AAAA\nextra AAAA\nindex 6\n"),
    TEXT.replace(b"index 6\n", b"index 6\nAAAA\n"),
    TEXT.replace(b"KWs=\n", b"KWt=\n"),
    TEXT.replace(b"KWs=\n", b"KWs\n"),
    TEXT.replace(b"index 6\n", b"index 6\n" + b"ThcgoV2DYcK+VCxBUDWAlNxmLy2r7dq7dK7+OlgQKWs=\n" * 63),
    TEXT.replace(b"\n\n", b"\n", 1),
    TEXT.replace(b"\n\n", b"\n \n", 1),
    TEXT.replace(b"\n", b"\r\n"),
    TEXT.split(b"\n\n")[0] + b"\n\n",
]


@pytest.mark.parametrize("number", range(len(BAD_PROOFS)))
def test_bad_offline_proofs_are_refused(number: int) -> None:
    with pytest.raises(Malformed):
        parse_tlog_proof(BAD_PROOFS[number])


LOG = TrustedLog(NoteSigner("log.example", key(1)).verifier, "https://log.example/ledger/")
WITNESSES = tuple(
    Witness(
        f"w{number}", NoteSigner(f"witness.example/{number}", key(number + 10), COSIGNATURE_ED25519).verifier
    )
    for number in range(5)
)
POLICY = Policy(
    (LOG,),
    WITNESSES,
    (Group("pair", 2, ("w0", "w1")), Group("three", 1, ("w2", "w3")), Group("all", 2, ("pair", "three"))),
    "all",
)


def test_policies_read_back() -> None:
    for policy in (POLICY, Policy((LOG,)), replace(POLICY, quorum="w4"), replace(POLICY, quorum=None)):
        data = format_policy(policy)
        assert parse_policy(data) == policy
        assert format_policy(parse_policy(data)) == data


def test_layout_and_comments_do_not_change_the_fingerprint() -> None:
    text = format_policy(POLICY).decode()
    loose = "# trust\n\n" + text.replace(" ", " \t ").replace("\n", " \n\n").replace("group", "\tgroup")
    assert parse_policy(loose.encode()) == POLICY
    assert fingerprint(parse_policy(loose.encode())) == fingerprint(POLICY)
    assert fingerprint(POLICY) != fingerprint(replace(POLICY, quorum=None))
    assert len(fingerprint(POLICY)) == 64


@pytest.mark.parametrize(
    ("seen", "met"),
    [
        ("", False),
        ("0", False),
        ("01", False),
        ("02", False),
        ("23", False),
        ("012", True),
        ("013", True),
        ("4", False),
        ("01234", True),
    ],
)
def test_the_quorum_counts_groups(seen: str, met: bool) -> None:
    assert quorum_met(POLICY, [WITNESSES[int(number)].verifier for number in seen]) is met


def test_quorums_of_one_witness_and_of_nobody() -> None:
    alone = replace(POLICY, quorum="w4")
    assert quorum_met(alone, [WITNESSES[4].verifier])
    assert not quorum_met(alone, [WITNESSES[3].verifier, NoteSigner("x", key(14), 0x04).verifier])
    assert quorum_met(replace(POLICY, quorum=None), [])


def test_the_simplest_policy_trusts_one_log() -> None:
    assert policy_for(LOG.verifier.vkey) == Policy((TrustedLog(LOG.verifier),))
    assert parse_policy((L + Q).encode()) == policy_for(LOG.verifier.vkey)


def test_logs_are_found_by_their_origin() -> None:
    assert POLICY.log("log.example") == LOG
    assert POLICY.log("other.example") is None


L = f"log {LOG.verifier.vkey}\n"
W = "".join(f"witness {each.name} {each.verifier.vkey}\n" for each in WITNESSES[:3])
Q = "quorum none\n"
BAD_POLICIES = [
    "",
    L,
    Q,
    L + Q + Q,
    L + Q[:-1],
    L + Q.replace("\n", "\r\n"),
    L + "quorum w0\n",
    L + "quorum\n",
    L + W + "quorum w0 w1\n",
    L + L + Q,
    L + f"log {NoteSigner('other.example', key(1)).vkey}\n" + Q,
    L + f"log {WITNESSES[0].verifier.vkey}\n" + Q,
    L + f"witness w0 {NoteSigner('x', key(9)).vkey}\n" + Q,
    L + f"witness w0 {NoteSigner('x', key(1), 0x04).vkey}\n" + Q,
    L + W + W + Q,
    L + W + f"witness other {WITNESSES[0].verifier.vkey}\n" + Q,
    L + f"witness none {WITNESSES[0].verifier.vkey}\n" + Q,
    L + f"witness w0 {WITNESSES[0].verifier.vkey} u v\n" + Q,
    L + f"witness {WITNESSES[0].verifier.vkey}\n" + Q,
    "log\n" + Q,
    "log x+00000000+AAAA\n" + Q,
    f"log {LOG.verifier.vkey} u v\n" + Q,
    f"logs {LOG.verifier.vkey}\n" + Q,
    L + W + "group g all\n" + Q,
    L + W + "group g 0 w0\n" + Q,
    L + W + "group g 3 w0 w1\n" + Q,
    L + W + "group g 01 w0 w1\n" + Q,
    L + W + "group g -1 w0 w1\n" + Q,
    L + W + "group g some w0 w1\n" + Q,
    L + W + "group g any w0 w0\n" + Q,
    L + W + "group g any w0 w9\n" + Q,
    L + W + "group g any g\n" + Q,
    L + W + "group w0 any w1\n" + Q,
    L + W + "group none any w1\n" + Q,
    L + W + "group g any w0\ngroup h any w0\n" + Q,
    L + "group g any w0\n" + W + Q,
    L + "\x00" + Q,
    L + "# \x7f\n" + Q,
]


@pytest.mark.parametrize("number", range(len(BAD_POLICIES)))
def test_bad_policies_are_refused(number: int) -> None:
    parse_policy((L + W + "group g any w0 w1\n" + Q).encode())
    with pytest.raises(Malformed):
        parse_policy(BAD_POLICIES[number].encode())


def test_policies_that_are_not_text_are_refused() -> None:
    for bad in ((L + Q).encode() + b"\xff\n", (L + Q).encode() + b"#" * 300_000 + b"\n"):
        with pytest.raises(Malformed):
            parse_policy(bad)


@pytest.mark.parametrize(
    "broken",
    [
        {"logs": ()},
        {"quorum": "nobody"},
        {"witnesses": (replace(WITNESSES[0], url="a b"),), "groups": (), "quorum": None},
        {"witnesses": (replace(WITNESSES[0], name="a b"),), "groups": (), "quorum": None},
        {"witnesses": (replace(WITNESSES[0], name="none"),), "groups": (), "quorum": None},
        {"witnesses": (replace(WITNESSES[0], name="#x"),), "groups": (), "quorum": None},
    ],
)
def test_policies_cannot_be_built_against_their_rules(broken: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(POLICY, **broken)

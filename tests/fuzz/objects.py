"""What must hold of binary and JSON objects: CBOR, COSE, receipts, statements, manifests, bundles, histories, keys."""

from __future__ import annotations

from contextlib import suppress

from ledger import bindings, cbor, consistency_receipt, cose, cose_receipt, receipt, scrapi, transparent
from ledger.check import check_bundle
from ledger.entry_rules import EntryRules, names_in
from ledger.errors import LedgerError
from ledger.hashing import HASH_SIZE
from ledger.index import announcement, history
from ledger.index.check import check_history
from ledger.index.keys import UNREADABLE, keys_of
from ledger.index.state import format_state, parse_state
from ledger.index.trie import Leaf, root_of_path
from ledger.keyfile import format_key_file, parse_key_file
from ledger.keys import KEY_SIZE, PublicKey
from ledger.manifest import format_sidecar, parse_manifest, parse_sidecar
from ledger.mldsa import ML_DSA_KEY_SIZE, MlDsaPublicKey
from ledger.proofs import verify_consistency, verify_inclusion
from ledger.statement import Statement, parse_statement
from ledger.timestamp import Token, verify_timestamp
from tests.fuzz import seeds
from tests.ledger.index.worlds import TRUST_LOG
from tests.ledger.witnesses import ListLog


def any_cbor(data: bytes) -> None:
    encoded = cbor.encode(cbor.decode(data, "item"))
    assert cbor.encode(cbor.decode(encoded, "item")) == encoded
    assert len(encoded) <= len(data)


def sign1(data: bytes) -> None:
    message = cose.parse_sign1(data, "message")
    assert cose.format_sign1(message) == data
    header = cose.parse_protected(message.protected, "message")
    assert header[cose.ALGORITHM] in (cose.EDDSA, cose.ED25519)


def statement(data: bytes) -> None:
    found = parse_statement(data)
    assert found.leaf_bytes == data
    assert names_in(found)
    found.verify(seeds.market().platform.public)


def keys_of_entry(data: bytes) -> None:
    keys = keys_of(data)
    assert keys == tuple(sorted(set(keys)))
    assert (keys == (UNREADABLE,)) == (_statement_or_none(data) is None)


def log_policy(data: bytes) -> None:
    found = parse_statement(data)
    policy = bindings.parse_log_policy(found)
    assert policy.log.name
    assert policy.cosigner.name
    bindings.verify_log_policy(found)


def key_binding(data: bytes) -> None:
    found = parse_statement(data)
    assert len(bindings.parse_key_binding(found).possession) == 64
    policy = bindings.verify_log_policy(parse_statement(seeds.market().entries[0]))
    bindings.verify_key_binding(found, policy)


def index_announcement(data: bytes) -> None:
    found = parse_statement(data)
    assert announcement.parse_announcement(found).log.name
    policy = bindings.verify_log_policy(parse_statement(seeds.genesis()[0]))
    announcement.verify_announcement(found, policy)


def entry_of_log(data: bytes) -> None:
    made = seeds.market()
    rules = EntryRules([made.log_signer.verifier])
    for index, entry in enumerate(made.entries[:2]):
        rules.admit(index, entry)
    rules.admit(2, data)


def receipt_of_inclusion(data: bytes) -> None:
    made = seeds.market()
    found = cose_receipt.parse_cose_receipt(data)
    formatted = cose_receipt.format_cose_receipt(
        found.protected, found.signature, found.size, found.index, found.path
    )
    assert formatted == data
    cose_receipt.verify_cose_receipt(data, made.leaves()[found.index % 3], made.receipt_key.public)


def receipt_of_consistency(data: bytes) -> None:
    found = consistency_receipt.parse_consistency_receipt(data)
    parts = (found.protected, found.signature, found.old_size, found.new_size, found.path)
    assert consistency_receipt.format_consistency_receipt(*parts) == data
    log, old = ListLog(), min(found.old_size, 40)
    root = consistency_receipt.verify_consistency_receipt(
        data, old, log.checkpoint(old).root, found.new_size, seeds.key(4).public
    )
    assert root == log.checkpoint(found.new_size).root


def transparent_statement(data: bytes) -> None:
    found = transparent.parse_transparent_statement(data)
    entry = found.statement.leaf_bytes
    assert transparent.format_transparent_statement(entry, found.receipts) == data
    made = seeds.market()
    transparent.verify_transparent_statement(data, seeds.key(11).public, made.receipt_key.public)


def submission(data: bytes) -> None:
    found = scrapi.parse_submission(data)
    message = cose.parse_sign1(found.entry, "entry")
    assert message.unprotected == {}
    assert (message.payload is None) == found.detached
    assert scrapi.parse_submission(found.entry) == found


def cose_key(data: bytes) -> None:
    found = scrapi.parse_cose_key(data)
    assert scrapi.parse_cose_key(found.cose_key()) == found


def key_set(data: bytes) -> None:
    found = scrapi.parse_key_set(data)
    assert not found or scrapi.parse_key_set(scrapi.format_key_set(found)) == found


def problem(data: bytes) -> None:
    found = scrapi.parse_problem(data)
    assert scrapi.parse_problem(scrapi.format_problem(found)) == found


def manifest(data: bytes) -> None:
    found = parse_manifest(data)
    assert found.canonical == data
    assert found.row(found.rows[-1].path) == found.rows[-1]


def sidecar(data: bytes) -> None:
    assert format_sidecar(parse_sidecar(data, seeds.ROW)) == data


def bundle(data: bytes) -> None:
    assert receipt.format_bundle(receipt.parse_bundle(data)) == data


def report_on_bundle(data: bytes) -> None:
    made = seeds.market()
    stamp = Token(seeds.tokens()[0], (seeds.authority().pem,))
    report = check_bundle(data, made.trust(), history=seeds.histories()[0], timestamp=stamp, now=seeds.NOW)
    for lang in ("en", "zh"):
        assert report.sentence(lang)
    if report.outcome == "passed":
        assert receipt.parse_bundle(data).statement in made.entries


def parsed_history(data: bytes) -> None:
    assert history.format_history(history.parse_history(data)) == data


def report_on_history(data: bytes) -> None:
    report = check_history(data, TRUST_LOG, at_least=1, rebuilt=bytes(32))
    for lang in ("en", "zh"):
        assert report.sentence(lang)


def index_state(data: bytes) -> None:
    assert format_state(parse_state(data)) == data


def path_through_map(data: bytes) -> None:
    """A key, a leaf (key and list) and steps upwards: bit, then the other side's hash."""
    key, leaf, rest = data[:32], Leaf(data[32:64], data[64:96]), data[96:]
    steps = [(rest[at], rest[at + 1 : at + 33]) for at in range(0, len(rest), 33)]
    assert len(root_of_path(key, leaf, steps)) == HASH_SIZE


def tree_proof(data: bytes) -> None:
    """Two numbers below 256 and a path; whatever verifies is the one path that there is."""
    old, new, rest = data[0] if data else 0, data[1] if len(data) > 1 else 0, data[2:]
    path = [rest[at : at + 32] for at in range(0, len(rest), 32)]
    log = ListLog()
    sizes = min(old, 40), min(new, 40)
    roots = [log.checkpoint(size).root for size in sizes]
    with suppress(LedgerError):
        verify_consistency(sizes[0], roots[0], sizes[1], roots[1], path)
        assert tuple(path) == log.proof(*sizes)
    verify_inclusion(log.leaves(40)[old % 40], old, sizes[1], path, roots[1])


def key_file(data: bytes) -> None:
    found = parse_key_file(data)
    assert parse_key_file(format_key_file(found, label="again")).seed == found.seed


def public_key(data: bytes) -> None:
    found = PublicKey.parse(data[:KEY_SIZE])
    found.verify(b"message", data[KEY_SIZE:])


def ml_dsa_key(data: bytes) -> None:
    found = MlDsaPublicKey(data[:ML_DSA_KEY_SIZE])
    found.verify(b"message", data[ML_DSA_KEY_SIZE:])


def time_stamp(data: bytes) -> None:
    found = verify_timestamp(data, seeds.STAMPED, [seeds.authority().pem])
    assert found.authority == "CN=Test Time Authority"


def _statement_or_none(data: bytes) -> Statement | None:
    try:
        return parse_statement(data)
    except LedgerError:
        return None

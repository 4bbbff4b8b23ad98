"""The bundle, the COSE receipt and the tlog-proof of a statement are three views of one proof."""

from __future__ import annotations

from pathlib import Path

from ledger.cose_receipt import verify_cose_receipt
from ledger.hashing import leaf_hash
from ledger.keys import PublicKey
from ledger.receipt import parse_bundle
from ledger.statement import parse_statement
from ledger.tlog_proof import parse_tlog_proof
from tests.builders.marketplace import Marketplace


def test_they_prove_the_same(small_market: Marketplace, tmp_path: Path) -> None:
    provider = small_market.party("harbour")
    leaf = small_market.registered(provider, tmp_path / "data")["leaf"]
    visitor = small_market.visitor()
    bundle = parse_bundle(visitor.receipt(leaf))
    cose = visitor.api.get_bytes(f"/api/v1/statements/{leaf}/receipt.cose")
    proof = parse_tlog_proof(visitor.api.get_bytes(f"/api/v1/statements/{leaf}/receipt.tlog-proof"))
    assert cose == bundle.cose_receipt
    assert (proof.index, proof.path, proof.checkpoint) == (bundle.index, bundle.path, bundle.checkpoint)
    policy = parse_statement(bundle.supporting[-1].entry).predicate
    key = PublicKey.parse(bytes.fromhex(policy["receiptKey"]))
    assert verify_cose_receipt(cose, leaf_hash(bundle.statement), key)


def test_until_it_is_published_each_view_says_to_wait(small_market: Marketplace, tmp_path: Path) -> None:
    provider = small_market.party("harbour")
    small_market.drain()
    (tmp_path / "a.csv").write_text("a\n1\n", encoding="utf-8")
    from market.catalog.schemas import EXAMPLE_METADATA

    leaf = provider.register([tmp_path / "a.csv"], metadata=EXAMPLE_METADATA)["leaf"]
    for view in ("receipt", "receipt.cose", "receipt.tlog-proof"):
        reply = provider.api.send("GET", f"/api/v1/statements/{leaf}/{view}")
        assert (reply.status_code, reply.headers["retry-after"]) == (202, "1")

"""What the ledger writes, judged by Go libraries that know nothing of it."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.hashing import leaf_hash
from ledger.mldsa import MlDsaSigningKey
from ledger.note import COSIGNATURE_ML_DSA, NoteSigner, format_note, parse_note
from ledger.policy import format_policy, parse_policy
from ledger.reader import LogView
from ledger.stores.address import opened_files
from ledger.stores.files import FileObjects
from market.cli.setup import NewHome, initialise
from market.client import Datawharf
from market.signers import index_vkey, signing_key
from tests.fakes.malicious_log import served
from tests.journeys.served import Served
from tests.ledger.market_in_a_box import TIME, Market
from tests.peers.conftest import Program, Refused
from tests.peers.worlds import PROVIDER, own_log

SIZES = (3, 256, 700)


@pytest.fixture
def market() -> Market:
    made = Market()
    made.add(made.binding(PROVIDER, made.org(1)))
    made.add(made.registration(PROVIDER, made.org(1)))
    return made


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_tesseras_fsck_finds_our_log_sound(tools: Program, tmp_path: Path) -> None:
    made = own_log(tmp_path, *SIZES)
    made.log.close()
    with served(FileObjects(made.files)) as address:
        assert tools("fsck", address, made.market.log_signer.vkey) == ""
        bundle = made.files / "tile" / "entries" / "001"
        bundle.chmod(0o644)
        bundle.write_bytes(flipped(bundle.read_bytes(), 100))
        with pytest.raises(Refused):
            tools("fsck", address, made.market.log_signer.vkey)


def test_our_cosignatures_of_both_kinds_hold(tools: Program, market: Market, tmp_path: Path) -> None:
    post_quantum = NoteSigner(
        "witness.example/pq", MlDsaSigningKey.from_seed(bytes([7]) * 32), COSIGNATURE_ML_DSA
    )
    note = parse_note(market.checkpoint(witnessed=TIME + 5))
    note = replace(note, signatures=(*note.signatures, post_quantum.cosign(note.text, TIME + 9)))
    path = tmp_path / "checkpoint"
    path.write_bytes(format_note(note))
    for cosigner, time in ((market.cosigner, TIME), (market.witness, TIME + 5), (post_quantum, TIME + 9)):
        assert tools("cosigned", path, market.log_signer.vkey, cosigner.vkey) == f"{time}\n"
    path.write_bytes(format_note(replace(note, text=note.text.replace("\n3\n", "\n4\n"))))
    with pytest.raises(Refused):
        tools("cosigned", path, market.log_signer.vkey, market.witness.vkey)


@pytest.mark.parametrize("witnessed", [False, True])
def test_our_proof_files_and_trust_files_are_read(
    witnessed: bool, tools: Program, market: Market, tmp_path: Path
) -> None:
    trust, proof, entry = (tmp_path / name for name in ("trust.policy", "p.tlog-proof", "entry"))
    trust.write_bytes(format_policy(market.trust(witnessed=witnessed)))
    bundle = market.bundle(2, witnessed=TIME if witnessed else None)
    proof.write_bytes(bundle.tlog_proof)
    entry.write_bytes(bundle.statement)
    tools("proof", proof, trust, entry)
    entry.write_bytes(flipped(bundle.statement, 50))
    with pytest.raises(Refused):
        tools("proof", proof, trust, entry)


def test_a_proof_without_the_quorum_of_our_trust_file_is_refused(
    tools: Program, market: Market, tmp_path: Path
) -> None:
    trust, proof, entry = (tmp_path / name for name in ("trust.policy", "p.tlog-proof", "entry"))
    trust.write_bytes(format_policy(market.trust(witnessed=True)))
    bundle = market.bundle(2)
    proof.write_bytes(bundle.tlog_proof)
    entry.write_bytes(bundle.statement)
    with pytest.raises(Refused, match="policy components"):
        tools("proof", proof, trust, entry)


def test_our_statements_are_cose(tools: Program, market: Market, tmp_path: Path) -> None:
    path = tmp_path / "statement.cose"
    path.write_bytes(market.entries[2])
    payload = json.loads(tools("statement", path, PROVIDER.public.raw.hex()))
    assert payload["_type"] == "https://in-toto.io/Statement/v1"
    path.write_bytes(flipped(market.entries[2], -70))
    with pytest.raises(Refused):
        tools("statement", path, PROVIDER.public.raw.hex())


@pytest.mark.parametrize("index", [0, 1, 2])
def test_our_receipts_are_of_rfc_9942(index: int, tools: Program, market: Market, tmp_path: Path) -> None:
    receipt, entry = tmp_path / "receipt.cose", tmp_path / "entry"
    receipt.write_bytes(market.cose_receipt(index))
    entry.write_bytes(market.entries[index])
    key = market.receipt_key.public.raw.hex()
    root = tools("receipt", receipt, entry, key).strip()
    (_, _, base64_root, *_) = parse_note(market.checkpoint()).text.split("\n")
    assert bytes.fromhex(root) == b64decode(base64_root)
    entry.write_bytes(flipped(market.entries[index], 50))
    with pytest.raises(Refused):
        tools("receipt", receipt, entry, key)


def test_a_marketplace_is_read_over_its_own_server(tools: Program, tmp_path: Path, free_port: int) -> None:
    """Its log and the index of it, packed bundles included; and a receipt out of its standard way in."""
    made = initialise(NewHome(tmp_path / "home", f"http://127.0.0.1:{free_port}"), rate_limits=False)
    server = Served(tmp_path / "home", free_port, tmp_path / "server.log")
    server.start()
    try:
        (log, *_) = parse_policy(made.settings.trust_file.read_bytes()).logs
        assert tools("fsck", f"{server.address}/ledger", log.verifier.vkey) == ""
        assert tools("fsck", f"{server.address}/ledger/index/v1", index_vkey(made.settings)) == ""
        with opened_files(f"{server.address}/ledger") as files, Datawharf(server.address) as visitor:
            view = LogView(files, log.verifier)
            view.refresh()
            statement = view.entry(1)
            receipt = visitor.api.get_bytes(f"/entries/{leaf_hash(statement).hex()}")
        (tmp_path / "entry").write_bytes(statement)
        (tmp_path / "receipt").write_bytes(receipt)
        key = signing_key(made.settings, "receipt").public.raw.hex()
        root = tools("receipt", tmp_path / "receipt", tmp_path / "entry", key).strip()
        assert len(bytes.fromhex(root)) == 32
    finally:
        server.stop()

"""Good inputs to start from, one function for each kind of bytes; made from fixed keys, or read from the test vectors."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger import cbor, cose
from ledger.checkpoint import cosign_checkpoint, open_checkpoint
from ledger.consistency_receipt import format_consistency_receipt
from ledger.cose_receipt import sign_root
from ledger.encoding import canonical_json, format_base64
from ledger.hashing import CompactRange, leaf_hash, root_of
from ledger.head import Head, Staged, format_head, format_staged, frames_of
from ledger.index.state import IndexState, format_state
from ledger.keyfile import format_key_file
from ledger.lease import LeaseRecord, format_lease
from ledger.manifest import FileRow, Manifest
from ledger.mldsa import MlDsaSigningKey
from ledger.monitor.state import MonitorState
from ledger.monitor.state import format_state as format_monitor_state
from ledger.note import COSIGNATURE_ML_DSA, NoteSigner
from ledger.policy import Group, Policy, TrustedLog, Witness, format_policy
from ledger.proofs import prove_consistency
from ledger.receipt import Bundle, Opening, format_bundle
from ledger.rotation import sign_rotation
from ledger.scrapi import Problem, format_key_set, format_problem
from ledger.signer import Signer, format_signed_head
from ledger.stores.memory import Faults
from ledger.tiles import encode_bundle
from ledger.tlog_proof import TlogProof, format_tlog_proof
from ledger.transparent import format_transparent_statement
from tests.ledger.authority import START, Authority
from tests.ledger.index.worlds import Indexed, asset, genesis, statement
from tests.ledger.logs import LOG_SIGNER, NOW, ORIGIN, MemorySignerState, make_signer
from tests.ledger.market_in_a_box import ListReader, Market, key
from tests.ledger.witnesses import ListLog

VECTORS = Path(__file__).parent.parent / "vectors"
ROW = FileRow(
    "data/large.bin", (16 << 20) + 1, bytes(32), "text/csv; charset=utf-8", root_of([bytes(32)] * 5)
)
"""A file with five chunks, whose hashes are all zero."""
STAMPED = b"log.example\n7\n..."


@cache
def market() -> Market:
    made = Market()
    org = made.org(1)
    made.add(made.binding(key(11), org))
    made.add(made.registration(key(11), org))
    return made


@cache
def ml_dsa() -> NoteSigner:
    return NoteSigner("witness.example/w2", MlDsaSigningKey.from_seed(bytes([8]) * 32), COSIGNATURE_ML_DSA)


def vectors(file: str, *fields: str) -> list[bytes]:
    """These members of each case, text as it stands and everything else out of base64."""
    cases: list[dict[str, Any]] = json.loads((VECTORS / file).read_text("utf-8"))
    texts = [case[field] for case in cases for field in fields if case.get(field)]
    return [text.encode() if "\n" in text or text.startswith("{") else b64decode(text) for text in texts]


@cache
def notes() -> list[bytes]:
    plain = market().checkpoint(witnessed=NOW)
    hybrid = cosign_checkpoint(market().checkpoint(cosigned=False), ml_dsa(), NOW)
    return [plain, hybrid, *vectors("checkpoints.json", "note"), *vectors("cosignatures.json", "note")]


def signature_lines() -> list[bytes]:
    return [note.rpartition(b"\n\n")[2] for note in notes()[:6]]


@cache
def vkeys() -> list[bytes]:
    signers = (market().log_signer, market().cosigner, ml_dsa())
    return [signer.vkey.encode() for signer in signers]


def checkpoints() -> list[bytes]:
    return [note.rpartition(b"\n\n")[0] + b"\n" for note in notes()]


def timed() -> list[bytes]:
    return [NOW.to_bytes(8, "big") + bytes(64), bytes(8) + bytes(2420)]


def policies() -> list[bytes]:
    log = TrustedLog(market().log_signer.verifier, "https://log.example/")
    witnesses = (
        Witness("w1", market().witness.verifier, "https://w1.example/"),
        Witness("w2", ml_dsa().verifier),
    )
    rich = Policy((log,), witnesses, (Group("both", 2, ("w1", "w2")), Group("any", 1, ("both",))), "any")
    commented = b"# trust\n\n" + format_policy(rich).replace(b" ", b"\t", 3)
    return [format_policy(rich), commented, format_policy(market().trust())]


@cache
def bundles() -> list[bytes]:
    opened = Opening("metadata", bytes(32), b"sealed")
    return [format_bundle(market().bundle(2)), format_bundle(market().bundle(2, (), (opened,)))]


def proofs() -> list[bytes]:
    bundle: Bundle = market().bundle(2)
    extra = format_tlog_proof(TlogProof(0, (), bundle.checkpoint, b"context"))
    return [bundle.tlog_proof, extra]


@cache
def entries() -> list[bytes]:
    return [*market().entries, *vectors("statements.json", "entry")[:8], *genesis(), statement(7)]


def cbor_items() -> list[bytes]:
    value = {1: [-1, 2**40, True, None], "text": {"ü": b"bytes"}, -5: cbor.Tag(18, [])}
    return [cbor.encode(value), b"\x9b" + bytes(7) + b"\x01\x00", *receipts()]


@cache
def receipts() -> list[bytes]:
    return [market().cose_receipt(index) for index in range(3)]


@cache
def consistency_receipts() -> list[bytes]:
    log = ListLog()
    protected, signature = sign_root(log.checkpoint(7).root, key(4), log.origin)
    return [format_consistency_receipt(protected, signature, old, 7, log.proof(old, 7)) for old in (3, 4, 6)]


@cache
def transparent_statements() -> list[bytes]:
    made = market()
    receipt = made.cose_receipt(2)
    return [format_transparent_statement(made.entries[2], [receipt] * count) for count in (1, 2)]


def submissions() -> list[bytes]:
    frame = cose.parse_sign1(market().entries[2], "statement")
    unsigned = cose.Sign1(frame.protected, {"unsigned": 1}, frame.payload, frame.signature)
    detached = cose.Sign1(frame.protected, {}, None, frame.signature)
    return [market().entries[2], cose.format_sign1(unsigned), cose.format_sign1(detached)]


def cose_keys() -> list[bytes]:
    return [key(number).public.cose_key() for number in (1, 2)]


def key_sets() -> list[bytes]:
    other = cbor.encode([{1: 2, -1: 1}, cbor.decode(key(1).public.cose_key(), "key")])
    return [format_key_set([key(1).public, key(2).public]), other]


def problems() -> list[bytes]:
    return [format_problem(Problem("No", "Since.")), cbor.encode({-1: "a", -2: "b", -3: "c", "x": 1})]


def manifests() -> list[bytes]:
    small = FileRow("数据/a.csv", 3, bytes(32), "text/csv", record_root=bytes(32))
    return [Manifest([small]).canonical, Manifest([small, ROW]).canonical]


def sidecars() -> list[bytes]:
    return [bytes(32 * 5)]


def json_texts() -> list[bytes]:
    value = {"a": [1, -0.5, 1e30, True, None], "ü": {"x": "\u2028"}, "\U0001f600": "é"}
    return [canonical_json(value), b' {"a" : [1.0, "\\ud83d\\ude00"]}', b"[]", b"-0", b'"x"']


def paths() -> list[bytes]:
    return [b"data/a.csv", "数据/пример.csv".encode(), b"a/b/c\na/b\nA/B"]


def tile_paths() -> list[bytes]:
    return [b"tile/0/x001/x234/067.p/5", b"tile/entries/000", b"tile/63/999"]


def entry_bundles() -> list[bytes]:
    return [encode_bundle([b"", b"entry", bytes(300)]), encode_bundle(market().entries)]


def requests() -> list[bytes]:
    log = ListLog()
    return [log.request(0, 5), log.request(5, 9), log.request(9, 9), log.request(3, 40)]


@cache
def indexed() -> Indexed:
    made = Indexed([*genesis(), *(statement(number) for number in range(6))])
    made.follow()
    return made


@cache
def histories() -> list[bytes]:
    return [
        indexed().prove(asset(1)),
        indexed().prove(asset(99)),
        indexed().prove(asset(2), with_entries=False),
    ]


def index_states() -> list[bytes]:
    return [format_state(IndexState(ListLog().checkpoint(7), bytes(32)))]


def pages() -> list[bytes]:
    leaves = b"L" + b"".join(bytes([number]) * 64 for number in (1, 2, 130))
    return [leaves, b"I\x81\x00" + bytes(64)]


def map_paths() -> list[bytes]:
    return [bytes(96) + bytes([200]) + bytes(32) + bytes([3]) + bytes(32)]


def records() -> list[bytes]:
    return [b"kind/v1\none\ntwo\n", b"kind/v1\n", heads()[0]]


def heads() -> list[bytes]:
    return [format_head(Head(ORIGIN, 7, bytes(32), 2, staged)) for staged in (None, "staging/2-0-7-00")]


def staged() -> list[bytes]:
    return [format_staged(Staged(ORIGIN, 5, 7, bytes(32), frames_of([b"one", b""])))]


def leases() -> list[bytes]:
    return [format_lease(LeaseRecord(ORIGIN, "-", 1, 3000, "boot:1:2:3:ab"))]


@cache
def signer_state() -> MemorySignerState:
    state = MemorySignerState(Faults())
    signer: Signer = make_signer(state)
    signer.claim(3)
    signer.sign(ListLog(ORIGIN).checkpoint(7), NOW, 3, [])
    return state


def signed_heads() -> list[bytes]:
    head = make_signer(signer_state()).last()
    assert head is not None
    return [format_signed_head(head)]


def signer_states() -> list[bytes]:
    return [signer_state().record or b"", *signed_heads(), b"datawharf/signer-epoch/v1\n4\n"]


def signer_requests() -> list[bytes]:
    head = b"datawharf/signer-request/v1\n"
    text = ListLog(ORIGIN).checkpoint(7)
    sign = f"sign\n{ORIGIN}\n7\n{format_base64(text.root)}\n{NOW} 3\n\n".encode()
    return [head + b"keys\n\n\n\n\n\n", head + b"last\n\n\n\n\n\n", head + b"claim\n9\n\n\n\n\n", head + sign]


def monitor_states() -> list[bytes]:
    made = market()
    range_ = CompactRange()
    range_.extend(made.leaves())
    bindings = ((key(11).public.thumbprint.hex(), made.org(1), key(11).public.raw.hex()),)
    note = made.checkpoint()
    head = open_checkpoint(note, made.log_signer.verifier)
    full = MonitorState(head, note, 3, range_.hashes(), made.entries[0], bindings)
    return [format_monitor_state(full), format_monitor_state(MonitorState(head, note))]


def key_files() -> list[bytes]:
    return [format_key_file(key(1), label="log"), b"\n " + format_key_file(key(2), label="ü")]


def kept() -> list[bytes]:
    """Note, root signature and links of a kept checkpoint, parted by a byte that is in none of the texts."""
    protected, signature = sign_root(bytes(32), key(4), ORIGIN)
    root = cose.format_sign1(cose.Sign1(protected, {}, None, signature))
    links = [b"datawharf/checkpoint-links/v1\n%d\n%d\n%d\n" % each for each in ((0, 3, 3), (4, 2, 1))]
    return [b"\xff\x00\xff".join((market().checkpoint(), root, link)) for link in links]


def rotations() -> list[bytes]:
    return [sign_rotation(LOG_SIGNER, NoteSigner(ORIGIN, key(77)))]


@cache
def authority() -> Authority:
    return Authority()


@cache
def tokens() -> list[bytes]:
    return [authority().token(STAMPED, START + timedelta(days=30))]


@cache
def ml_dsa_keys() -> list[bytes]:
    made = MlDsaSigningKey.from_seed(bytes([8]) * 32)
    return [made.public.raw + made.sign(b"message")]


def public_keys() -> list[bytes]:
    return [key(1).public.raw + key(1).sign(b"message"), bytes(32), b"\x01" + bytes(31)]


def urns() -> list[bytes]:
    return [market().org(1).encode()]


def mail_servers() -> list[bytes]:
    return [b"smtp://mail.example:25", b"smtps://me%40x@[::1]/"]


def texts() -> list[bytes]:
    return [b"AAECAw==", b"00ff", b"9223372036854775807", b"0", sha256(b"").hexdigest().encode()]


def sizes() -> list[bytes]:
    return [b"0\n", b"9223372036854775807\n"]


def tree_proofs() -> list[bytes]:
    """Index, size, older size and a path, as the target of proofs reads them."""
    leaves = [leaf_hash(bytes([number])) for number in range(7)]
    path = b"".join(prove_consistency(3, 7, ListReader(leaves)))
    return [bytes([3, 7]) + path, bytes([0, 1])]

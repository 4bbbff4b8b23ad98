"""The published vectors are what their script makes, and this project's code gives every verdict in them."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.check import check_bundle
from ledger.checkpoint import cosignatures, open_checkpoint
from ledger.errors import LedgerError
from ledger.index.check import check_history
from ledger.integrate import EMPTY_EDGE, grow
from ledger.keys import PublicKey
from ledger.manifest import parse_manifest
from ledger.note import open_note, parse_vkey
from ledger.policy import parse_policy
from ledger.proofs import verify_consistency, verify_inclusion
from ledger.statement import parse_statement
from tests.vectors.make import BUILDERS, FOLDER, build

Case = dict[str, Any]


@cache
def cases(name: str) -> list[Case]:
    found: list[Case] = json.loads((FOLDER / f"{name}.json").read_bytes())
    return found


def path_of(case: Case) -> list[bytes]:
    return [b64decode(hash_) for hash_ in case["path"]]


def inclusion(case: Case) -> None:
    leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
    verify_inclusion(leaf, case["index"], case["size"], path_of(case), root)


def consistency(case: Case) -> None:
    old, new = b64decode(case["oldRoot"]), b64decode(case["newRoot"])
    verify_consistency(case["oldSize"], old, case["newSize"], new, path_of(case))


def checkpoint(case: Case) -> None:
    found = open_checkpoint(case["note"].encode(), parse_vkey(case["vkey"]))
    assert (found.origin, found.size, found.root) == (case["origin"], case["size"], b64decode(case["root"]))


def cosignature(case: Case) -> None:
    (found,) = cosignatures(open_note(case["note"].encode(), [parse_vkey(case["vkey"])]))
    assert found.time == case["time"]


def statement(case: Case) -> None:
    found = parse_statement(b64decode(case["entry"]))
    found.verify(PublicKey.parse(bytes.fromhex(case["key"])))
    claims = found.claims
    assert (claims.iss, claims.sub, claims.aud) == (case["issuer"], case["subject"], case["log"])
    assert (claims.iat, found.kid.hex()) == (case["issuedAt"], case["keyId"])
    assert found.leaf_hash == b64decode(case["leafHash"])


READERS: dict[str, Callable[[Case], None]] = {
    "inclusion": inclusion,
    "consistency": consistency,
    "checkpoints": checkpoint,
    "cosignatures": cosignature,
    "statements": statement,
}


@pytest.mark.parametrize("name", READERS)
def test_every_verdict_is_ours(name: str) -> None:
    for case in cases(name):
        if case["verdict"] == "accept":
            READERS[name](case)
        else:
            with pytest.raises(LedgerError):
                READERS[name](case)
                pytest.fail(f"{name}: {case['name']} was accepted")


def test_every_receipt_gets_its_verdict(tmp_path: Path) -> None:
    for case in cases("receipts"):
        files = {}
        for number, (name, content) in enumerate(case["files"].items()):
            files[name] = tmp_path / str(number)
            files[name].write_bytes(b64decode(content))
        manifest = parse_manifest(case["manifest"].encode()) if case["manifest"] else None
        trust = parse_policy(case["trust"].encode())
        report = check_bundle(
            case["receipt"].encode(), trust, manifest=manifest, files=files or None, now=case["now"]
        )
        failing = [step.code for step in report.steps if step.outcome == "failed"]
        assert (report.ok, failing) == (case["verdict"] == "accept", case["failing"]), case["name"]
        assert bool(failing) == (case["verdict"] == "refuse"), case["name"]


def test_every_history_gets_its_verdict() -> None:
    for case in cases("histories"):
        report = check_history(
            case["history"].encode(),
            parse_policy(case["trust"].encode()),
            key=case["key"],
            at_least=case["atLeast"],
            rebuilt=bytes.fromhex(case["rebuilt"]) if case["rebuilt"] else None,
        )
        failing = [step.code for step in report.steps if step.outcome == "failed"]
        assert (report.ok, failing) == (case["verdict"] == "accept", case["failing"]), case["name"]
        assert bool(failing) == (case["verdict"] == "refuse"), case["name"]


def listing(files: dict[str, bytes]) -> str:
    lines = [f"{sha256(data).hexdigest()}  {path}\n" for path, data in sorted(files.items())]
    return sha256("".join(lines).encode()).hexdigest()


def test_the_writer_makes_the_published_files_at_once() -> None:
    for case in cases("tiles"):
        framed = [len(entry).to_bytes(2, "big") + entry for entry in decimal(0, case["size"])]
        grown = grow(EMPTY_EDGE, framed)
        assert grown.root == b64decode(case["root"]), case["size"]
        assert listing(grown.objects) == case["digest"], case["size"]


def test_the_writer_makes_the_published_files_step_by_step() -> None:
    """Grown from each published size to the next, the partial files of every size on the way are there as well."""
    edge, files = EMPTY_EDGE, dict[str, bytes]()
    for case in cases("tiles"):
        grown = grow(
            edge, [len(entry).to_bytes(2, "big") + entry for entry in decimal(edge.size, case["size"])]
        )
        edge, files = grown.edge, files | grown.objects
        assert grown.root == b64decode(case["root"])
        for path, digest in case["edge"].items():
            assert sha256(files[path]).hexdigest() == digest, (case["size"], path)
        whole = {path: data for path, data in files.items() if ".p/" not in path or path in case["edge"]}
        assert listing(whole) == case["digest"], case["size"]
    for case in cases("tiles"):
        for path, digest in case["edge"].items():
            assert sha256(files[path]).hexdigest() == digest, (
                "later growth leaves the partial files as they were"
            )


def decimal(start: int, stop: int) -> list[bytes]:
    return [str(index).encode() for index in range(start, stop)]


@pytest.mark.parametrize("name", BUILDERS)
def test_the_script_makes_the_same_bytes(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_bytes() == build(name), "run: python -m tests.vectors.make"


@pytest.mark.parametrize("name", [name for name in BUILDERS if name != "tiles"])
def test_the_cases_have_names_of_their_own_and_both_verdicts(name: str) -> None:
    names = [case["name"] for case in cases(name)]
    assert len(set(names)) == len(names)
    assert {case["verdict"] for case in cases(name)} == {"accept", "refuse"}


def test_the_readme_names_every_file() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}.json`" in text for name in BUILDERS)
    assert {path.stem for path in FOLDER.glob("*.json")} == set(BUILDERS)

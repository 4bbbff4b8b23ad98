"""Reading costs in proportion to what is read: four times the bytes are about four times the steps.

Counted are the lines that Python executes, which are the same on every machine, not seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from ledger import cbor
from ledger.encoding import canonical_json, format_base64
from ledger.head import Staged, format_staged, frames_of
from ledger.index.history import History, format_history
from ledger.keys import SigningKey
from ledger.manifest import FileRow, Manifest
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.policy import Policy, Witness, format_policy
from ledger.receipt import Opening, format_bundle
from ledger.scrapi import format_key_set
from tests.fuzz import seeds
from tests.fuzz.targets import TARGETS
from tests.ledger.market_in_a_box import key

Grow = Callable[[int], bytes]


def _policy(count: int) -> bytes:
    made = seeds.market()
    signers = (
        NoteSigner(f"w{number}", SigningKey(number.to_bytes(32, "big")), COSIGNATURE_ED25519)
        for number in range(count)
    )
    return format_policy(
        Policy(made.trust().logs, tuple(Witness(each.name, each.verifier) for each in signers))
    )


def _groups(count: int) -> bytes:
    lines = [f"group g{number} any {'w1' if not number else f'g{number - 1}'}\n" for number in range(count)]
    witness = f"witness w1 {seeds.market().witness.vkey}\n"
    return (f"log {seeds.market().log_signer.vkey}\n{witness}{''.join(lines)}quorum none\n").encode()


def _manifest(count: int) -> bytes:
    return Manifest(FileRow(f"d{n % 7}/f{n}", 1, bytes(32), "text/csv") for n in range(count)).canonical


def _bundle(count: int) -> bytes:
    openings = tuple(Opening(f"o{number}", bytes(32), b"x") for number in range(min(count, 64)))
    return format_bundle(seeds.market().bundle(2, (), openings))


def _history(count: int) -> bytes:
    note = seeds.market().checkpoint()
    return format_history(History("k", note, note, b"state", 0, (), (), None, tuple(range(count)), None))


def _statement(count: int) -> bytes:
    made = seeds.market()
    return made.registration(
        key(11), made.org(1), predicate={f"k{n}": f"v{n}" for n in range(count)}
    ).leaf_bytes


def _staged(count: int) -> bytes:
    return format_staged(Staged("o", 0, count, bytes(32), frames_of([b"e"] * count)))


GROWING: dict[str, Grow] = {
    "note": lambda count: b"line\n" * count + b"\n" + seeds.notes()[0].rpartition(b"\n\n")[2],
    "policy": _policy,
    "manifest": _manifest,
    "bundle": _bundle,
    "history": _history,
    "statement": _statement,
    "keys-of-entry": _statement,
    "staged": _staged,
    "canonical-json": lambda count: canonical_json({f"k{number}": [number, -0.5] for number in range(count)}),
    "json": lambda count: b"[" + b"[[1]]," * count + b"0]",
    "cbor": lambda count: cbor.encode({number: [b"x", "y"] for number in range(count)}),
    "key-set": lambda count: format_key_set([key(number).public for number in range(count)]),
    "base64": lambda count: format_base64(bytes(30 * count)).encode(),
    "file-names": lambda count: "\n".join(f"a/b/c/{number}" for number in range(count)).encode(),
    "frames": lambda count: b"\x00\x01x" * count,
    "record": lambda count: b"field\n" * count,
    "checkpoint": lambda count: b"x\n" * count,
}


@pytest.mark.parametrize("name", GROWING)
def test_four_times_the_bytes_are_about_four_times_the_steps(name: str) -> None:
    once, again = (_steps(name, GROWING[name](count)) for count in (60, 240))
    assert again <= 5 * once


def test_a_policy_of_many_groups_is_read_in_proportion() -> None:
    once, again = (_steps("policy", _groups(count)) for count in (60, 240))
    assert again <= 5 * once


def _steps(name: str, data: bytes) -> int:
    """Lines executed while the target judges `data`."""
    steps = 0

    def count(frame: FrameType, event: str, value: Any) -> Any:
        nonlocal steps
        steps += event == "line"
        return count

    TARGETS[name].judge(data)  # what is made once
    before = sys.gettrace()
    sys.settrace(count)
    try:
        TARGETS[name].judge(data)
    finally:
        sys.settrace(before)
    return steps

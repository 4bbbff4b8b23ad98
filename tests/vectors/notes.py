"""Checkpoints and cosignatures, good and bad, with fixed keys: seeds of 32 equal bytes."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from ledger.checkpoint import Checkpoint, cosign_checkpoint, format_checkpoint
from ledger.hashing import EMPTY_ROOT
from ledger.keys import SigningKey
from ledger.note import COSIGNATURE_ED25519, NoteSigner, sign_note
from tests.ledger import oracle
from tests.vectors.trees import entry, text

ORIGIN = "ledger.example/vectors"
TIME = 1_767_000_000
LOG = NoteSigner(ORIGIN, SigningKey.from_seed(bytes([1]) * 32))
OTHER_KEY = NoteSigner(ORIGIN, SigningKey.from_seed(bytes([2]) * 32))
OTHER_LOG = NoteSigner("other.example/log", SigningKey.from_seed(bytes([3]) * 32))
WITNESS = NoteSigner("witness.example/w1", SigningKey.from_seed(bytes([4]) * 32), COSIGNATURE_ED25519)
ROOT = oracle.naive_root([entry(index) for index in range(13)])
BODY = format_checkpoint(Checkpoint(ORIGIN, 13, ROOT))
GOOD = sign_note(BODY, [LOG]).decode()


def checkpoints() -> list[dict[str, Any]]:
    """[{name, note, vkey, verdict, and if accepted: origin, size, root}]."""
    accepted = {
        "13 entries": (GOOD, 13, ROOT),
        "no entry": (
            sign_note(format_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT)), [LOG]).decode(),
            0,
            EMPTY_ROOT,
        ),
        "the largest size": (_signed(BODY.replace("\n13\n", f"\n{2**63 - 1}\n")), 2**63 - 1, ROOT),
        "a line of somebody unknown": (_both(GOOD, sign_note(BODY, [OTHER_KEY]).decode()), 13, ROOT),
        "a cosignature besides": (cosign_checkpoint(GOOD.encode(), WITNESS, TIME).decode(), 13, ROOT),
    }
    made: list[dict[str, Any]] = [
        {"name": name, "note": note, "vkey": LOG.vkey, "verdict": "accept", "origin": ORIGIN, "size": size,
         "root": text(root)}
        for name, (note, size, root) in accepted.items()
    ]  # fmt: skip
    return made + [
        {"name": name, "note": note, "vkey": LOG.vkey, "verdict": "refuse"}
        for name, note in _refused().items()
    ]


def cosignatures() -> list[dict[str, Any]]:
    """[{name, note, vkey: of the witness, verdict, and if accepted: time}]."""
    good = cosign_checkpoint(GOOD.encode(), WITNESS, TIME).decode()
    first, last = good[: len(GOOD)], good[len(GOOD) :]
    another = sign_note(BODY.replace("\n13\n", "\n12\n"), [LOG])
    moved = cosign_checkpoint(another, WITNESS, TIME).decode().splitlines(keepends=True)[-1]
    refused = {
        "no line of the witness": GOOD,
        "of another checkpoint": first + moved,
        "a second later": first + _shifted(last, lambda data: data[:4] + _later(data[4:12]) + data[12:]),
        "without its time": first + _shifted(last, lambda data: data[:4] + data[12:]),
        "the signature cut": first + _shifted(last, lambda data: data[:-1]),
        "a bit flipped": first + _shifted(last, lambda data: data[:-1] + bytes([data[-1] ^ 1])),
    }
    made: list[dict[str, Any]] = [
        {"name": "of the checkpoint", "note": good, "vkey": WITNESS.vkey, "verdict": "accept", "time": TIME}
    ]
    return made + [
        {"name": name, "note": note, "vkey": WITNESS.vkey, "verdict": "refuse"}
        for name, note in refused.items()
    ]


def _refused() -> dict[str, str]:
    line = GOOD.splitlines(keepends=True)[-1]
    root = text(ROOT)
    return {
        "another root": GOOD.replace(root, text(EMPTY_ROOT)),
        "another size": GOOD.replace("\n13\n", "\n12\n"),
        "another origin": GOOD.replace(f"{ORIGIN}\n13", "ledger.example/vector\n13"),
        "another key of the same name": sign_note(BODY, [OTHER_KEY]).decode(),
        "another log": sign_note(BODY, [OTHER_LOG]).decode(),
        "no signature": BODY + "\n",
        "no empty line": GOOD.replace("\n\n", "\n"),
        "leading zero": _signed(BODY.replace("\n13\n", "\n013\n")),
        "a plus": _signed(BODY.replace("\n13\n", "\n+13\n")),
        "a negative size": _signed(BODY.replace("\n13\n", "\n-1\n")),
        "a size of 2^63": _signed(BODY.replace("\n13\n", f"\n{2**63}\n")),
        "a short root": _signed(BODY.replace(root, text(ROOT[:31]))),
        "unpadded base64": _signed(BODY.replace(root, root.rstrip("="))),
        "a line too many": _signed(BODY + "extension\n"),
        "no root": _signed(f"{ORIGIN}\n13\n"),
        "no entry with another root": _signed(BODY.replace("\n13\n", "\n0\n")),
        "carriage returns": GOOD.replace("\n", "\r\n"),
        "text after the note": GOOD + "more\n",
        "a hyphen for the dash": GOOD.replace("\u2014 ", "- "),
        "the signature of a bit less": GOOD.replace(line, _shifted(line, lambda data: data[:-1])),
    }


def _signed(body: str) -> str:
    """A note over any text, also one that is no checkpoint."""
    return f"{body}\n{LOG.sign(body).line}"


def _both(note: str, other: str) -> str:
    return note + other.splitlines(keepends=True)[-1]


def _shifted(line: str, change: Callable[[bytes], bytes]) -> str:
    head, _, encoded = line.rstrip("\n").rpartition(" ")
    return f"{head} {b64encode(change(b64decode(encoded))).decode()}\n"


def _later(time: bytes) -> bytes:
    return (int.from_bytes(time, "big") + 1).to_bytes(8, "big")

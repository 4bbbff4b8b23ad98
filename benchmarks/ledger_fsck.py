"""fsck of a whole log in files, beside the hashing that nobody can avoid and one SHA-256 over the same bytes.

    python -m benchmarks.ledger_fsck [--scale tiny|usual|full] [--json]

Entries have the size of a registration. Both limits run on one core; fsck has all of them.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from benchmarks.figures import MIB, Figure, Scale, alternate, command_line, stopwatch
from benchmarks.ledger_append import ORIGIN
from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.fsck import fsck
from ledger.integrate import EMPTY_EDGE, grow
from ledger.keys import SigningKey
from ledger.note import NoteSigner, sign_note
from ledger.stores.files import FileObjects

ENTRY_SIZE = 1_100
ENTRIES = {Scale.TINY: 600, Scale.USUAL: 120_000, Scale.FULL: 1_000_000}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 3, Scale.FULL: 3}
CORES = os.cpu_count() or 1


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        signer = NoteSigner(ORIGIN, SigningKey.from_seed(bytes(32)))
        folder = Path(scratch)
        size = write_log(folder, signer, ENTRIES[scale])
        contestants = {
            "fsck": lambda: [check(folder, signer)],
            "limit: SHA-256 of its leaves and nodes, one core": lambda: [hash_tree(folder)],
            "limit: one SHA-256 over its bundles, one core": lambda: [hash_bytes(folder)],
        }
        seconds = alternate(ROUNDS[scale], contestants)
    for name, beside in seconds.items():
        if name != "fsck":
            yield Figure(
                f"ledger: fsck of {ENTRIES[scale]:,} entries of {ENTRY_SIZE:,} bytes with {CORES} cores",
                seconds["fsck"],
                name,
                beside,
                at_least=0.7,
                amount=size / MIB,
                unit="MiB",
            )


def write_log(folder: Path, signer: NoteSigner, count: int) -> int:
    """A log of `count` entries, published once; returns the bytes of its bundles. Nothing is synced."""
    rng, edge, written = random.Random(7), EMPTY_EDGE, 0
    for start in range(0, count, 4096):
        entries = [rng.randbytes(ENTRY_SIZE) for _ in range(min(4096, count - start))]
        grown = grow(edge, [len(entry).to_bytes(2, "big") + entry for entry in entries])
        edge = grown.edge
        for path, data in grown.objects.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        written += sum(map(len, entries))
    note = sign_note(format_checkpoint(Checkpoint(ORIGIN, edge.size, edge.root)), [signer])
    (folder / "checkpoints").mkdir()
    for path in ("checkpoint", f"checkpoints/{edge.size}"):
        (folder / path).write_bytes(note)
    return written


def check(folder: Path, signer: NoteSigner) -> float:
    with stopwatch() as watch:
        report = fsck(FileObjects(folder), signer.verifier, workers=CORES)
    assert report.ok, report.problems
    return watch.seconds


def hash_tree(folder: Path) -> float:
    """Every leaf and node once, the entries already apart and in memory when the clock starts."""
    seconds, nodes = 0.0, list[bytes]()
    for data in bundles(folder):
        frames = range(0, len(data), ENTRY_SIZE + 2)
        entries = [b"\x00" + data[at + 2 : at + 2 + ENTRY_SIZE] for at in frames]
        with stopwatch() as watch:
            nodes += [sha256(entry).digest() for entry in entries]
        seconds += watch.seconds
    with stopwatch() as watch:
        while len(nodes) > 1:
            pairs = zip(nodes[::2], nodes[1::2], strict=False)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return seconds + watch.seconds


def hash_bytes(folder: Path) -> float:
    with stopwatch() as watch:
        digest = sha256()
        for data in bundles(folder):
            digest.update(data)
    return watch.seconds


def bundles(folder: Path) -> Iterator[bytes]:
    for path in sorted((folder / "tile" / "entries").rglob("*")):
        if path.is_file() and ".p" not in path.parent.name:
            yield path.read_bytes()


if __name__ == "__main__":
    command_line("ledger_fsck", run)

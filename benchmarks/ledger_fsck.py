"""fsck of a whole log in files, beside the SHA-256 of the same bytes on all cores, in pieces as large as they come.

    python -m benchmarks.ledger_fsck [--scale tiny|usual|full] [--json]

Entries have the size of a registration, and of a large statement. A tree hashes each entry by itself, and a node for each;
the time of these hashes alone, one call of hashlib for each, is told beside.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
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

ENTRY_SIZES = (1_100, 8_192)
BYTES = {Scale.TINY: 600_000, Scale.USUAL: 256 * MIB, Scale.FULL: 1024 * MIB}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 3, Scale.FULL: 3}
CORES = os.cpu_count() or 1


def run(scale: Scale) -> Iterator[Figure]:
    for size in ENTRY_SIZES:
        with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
            yield from _figures(Path(scratch), BYTES[scale] // size, size, ROUNDS[scale])


def _figures(folder: Path, count: int, size: int, rounds: int) -> Iterator[Figure]:
    signer = NoteSigner(ORIGIN, SigningKey.from_seed(bytes(32)))
    write_log(folder, signer, count, size)
    ours = "fsck"
    limit = f"limit: SHA-256 of its bundles, {CORES} cores"
    seconds = alternate(
        rounds,
        {
            ours: lambda: [check(folder, signer)],
            limit: lambda: [hash_bytes(folder)],
            f"SHA-256 of its leaves and nodes, {CORES} cores": lambda: [hash_tree(folder, size)],
        },
    )
    for name in list(seconds)[1:]:
        yield Figure(
            f"ledger: fsck of {count:,} entries of {size:,} bytes with {CORES} cores",
            seconds[ours],
            name,
            seconds[name],
            at_least=0.7 if name == limit else None,
            amount=count * size / MIB,
            unit="MiB",
        )


def write_log(folder: Path, signer: NoteSigner, count: int, size: int) -> None:
    """A log of `count` entries of `size` bytes, published once. Nothing is synced."""
    rng, edge = random.Random(7), EMPTY_EDGE
    for start in range(0, count, 4096):
        entries = [rng.randbytes(size) for _ in range(min(4096, count - start))]
        grown = grow(edge, [len(entry).to_bytes(2, "big") + entry for entry in entries])
        edge = grown.edge
        for path, data in grown.objects.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    note = sign_note(format_checkpoint(Checkpoint(ORIGIN, edge.size, edge.root)), [signer])
    (folder / "checkpoints").mkdir()
    for path in ("checkpoint", f"checkpoints/{edge.size}"):
        (folder / path).write_bytes(note)


def check(folder: Path, signer: NoteSigner) -> float:
    with stopwatch() as watch:
        report = fsck(FileObjects(folder), signer.verifier, workers=CORES)
    assert report.ok, report.problems
    return watch.seconds


def hash_tree(folder: Path, size: int) -> float:
    """Every leaf and node once by as many processes as cores; nothing is compared."""
    with ProcessPoolExecutor(CORES) as pool:
        list(pool.map(abs, range(CORES)))  # they are there when the clock starts
        with stopwatch() as watch:
            list(pool.map(partial(_hash_tiles, size), _shares(bundles(folder))))
    return watch.seconds


def _hash_tiles(size: int, paths: list[Path]) -> None:
    for path in paths:
        data = path.read_bytes()
        frames = range(0, len(data), size + 2)
        nodes = [sha256(b"\x00" + data[at + 2 : at + 2 + size]).digest() for at in frames]
        while len(nodes) > 1:
            pairs = zip(nodes[::2], nodes[1::2], strict=False)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]


def hash_bytes(folder: Path) -> float:
    """Each bundle as one message, by as many threads as cores: hashing does not hold the interpreter."""
    with ThreadPoolExecutor(CORES) as pool, stopwatch() as watch:
        list(pool.map(_hash_files, _shares(bundles(folder))))
    return watch.seconds


def _hash_files(paths: list[Path]) -> None:
    for path in paths:
        sha256(path.read_bytes()).digest()


def _shares(paths: list[Path]) -> list[list[Path]]:
    return [paths[number::CORES] for number in range(CORES)]


def bundles(folder: Path) -> list[Path]:
    found = sorted((folder / "tile" / "entries").rglob("*"))
    return [path for path in found if path.is_file() and ".p" not in path.parent.name]


if __name__ == "__main__":
    command_line("ledger_fsck", run)

"""Inclusion and consistency proofs by a reader that has no tile yet, while the log grows from 10^3 to 10^6 entries.

    python -m benchmarks.proof [--scale tiny|usual|full] [--json]

Beside pymerkle's inclusion proof from an open SQLite tree (up to 10^5 entries; it keeps subroots in memory), and
beside the smallest size of the same log, since a proof should grow with the logarithm only.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figures import Figure, Scale, command_line, stopwatch
from benchmarks.ledger_append import ORIGIN, create_log
from benchmarks.peers import run_peer, with_peers
from ledger.log import Log
from ledger.reader import LogReader
from ledger.stores.files import FileObjects

LARGEST = {Scale.TINY: 1_000, Scale.USUAL: 100_000, Scale.FULL: 1_000_000}
PROOFS = {Scale.TINY: 5, Scale.USUAL: 200, Scale.FULL: 200}
PEER_LARGEST = 100_000
BATCH = 65_536

Prove = Callable[[LogReader, int, int], object]
KINDS: dict[str, Prove] = {
    "inclusion": lambda reader, index, size: reader.inclusion(index, size),
    "consistency": lambda reader, index, size: reader.consistency(index, size),
}


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folder = Path(scratch)
        python = with_peers(folder / "venv") if scale is not Scale.TINY else None
        log = create_log(folder)
        first: dict[str, list[float]] = {}
        size = 1_000
        while size <= LARGEST[scale]:
            grow(log, size)
            for kind, prove in KINDS.items():
                ours = timed_proofs(folder, prove, size, PROOFS[scale])
                smallest = first.setdefault(kind, ours)
                yield Figure(
                    f"proof: {kind} in {size:,} entries", ours, "the same in 1,000 entries", smallest
                )
                if python is not None and kind == "inclusion" and size <= PEER_LARGEST:
                    peer = folder / f"peer{size}"
                    peer.mkdir()
                    theirs = run_peer(python, "proof", "pymerkle", size, PROOFS[scale], peer)
                    yield Figure(f"proof: {kind} in {size:,} entries", ours, "pymerkle, SQLite", theirs)
            size *= 10
        log.close()


def grow(log: Log, size: int) -> None:
    while log.size < size:
        stop = min(size, log.size + BATCH)
        log.append([index.to_bytes(8, "big") for index in range(log.size, stop)])
    log.publish(int(time.time()))


def timed_proofs(folder: Path, prove: Prove, size: int, count: int) -> list[float]:
    """Seconds of `count` proofs, each by a new reader."""
    chosen = random.Random(1)
    seconds = []
    for _ in range(count):
        reader = Log.open_reader(ORIGIN, FileObjects(folder / "log"))
        index = chosen.randrange(1, size)
        with stopwatch() as watch:
            prove(reader, index, size)
        seconds.append(watch.seconds)
    return seconds


if __name__ == "__main__":
    command_line("proof", run)

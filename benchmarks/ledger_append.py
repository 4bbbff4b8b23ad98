"""Batch append, durable and published, beside pymerkle, merkletools and the limits of this machine, in one run.

    python -m benchmarks.ledger_append [--scale tiny|usual|full] [--json]

pymerkle (GPL) and merkletools are installed by name into an environment of their own and run as separate processes
only; the tiny scale leaves them out.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

from benchmarks.figures import Figure, Scale, alternate, command_line, stopwatch
from benchmarks.peers import run_peer, with_peers
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.signer import Signer
from ledger.stores.files import FileLock, FileObjects

ORIGIN = "ledger.example/benchmark"
ENTRY_SIZE = 200
BATCH = {Scale.TINY: 64, Scale.USUAL: 4096, Scale.FULL: 4096}
BATCHES = {Scale.TINY: 2, Scale.USUAL: 4, Scale.FULL: 8}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 3, Scale.FULL: 5}


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folder, number = Path(scratch), itertools.count()

        def fresh() -> Path:
            path = folder / str(next(number))
            path.mkdir()
            return path

        ours = "append + publish"
        work = partial(batches, BATCHES[scale], BATCH[scale])
        contestants: dict[str, Callable[[], list[float]]] = {
            ours: lambda: list(append_ours(fresh(), work())),
            "limit: the SHA-256 of its leaves and nodes alone": lambda: list(hash_only(work())),
            "limit: one write + fsync of its bytes": lambda: list(write_only(fresh(), work())),
        }
        if scale is not Scale.TINY:
            python = with_peers(folder / "venv")
            shape = (BATCHES[scale], BATCH[scale], ENTRY_SIZE)
            contestants |= {
                "pymerkle, SQLite + root": lambda: run_peer(python, "append", "pymerkle", *shape, fresh()),
                "merkletools, memory only": lambda: run_peer(
                    python, "append", "merkletools", *shape, fresh()
                ),
            }
        seconds = alternate(ROUNDS[scale], contestants)
    for name, beside in seconds.items():
        if name != ours:
            yield Figure(
                f"ledger: a batch of {BATCH[scale]:,} entries of {ENTRY_SIZE} bytes, durable and published",
                seconds[ours],
                name,
                beside,
                amount=BATCH[scale],
                unit="entries",
            )


def batches(count: int, batch: int) -> Iterator[list[bytes]]:
    for _ in range(count):
        yield [os.urandom(ENTRY_SIZE) for _ in range(batch)]


def append_ours(folder: Path, work: Iterator[list[bytes]]) -> Iterator[float]:
    log = create_log(folder)
    for made in work:
        with stopwatch() as watch:
            log.append(made)
            log.publish(int(time.time()))
        yield watch.seconds
    log.close()


def hash_only(work: Iterator[list[bytes]]) -> Iterator[float]:
    """The leaf and node hashes that any RFC 6962 log has to compute for a batch."""
    for made in work:
        with stopwatch() as watch:
            level = [sha256(b"\x00" + entry).digest() for entry in made]
            while len(level) > 1:
                pairs = zip(level[::2], level[1::2], strict=False)
                level = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        yield watch.seconds


def write_only(folder: Path, work: Iterator[list[bytes]]) -> Iterator[float]:
    for made in work:
        with stopwatch() as watch, (folder / "data").open("ab") as file:
            file.write(b"".join(made))
            file.flush()
            os.fsync(file.fileno())
        yield watch.seconds


def create_log(folder: Path) -> Log:
    """An empty log in files, with a signer of its own."""
    log_signer = NoteSigner(ORIGIN, SigningKey.from_seed(bytes(32)))
    cosigner = NoteSigner(f"{ORIGIN}/cosigner", SigningKey.from_seed(bytes(32)), COSIGNATURE_ED25519)
    signer = Signer(folder / "signer", log_signer, cosigner, SigningKey.from_seed(bytes(32)))
    return Log.create(ORIGIN, FileObjects(folder / "log"), FileLock(folder / "head"), signer, [])


if __name__ == "__main__":
    command_line("ledger_append", run)

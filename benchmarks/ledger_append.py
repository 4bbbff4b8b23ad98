"""A batch appended, durable and published, beside peers and the limits of this machine, in one run.

    python -m benchmarks.ledger_append [--scale tiny|usual|full] [--json]

Peers: Go's own sumdb tlog with a note for each batch (`peers_go`, built from the sources that Go brings along), which has
the same entries and must come to the same root; pymerkle (GPL) and merkletools, installed by name into an environment of
their own. All run as separate processes only, and the tiny scale leaves them out. The log lives in files, and then with its
head in SQLite and in PostgreSQL, and with its objects on an S3 server.
"""

from __future__ import annotations

import base64
import itertools
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

from benchmarks.figures import Figure, Scale, alternate, command_line, stopwatch
from benchmarks.peers import run_go_peer, run_peer, with_go_peer, with_peers
from benchmarks.places import Place, in_files, other_places
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.signer import Signer

ORIGIN = "ledger.example/benchmark"
ENTRY_SIZE = 200
BATCH = {Scale.TINY: 64, Scale.USUAL: 4096, Scale.FULL: 4096}
BATCHES = {Scale.TINY: 2, Scale.USUAL: 4, Scale.FULL: 8}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 3, Scale.FULL: 5}
HASHING = "limit: the SHA-256 of its leaves and nodes alone"
WRITING = "limit: one write + fsync of its bytes"


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folder = Path(scratch)
        work = _Work(folder, BATCHES[scale], BATCH[scale])
        contestants: dict[str, Callable[[], list[float]]] = {
            "": lambda: work.ours(in_files),
            HASHING: lambda: list(hash_only(work.batches())),
            WRITING: lambda: list(write_only(work.fresh(), work.batches())),
        }
        if scale is not Scale.TINY:
            contestants |= _peers(folder, work)
        seconds = alternate(ROUNDS[scale], contestants)
        for name in list(seconds)[1:]:
            yield _figure("in files", work, seconds[""], name, seconds[name])
        yield from _elsewhere(folder, work, ROUNDS[scale])


class _Work:
    """The same entries for everybody, in batches, and a new folder for each who appends them."""

    def __init__(self, folder: Path, count: int, batch: int) -> None:
        self.shape = (count, batch, ENTRY_SIZE)
        self.file = folder / "entries"
        self.file.write_bytes(random.Random(7).randbytes(count * batch * ENTRY_SIZE))
        self._folders = (folder / str(number) for number in itertools.count())

    def fresh(self) -> Path:
        path = next(self._folders)
        path.mkdir()
        return path

    def batches(self) -> Iterator[list[bytes]]:
        count, batch, size = self.shape
        with self.file.open("rb") as file:
            for _ in range(count):
                yield [file.read(size) for _ in range(batch)]

    def ours(self, place: Place) -> list[float]:
        return list(append_ours(self.fresh(), self.batches(), place))


def _peers(folder: Path, work: _Work) -> dict[str, Callable[[], list[float]]]:
    python, go = with_peers(folder / "venv"), with_go_peer(folder / "go")
    root = _root_of(work)

    def append_in_go() -> list[float]:
        done = run_go_peer(go, *work.shape, work.fresh(), work.file)
        assert done.root == root, "the peer in Go came to another root"
        return done.seconds

    return {
        "Go's sumdb tlog, tiles and note": append_in_go,
        "pymerkle, SQLite + root": lambda: run_peer(python, "append", "pymerkle", *work.shape, work.fresh()),
        "merkletools, memory only": lambda: run_peer(
            python, "append", "merkletools", *work.shape, work.fresh()
        ),
    }


def _root_of(work: _Work) -> str:
    log = create_log(work.fresh())
    for made in work.batches():
        log.append(made)
    log.close()
    return base64.b64encode(log.head.root).decode()


def _elsewhere(folder: Path, work: _Work, rounds: int) -> Iterator[Figure]:
    """The same with a head in SQL and objects in S3."""
    servers = folder / "servers"
    servers.mkdir()
    with other_places(servers) as places:
        contestants: dict[str, Callable[[], list[float]]] = {
            name: partial(work.ours, place) for name, place in places.items()
        }
        contestants[HASHING] = lambda: list(hash_only(work.batches()))
        seconds = alternate(rounds, contestants)
    limit = seconds.pop(HASHING)
    for name, taken in seconds.items():
        yield _figure(name, work, taken, HASHING, limit)


def _figure(place: str, work: _Work, ours: list[float], name: str, beside: list[float]) -> Figure:
    batch = work.shape[1]
    what = f"ledger: a batch of {batch:,} entries of {ENTRY_SIZE} bytes, durable and published, {place}"
    return Figure(what, ours, name, beside, amount=batch, unit="entries")


def append_ours(folder: Path, work: Iterator[list[bytes]], place: Place) -> Iterator[float]:
    log = create_log(folder, place)
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


def create_log(folder: Path, place: Place = in_files) -> Log:
    """An empty log, in files if nothing else is said, with a signer of its own."""
    return Log.create(ORIGIN, *place(folder), log_signer_of(folder), [])


def log_signer_of(folder: Path) -> Signer:
    """The guarded signer of the log in this folder."""
    log_signer = NoteSigner(ORIGIN, SigningKey.from_seed(bytes(32)))
    cosigner = NoteSigner(f"{ORIGIN}/cosigner", SigningKey.from_seed(bytes(32)), COSIGNATURE_ED25519)
    return Signer(folder / "signer", log_signer, cosigner, SigningKey.from_seed(bytes(32)))


if __name__ == "__main__":
    command_line("ledger_append", run)

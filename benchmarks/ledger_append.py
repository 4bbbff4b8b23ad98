"""Batch append, durable and published, beside pymerkle, merkletools and the limits of this machine, in one run.

    python -m benchmarks.ledger_append [--batch 4096] [--rounds 5] [--largest 1000000]

Rounds of all contestants alternate, so that a busy machine slows all of them; figures are medians. pymerkle (GPL)
and merkletools are installed by name into an environment of their own and run as separate processes only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from statistics import median

from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.reader import LogReader
from ledger.signer import Signer
from ledger.stores.files import FileLock, FileObjects

ORIGIN = "ledger.example/benchmark"
ENTRY_SIZE = 200
BATCHES = 8
PROOFS = 200
PEERS = Path(__file__).with_name("ledger_peers.py")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--batch", type=int, default=4096)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--largest", type=int, default=1_000_000)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        python = make_environment(Path(scratch) / "venv")
        compare_appends(Path(scratch), python, chosen.batch, chosen.rounds)
        measure_proofs(Path(scratch), python, chosen.largest)


def make_environment(folder: Path) -> Path:
    """An environment for the peers, outside of the project's own."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "pymerkle"], check=True)
    subprocess.run([*pip, "setuptools", "wheel"], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "merkletools==1.0.3"], check=True)
    return python


def compare_appends(scratch: Path, python: Path, batch: int, rounds: int) -> None:
    contestants: dict[str, Callable[[Path], list[float]]] = {
        "ledger, append + publish": lambda folder: list(append_ours(folder, batch)),
        "pymerkle, SQLite + root": lambda folder: append_peer(python, "pymerkle", batch, folder),
        "merkletools, memory only": lambda folder: append_peer(python, "merkletools", batch, folder),
        "limit: its SHA-256 alone": lambda _: list(hash_only(batch)),
        "limit: one write + fsync": lambda folder: list(write_only(folder, batch)),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name, run in contestants.items():
            folder = scratch / f"{number}-{list(contestants).index(name)}"
            folder.mkdir()
            seconds[name] += run(folder)
    print(f"{batch} entries of {ENTRY_SIZE} bytes a batch, {rounds} rounds of {BATCHES} batches, median")
    ours = median(seconds["ledger, append + publish"])
    for name, each in seconds.items():
        typical = median(each)
        print(f"  {name:26} {batch / typical:12,.0f} entries/s   ours / this = {typical / ours:8.2f}")


def batches(batch: int) -> Iterator[list[bytes]]:
    for _ in range(BATCHES):
        yield [os.urandom(ENTRY_SIZE) for _ in range(batch)]


def append_ours(folder: Path, batch: int) -> Iterator[float]:
    log = create_log(folder)
    for made in batches(batch):
        start = time.perf_counter()
        log.append(made)
        log.publish(int(time.time()))
        yield time.perf_counter() - start
    log.close()


def append_peer(python: Path, peer: str, batch: int, folder: Path) -> list[float]:
    return run_peer(python, "append", peer, BATCHES, batch, ENTRY_SIZE, folder)


def hash_only(batch: int) -> Iterator[float]:
    """The leaf and node hashes that any RFC 6962 log has to compute for a batch."""
    for made in batches(batch):
        start = time.perf_counter()
        level = [sha256(b"\x00" + entry).digest() for entry in made]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            level = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        yield time.perf_counter() - start


def write_only(folder: Path, batch: int) -> Iterator[float]:
    for made in batches(batch):
        start = time.perf_counter()
        with (folder / "data").open("ab") as file:
            file.write(b"".join(made))
            file.flush()
            os.fsync(file.fileno())
        yield time.perf_counter() - start


def measure_proofs(scratch: Path, python: Path, largest: int) -> None:
    """Proofs by a reader that has no tile yet, while the log grows to `largest` entries."""
    folder = scratch / "proofs"
    folder.mkdir()
    log = create_log(folder)
    print(f"proofs without cached tiles, microseconds, median of {PROOFS}")
    size = 1000
    while size <= largest:
        while log.size < size:
            stop = min(size, log.size + 65_536)
            log.append([index.to_bytes(8, "big") for index in range(log.size, stop)])
        log.publish(int(time.time()))
        chosen = random.Random(1)
        inclusion = median(timed_proof(folder, lambda r, n: r.inclusion(n, size), chosen, size))  # noqa: B023
        consistency = median(timed_proof(folder, lambda r, n: r.consistency(n, size), chosen, size))  # noqa: B023
        peer = scratch / f"peer-{size}"
        peer.mkdir()
        theirs = "-"
        if size <= 100_000:
            theirs = f"{median(run_peer(python, 'proof', 'pymerkle', size, PROOFS, peer)) * 1e6:.0f}"
        print(
            f"  {size:9,} entries: inclusion {inclusion * 1e6:6.0f}   consistency {consistency * 1e6:6.0f}"
            f"   pymerkle inclusion {theirs}"
        )
        size *= 10
    log.close()


def timed_proof(
    folder: Path, prove: Callable[[LogReader, int], object], chosen: random.Random, size: int
) -> Iterator[float]:
    for _ in range(PROOFS):
        reader = Log.open_reader(ORIGIN, FileObjects(folder / "log"))
        number = chosen.randrange(1, size)
        start = time.perf_counter()
        prove(reader, number)
        yield time.perf_counter() - start


def create_log(folder: Path) -> Log:
    log_signer = NoteSigner(ORIGIN, SigningKey.from_seed(bytes(32)))
    cosigner = NoteSigner(f"{ORIGIN}/cosigner", SigningKey.from_seed(bytes(32)), COSIGNATURE_ED25519)
    signer = Signer(folder / "signer", log_signer, cosigner, SigningKey.from_seed(bytes(32)))
    return Log.create(ORIGIN, FileObjects(folder / "log"), FileLock(folder / "head"), signer, [])


def run_peer(python: Path, *arguments: object) -> list[float]:
    done = subprocess.run(
        [str(python), str(PEERS), *map(str, arguments)], capture_output=True, check=True, text=True
    )
    seconds: list[float] = json.loads(done.stdout)
    return seconds


if __name__ == "__main__":
    main()

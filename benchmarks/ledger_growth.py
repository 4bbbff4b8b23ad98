"""A log that grows from 10^3 to 10^7 entries: what an entry costs at each size, starting up, cold proofs, memory.

    python -m benchmarks.ledger_growth [--scale tiny|usual|full] [--json]

The usual scale ends at 10^6 entries, the full one at 10^7 (some 3 GB of files). The cost of an entry stands beside that in
the smallest log, since it should stay as it is; the others stand beside their targets. A cold proof is one by a reader that
has no tile yet. The memory of the whole process is told with the cost of an entry.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, Scale, alternate, command_line, stopwatch
from benchmarks.ledger_append import ENTRY_SIZE, ORIGIN, create_log, log_signer_of
from benchmarks.places import in_files
from benchmarks.proof import KINDS, timed_proofs
from ledger.log import Log

LARGEST = {Scale.TINY: 1_000, Scale.USUAL: 1_000_000, Scale.FULL: 10_000_000}
REPEATS = {Scale.TINY: 2, Scale.USUAL: 5, Scale.FULL: 5}
PROOFS = {Scale.TINY: 5, Scale.USUAL: 100, Scale.FULL: 100}
BATCH = 1_000
FILLING = 65_536
FLAT = 1.5
START_SECONDS = 1.0
PROOF_SECONDS = {"inclusion": 0.002, "consistency": 0.005}
WRITER_MB = 200


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folder, chosen = Path(scratch, "log"), random.Random(7)
        folder.mkdir()
        log = create_log(folder)
        size = 1_000
        while size <= LARGEST[scale]:
            fill(log, size, chosen)
            yield _cost(log, size, Path(scratch, f"beside-{size}"), REPEATS[scale], chosen)
            log.close()
            log, started = start(folder, REPEATS[scale])
            yield _beside_target(f"ledger: a writer starts on {size:,} entries", started, START_SECONDS)
            for kind, prove in KINDS.items():
                taken = timed_proofs(folder, prove, log.size, PROOFS[scale])
                what = f"ledger: {kind} proof from cold tiles in {size:,} entries"
                yield _beside_target(what, taken, PROOF_SECONDS[kind])
            size *= 10
        log.close()


def _cost(log: Log, size: int, folder: Path, repeats: int, chosen: random.Random) -> Figure:
    """An entry more in `log`, in turns with one more in a log of 1,000 entries."""
    folder.mkdir()
    small = create_log(folder)
    fill(small, 1_000, chosen)
    beside = "the same in 1,000"
    seconds = alternate(
        repeats,
        {
            "": lambda: append(log, BATCH, chosen) / BATCH,
            beside: lambda: append(small, BATCH, chosen) / BATCH,
        },
    )
    small.close()
    return Figure(
        f"ledger: an entry more in {size:,}, in batches of {BATCH:,}, durable and published",
        seconds[""],
        beside,
        seconds[beside],
        at_most=FLAT,
        amount=1,
        unit="entries",
        note=f"memory of the writer's process {memory_mb()} MB (target: below {WRITER_MB} MB)",
    )


def fill(log: Log, size: int, chosen: random.Random) -> None:
    while log.size < size:
        append(log, min(FILLING, size - log.size), chosen)


def append(log: Log, count: int, chosen: random.Random) -> float:
    entries = [chosen.randbytes(ENTRY_SIZE) for _ in range(count)]
    with stopwatch() as watch:
        log.append(entries)
        log.publish(int(time.time()))
    return watch.seconds


def start(folder: Path, repeats: int) -> tuple[Log, list[float]]:
    """A writer of the log that is there, and the seconds of each start."""
    seconds: list[float] = []
    while True:
        with stopwatch() as watch:
            log = Log.load(ORIGIN, *in_files(folder), log_signer_of(folder))
        seconds.append(watch.seconds)
        if len(seconds) == repeats:
            return log, seconds
        log.close()


def memory_mb() -> int:
    """Resident memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _beside_target(what: str, taken: list[float], target: float) -> Figure:
    return Figure(what, taken, "the target", [target], at_most=1)


if __name__ == "__main__":
    command_line("ledger_growth", run)

"""Many callers of one entry each, every one of them waiting for its checkpoint, beside the same log without company.

    python -m benchmarks.ledger_callers [--scale tiny|usual|full] [--json]

Each caller is a thread that adds an entry of 200 bytes and waits until a published checkpoint covers it. The peer is
one caller that appends and publishes by itself.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, Scale, alternate, command_line, stopwatch
from benchmarks.ledger_append import ENTRY_SIZE, create_log
from ledger.sequencer import Sequencer

CALLERS = 64
EACH = {Scale.TINY: 4, Scale.USUAL: 200, Scale.FULL: 1000}
ALONE = {Scale.TINY: 4, Scale.USUAL: 100, Scale.FULL: 400}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 3, Scale.FULL: 5}
TARGET = 5_000


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folders = (Path(scratch) / str(number) for number in itertools.count())
        ours = f"{CALLERS} callers"
        peer = "one caller, append and publish"
        seconds = alternate(
            ROUNDS[scale],
            {
                ours: lambda: [together(next(folders), EACH[scale])],
                peer: lambda: [alone(next(folders), ALONE[scale])],
            },
        )
    yield Figure(
        f"ledger: an entry of {ENTRY_SIZE} bytes, durable and published, {CALLERS} callers at once",
        seconds[ours],
        peer,
        seconds[peer],
        amount=1,
        unit="entries",
    )


def together(folder: Path, each: int) -> float:
    """Seconds for one entry, on average over all callers."""
    folder.mkdir()
    with Sequencer(lambda: create_log(folder)) as sequencer:
        work = [[os.urandom(ENTRY_SIZE) for _ in range(each)] for _ in range(CALLERS)]

        def call(entries: list[bytes]) -> None:
            for entry in entries:
                sequencer.add(entry)

        sequencer.add(b"the first")
        callers = [threading.Thread(target=call, args=(entries,)) for entries in work]
        with stopwatch() as watch:
            for caller in callers:
                caller.start()
            for caller in callers:
                caller.join()
    return watch.seconds / (CALLERS * each)


def alone(folder: Path, count: int) -> float:
    folder.mkdir()
    log = create_log(folder)
    with stopwatch() as watch:
        for _ in range(count):
            log.append([os.urandom(ENTRY_SIZE)])
            log.publish(int(time.time()))
    log.close()
    return watch.seconds / count


if __name__ == "__main__":
    command_line("ledger_callers", run)

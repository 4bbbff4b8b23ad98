"""kill -9 of a busy process, again and again: each entry that was answered is there once, where the answer says."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from ledger.stores.files import FileObjects
from tests.ledger.logs import entries
from tests.ledger.soak.callers import open_shared
from tests.ledger.soak.calling import Calls
from tests.ledger.soak.told import Told

SOAK = bool(os.environ.get("DATAWHARF_SOAK"))
KILLS, ACKNOWLEDGED = (200, 10_000) if SOAK else (5, 100)
MOST_LINES = 250
NO_END = 1_000_000


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.timeout(3600 if SOAK else 300)
def test_no_answer_is_lost_or_given_twice(tmp_path: Path, rng: random.Random) -> None:
    told = Told()
    told.acknowledge(0, entries(0, 2))
    calls = Calls("killed", told)
    log, objects = open_shared(tmp_path), FileObjects(tmp_path / "log")
    log.close()
    for _ in range(KILLS):
        with calls.started(tmp_path, NO_END) as process:
            said = calls.go(process)
            lines = [said.readline() for _ in range(rng.randrange(1, MOST_LINES))]
            time.sleep(rng.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            lines += said.readlines()
        calls.hear(lines)
        log = open_shared(tmp_path)
        told.check(log, objects)
        log.close()
    print(f"{KILLS} kills, {calls.acknowledged} entries acknowledged, {len(told.roots)} checkpoints seen")
    assert calls.acknowledged >= ACKNOWLEDGED
    # What a kill left without an answer is added again, and has one place as well.
    with calls.started(tmp_path, max(calls.next)) as process:
        calls.hear(calls.go(process))
        assert process.wait() == 0
    log = open_shared(tmp_path)
    told.check(log, objects)
    log.close()

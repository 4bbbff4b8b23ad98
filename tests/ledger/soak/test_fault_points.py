"""Two faults in a row at any two writes of a commit: the second strikes whoever finishes what the first has broken.

A write fails before it is done ("lost") or after it ("persisted"). The second fault meets the process itself, which tries
again with what it has, or the next one, which loads the log; then one more, with nothing in its way, ends the work.
"""

from __future__ import annotations

import os
import random
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, product

import pytest

from ledger.errors import StorageFailed
from ledger.log import Log
from ledger.stores.memory import Outcome
from tests.ledger.logs import NOW, World, entries, naive_root
from tests.ledger.test_crashes import assert_sound

SOAK = bool(os.environ.get("DATAWHARF_SOAK"))
CHOSEN = None if SOAK else 60
SIZES, GROWTH = (254, 255, 256, 257, 258), 3
OUTCOMES: tuple[Outcome, Outcome] = ("lost", "persisted")
POINTS = {
    "write staging",
    "swap head",
    "write tile/entries",
    "write tile/0",
    "write tile/1",
    "signer state",
    "write checkpoints",
    "write checkpoints.cose",
    "write checkpoints.links",
    "write checkpoint",
    "delete staging",
}


@dataclass(frozen=True)
class Case:
    """The first fault, how the second one fails, and whom it meets: who `loads` the log, or the first process."""

    size: int
    write: int
    first: Outcome
    second: Outcome
    loads: bool


class Life:
    """A log of `size` published entries that is to grow by three, and all that was told of it."""

    def __init__(self, size: int) -> None:
        self.target = size + GROWTH
        self.world = World()
        self.acknowledged = entries(0, size)
        self.log: Log | None = self.world.create(self.acknowledged)
        self.seen = {size: self.log.publish(NOW).root}

    def work(self) -> None:
        """Append what is missing, publish, and stop at the first failure."""
        with suppress(StorageFailed):
            log = self.log = self.log or self.world.load()
            missing = entries(log.size, self.target)
            if missing:
                assert log.append(missing).stop == self.target
            self.acknowledged = entries(0, self.target)
            self.seen[self.target] = log.publish(NOW + 1).root

    def fail(self, write: int, outcome: Outcome) -> bool:
        """Work, and fail at that write; False if there are fewer."""
        self.world.faults.plan(write, outcome)
        self.work()
        struck = self.world.faults.pending == 0
        self.world.faults.clear()
        return struck

    def end(self) -> None:
        """Nothing fails any more."""
        self.log = assert_sound(self.world, self.acknowledged, self.seen)
        self.work()
        log = assert_sound(self.world, entries(0, self.target), self.seen)
        assert log.size == self.target
        assert log.published is not None
        assert (log.published.size, log.published.root) == (self.target, naive_root(entries(0, self.target)))


def writes_of_a_commit(size: int) -> list[str]:
    """The names of all writes, in order."""
    life = Life(size)
    before = len(life.world.faults.writes)
    life.work()
    return life.world.faults.writes[before:]


def point(write: str) -> str:
    """A write's name without the numbers in it."""
    return re.sub(r"(staging|tile/\w+|checkpoints)/[^.]*(\.p/\d+)?", r"\1", write)


def test_the_points_are_all_writes_of_the_ports() -> None:
    assert {point(write) for size in SIZES for write in writes_of_a_commit(size)} == POINTS


@pytest.mark.slow
@pytest.mark.timeout(3600 if SOAK else 300)
def test_any_two_faults_in_a_row_lose_and_double_nothing(rng: random.Random) -> None:
    cases = [
        Case(size, write, *outcomes, loads)
        for size in SIZES
        for write in range(1, len(writes_of_a_commit(size)) + 1)
        for outcomes in product(OUTCOMES, OUTCOMES)
        for loads in (True, False)
    ]
    chosen = cases if CHOSEN is None else rng.sample(cases, CHOSEN)
    pairs = 0
    for case in chosen:
        print(case)
        for second in count(1):
            life = Life(case.size)
            assert life.fail(case.write, case.first)
            if case.loads:
                life.log = None
            struck = life.fail(second, case.second)
            life.end()
            if not struck:
                break
            pairs += 1
    print(f"{pairs} pairs of faults in {len(chosen)} of {len(cases)} cases")
    assert pairs > len(chosen)

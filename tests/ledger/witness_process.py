"""A witness in a process of its own, asked for two histories in turns, until it is killed or kills itself.

Arguments: the file of its memory, a seed, and where it kills itself: "before" its memory changes, "within" the
transaction, "after" it, or "never". It says on standard output what it has cosigned: which history, and the size.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.witness.state import SqliteWitnessState
from ledger.witness.wire import parse_tree_size
from ledger.witness.witness import Witness
from tests.ledger.witnesses import KEY, NOW, ListLog


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Fatal(SqliteWitnessState):
    """A memory that ends its process once, at a point of the `left`-th change."""

    point = "never"
    left = 0

    def advance(self, origin: str, seen: bytes | None, note: bytes) -> None:
        self.left -= 1
        if self.point == "before" and not self.left:
            kill_myself()
        super().advance(origin, seen, note)
        if self.point == "after" and not self.left:
            kill_myself()

    @contextmanager
    def _changing(self) -> Iterator[Any]:
        with super()._changing() as connection:
            yield connection
            if self.point == "within" and not self.left:
                kill_myself()


def main() -> None:
    path, seed, point = sys.argv[1:]
    rng = random.Random(int(seed))
    state = Fatal(Path(path))
    state.point, state.left = point, rng.randrange(1, 4)
    witness = Witness([KEY], state, lambda: NOW)
    log = ListLog()
    histories = {"log": log, "fork": log.forked(2)}
    print("ready", flush=True)
    while True:
        name = rng.choice(list(histories))
        asked = histories[name]
        known = parse_tree_size(witness.add_checkpoint(asked.request(39, 40)).body)
        size = min(known + rng.randrange(3), 38)
        if witness.add_checkpoint(asked.request(known, size)).status == 200:
            print(f"{name} {size}", flush=True)


if __name__ == "__main__":
    main()

"""Starting processes of callers, and keeping what they were told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.ledger.soak.callers import entry_of
from tests.ledger.soak.told import Told

ROOT = Path(__file__).parents[3]


@dataclass
class Calls:
    """The calls of one process of callers, over all its lives."""

    name: str
    told: Told
    callers: int = 4
    next: list[int] = field(default_factory=list)
    """The first entry of each caller that has no answer yet."""
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next = [0] * self.callers

    @property
    def acknowledged(self) -> int:
        """How many entries were answered."""
        return sum(self.next)

    @contextmanager
    def started(self, folder: Path, stop: int) -> Iterator[subprocess.Popen[str]]:
        """A process that is ready to add all that has no answer yet, up to entry `stop` of each caller."""
        arguments = [str(folder), self.name, str(stop), *map(str, self.next)]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.soak.callers", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                yield process
            finally:
                process.kill()

    def go(self, process: subprocess.Popen[str]) -> IO[str]:
        """Let it begin; what it says comes from there."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        return process.stdout

    def hear(self, lines: Iterable[str]) -> None:
        """Keep what the process said in whole lines."""
        for line in lines:
            if not line.endswith("\n"):
                continue
            what, *words = line.split(maxsplit=5)
            if what == "again":
                self.refusals.append(line)
                continue
            caller, number, index, size = map(int, words[:4])
            assert number == self.next[caller], "answers of one caller are out of order"
            self.next[caller] += 1
            assert index < size
            self.told.acknowledge(index, [entry_of(self.name, caller, number)])
            self.told.see(size, bytes.fromhex(words[4]))

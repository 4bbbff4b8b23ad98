"""What a benchmark hands back: our time beside a peer's or a limit's, taken in the same run, and the target.

A benchmark is a module with `run(scale: Scale) -> Iterator[Figure]`. Its rounds alternate between the contestants, so
that a busy machine slows all of them; figures are medians.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any

MIB = 1 << 20


class Scale(StrEnum):
    """How much work. TINY shows that a benchmark runs; its figures mean nothing."""

    TINY = "tiny"
    USUAL = "usual"
    FULL = "full"


@dataclass(frozen=True)
class Figure:
    """One comparison. ours, beside: seconds of each repeat, of the same amount of work.

    at_least: the part of the peer's or limit's speed that we want. at_most: how many times its time we may take.
    amount, unit: the work of one repeat, for telling a speed. Without at_least and at_most it is only told.
    """

    what: str
    ours: Sequence[float]
    beside_what: str
    beside: Sequence[float]
    at_least: float | None = None
    at_most: float | None = None
    amount: float = 1.0
    unit: str = ""
    note: str = ""

    @property
    def ratio(self) -> float:
        """Our speed as part of the other's; with at_most, our time as a multiple of the other's."""
        speed = median(self.beside) / median(self.ours)
        return 1 / speed if self.at_most is not None else speed

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.at_most is not None:
            return self.ratio <= self.at_most
        return self.ratio >= self.at_least if self.at_least is not None else None

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"at most {self.at_most:g} x its time"
        return f"at least {self.at_least:.0%} of its speed" if self.at_least is not None else "none"

    @property
    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "what": self.what,
            "seconds": list(self.ours),
            "beside": self.beside_what,
            "beside_seconds": list(self.beside),
            "amount": self.amount,
            "unit": self.unit,
            "ratio": round(self.ratio, 4),
            "at_least": self.at_least,
            "at_most": self.at_most,
            "met": self.met,
            "note": self.note,
        }

    def lines(self) -> Iterator[str]:
        """As text."""
        verdict = {True: "met", False: "MISSED", None: "-"}[self.met]
        ratio = f"{self.ratio:.2f} x" if self.at_most is not None else f"{self.ratio:.0%}"
        yield f"  {self.what}"
        yield f"    ours    {self._speed(self.ours)}"
        yield f"    beside  {self._speed(self.beside)}   {self.beside_what}"
        yield f"    ratio {ratio}   target {self.target}   {verdict}"
        if self.note:
            yield f"    {self.note}"

    def _speed(self, seconds: Sequence[float]) -> str:
        typical = median(seconds)
        spread = f"{format_seconds(min(seconds))} .. {format_seconds(max(seconds))}, {len(seconds)} repeats"
        speed = f"  {self.amount / typical:,.0f} {self.unit}/s" if self.unit else ""
        return f"{format_seconds(typical)} ({spread}){speed}"


def format_seconds(seconds: float) -> str:
    """With a unit that suits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size or unit == "us":
            return f"{seconds / size:.3g} {unit}"
    raise AssertionError("unreachable")


def alternate(
    rounds: int, contestants: Mapping[str, Callable[[], float | Iterable[float]]]
) -> dict[str, list[float]]:
    """Seconds of all repeats by contestant, each of whom runs once in every round and says its own time."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            taken = contestant()
            seconds[name] += [taken] if isinstance(taken, float) else taken
    return seconds


class Stopwatch:
    """How long the `with` block took: `seconds`."""

    seconds = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    watch = Stopwatch()
    start = time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - start


def command_line(name: str, run: Callable[[Scale], Iterable[Figure]]) -> None:
    """One benchmark as a command: `python -m benchmarks.<name> [--scale tiny|usual|full] [--json]`."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    parser.add_argument("--scale", type=Scale, choices=list(Scale), default=Scale.USUAL)
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    chosen = parser.parse_args()
    if chosen.json:
        json.dump([figure.document for figure in run(chosen.scale)], sys.stdout, indent=1)
        print()
        return
    for figure in run(chosen.scale):
        print("\n".join(figure.lines()), flush=True)

"""Each benchmark runs, tells what it compared, and leaves nothing behind. What it measured is not looked at."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES, document, summary
from benchmarks.figures import Figure, Scale, alternate

ROOT = Path(__file__).parents[2]


def test_the_names_are_those_of_the_folder() -> None:
    assert {"ledger_append", "proof", "registration", "upload"} <= set(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_runs_small(name: str, tmp_path: Path) -> None:
    scratch, report = tmp_path / "scratch", tmp_path / "report.json"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--scale", "tiny", "--json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=os.environ | {"TMPDIR": str(scratch)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(report.read_text())["benchmarks"][name]
    assert figures
    for figure in figures:
        assert figure["what"] in done.stdout
        assert figure["beside"] in done.stdout
        assert figure["seconds"]
        assert figure["beside_seconds"]
        assert math.isfinite(figure["ratio"])
        assert figure["ratio"] > 0
    assert list(scratch.iterdir()) == []


def test_a_ratio_is_of_speed_or_of_time() -> None:
    speed = Figure("a", [2.0, 4.0, 3.0], "b", [2.4], at_least=0.75)
    assert (speed.ratio, speed.met) == (pytest.approx(0.8), True)
    time = Figure("a", [3.0], "b", [2.0], at_most=1.4)
    assert (time.ratio, time.met) == (1.5, False)
    told = Figure("a", [1.0], "b", [1.0])
    assert told.met is None
    assert summary({"x": [speed, time, told]}, ["y"]) == "1 of 2 targets met.\n  missed: a\n  broke: y"
    assert "MISSED" in "\n".join(time.lines())
    assert json.dumps(document({"x": [told]}, [], Scale.TINY))


def test_rounds_alternate() -> None:
    order: list[str] = []

    def contestant(name: str, taken: float | list[float]) -> float | list[float]:
        order.append(name)
        return taken

    seconds = alternate(2, {"a": lambda: contestant("a", 1.0), "b": lambda: contestant("b", [2.0, 3.0])})
    assert order == ["a", "b", "a", "b"]
    assert seconds == {"a": [1.0, 1.0], "b": [2.0, 3.0, 2.0, 3.0]}

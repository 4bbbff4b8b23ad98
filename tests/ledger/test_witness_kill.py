"""kill -9 of a witness at any moment: what it cosigned before and after is one history, and it never goes back."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from ledger.witness.state import SqliteWitnessState
from tests.ledger.witnesses import ListLog

ROOT = Path(__file__).parents[2]
KILLS = 6


def run(memory: Path, seed: int, point: str, rng: Random) -> list[tuple[str, int]]:
    """Let a witness work until it kills itself, or for a random while; what it said that it cosigned."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.witness_process", str(memory), str(seed), point],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as witness:
        assert witness.stdout is not None
        assert witness.stderr is not None
        assert witness.stdout.readline() == "ready\n"
        if point == "never":
            lines = [witness.stdout.readline() for _ in range(rng.randrange(1, 4))]
            time.sleep(rng.random() * 0.02)
            witness.send_signal(signal.SIGKILL)
        else:
            lines = []
        lines += witness.stdout.read().splitlines(keepends=True)
        errors = witness.stderr.read()
    assert errors == ""
    assert witness.returncode == -signal.SIGKILL
    return [(name, int(size)) for name, size in (line.split() for line in lines if line.endswith("\n"))]


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.parametrize("point", ["before", "within", "after", "never"])
def test_a_killed_witness_never_cosigns_two_histories(tmp_path: Path, point: str, rng: Random) -> None:
    memory = tmp_path / "witness.sqlite3"
    SqliteWitnessState.create(memory).add_log(ListLog().signer.verifier)
    said: list[tuple[str, int]] = []
    for seed in range(KILLS):
        said += run(memory, seed, point, rng)
    sizes = [size for _, size in said]
    assert sizes == sorted(sizes)
    # Up to two entries the histories are the same.
    assert len({name for name, size in said if size > 2}) == 1

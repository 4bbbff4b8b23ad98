"""kill -9 of the writing process at any moment: what it acknowledged is there, and the log is sound."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.fsck import fsck
from ledger.hashing import CompactRange, leaf_hash
from ledger.note import Verifier
from ledger.stores.files import FileObjects
from tests.ledger.logs import COSIGNER, LOG_SIGNER, RECEIPT_KEY, entries
from tests.ledger.writer import open_log

KILLS = int(os.environ.get("DATAWHARF_KILLS", "20"))
LOG_VERIFIER: Verifier = LOG_SIGNER.verifier
ROOT = Path(__file__).parents[2]


def run_and_kill(folder: Path, rng: random.Random) -> list[list[str]]:
    """Let a writer work for a random while, kill it, and return the complete lines that it wrote."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.writer", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        lines = [writer.stdout.readline() for _ in range(rng.randrange(1, 8))]
        time.sleep(rng.random() * 0.03)
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.read().splitlines(keepends=True)
        errors = writer.stderr.read()
    assert errors == ""
    return [line.split() for line in lines if line.endswith("\n")]


@pytest.mark.kill
@pytest.mark.slow
def test_nothing_acknowledged_is_lost(tmp_path: Path, rng: random.Random) -> None:
    acknowledged, published = 0, dict[int, str]()
    for _ in range(KILLS):
        said = run_and_kill(tmp_path, rng)
        assert said, "the writer was killed before it did anything"
        for verb, size, *root in said:
            acknowledged = max(acknowledged, int(size))
            if verb == "published":
                published[int(size)] = root[0]
        log = open_log(tmp_path)
        assert log.size >= acknowledged
        range_ = CompactRange()
        for index, entry in enumerate(log.entries(0, log.size)):
            assert entry == entries(index, index + 1)[0]
            range_.append(leaf_hash(entry))
            if index + 1 in published:
                assert range_.root().hex() == published[index + 1]
        report = fsck(
            FileObjects(tmp_path / "log"),
            LOG_VERIFIER,
            cosigner=COSIGNER.verifier,
            receipt_key=RECEIPT_KEY.public,
            head=log.head,
        )
        assert report.problems == ()
        assert all(log.checkpoint_at(size).root.hex() == root for size, root in published.items())
        assert list((tmp_path / "log" / "staging").iterdir()) == []
        log.close()
    assert len(published) >= KILLS // 2

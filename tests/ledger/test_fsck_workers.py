"""However many processes share the work, fsck says the same, from a folder and over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

import ledger.fsck
from ledger.fsck import fsck
from ledger.stores.files import FileObjects
from ledger.stores.http import HttpObjects
from tests.fakes.malicious_log import MaliciousLog, served


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> MaliciousLog:
    monkeypatch.setattr(ledger.fsck, "PARALLEL_FROM", 0)
    log = MaliciousLog()
    log.grow()
    return log


@pytest.mark.parametrize(
    "path", [None, "tile/0/001", "tile/entries/001", "tile/0/001.p/44", "tile/entries/000.p/40"]
)
def test_the_first_wrong_bytes_are_the_same(log: MaliciousLog, path: str | None, tmp_path: Path) -> None:
    if path is not None:
        data = log.stored[path]
        log.stored[path] = data[:700] + bytes([data[700] ^ 1]) + data[701:]
    for name, content in log.stored.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    verifier = log.market.log_signer.verifier
    one, two = (fsck(FileObjects(tmp_path), verifier, workers=workers) for workers in (1, 2))
    assert (one.entries, one.problems) == (two.entries, two.problems)
    assert one.ok == (path is None)
    if path is not None:
        assert one.problems[0].path == path
        assert one.problems[0].start <= 700 < one.problems[0].stop


def test_a_log_at_an_address_is_shared_too(log: MaliciousLog) -> None:
    verifier = log.market.log_signer.verifier
    with served(log) as address:
        objects = HttpObjects(address)
        report = fsck(objects, verifier, workers=2)
        objects.close()
    assert (report.ok, report.entries, report.checkpoints) == (True, 600, 3)

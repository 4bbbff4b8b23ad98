"""What a witness and a monitor remember survives a power cut together with the folders that were made for it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import durable
from ledger.durable import make_folder
from ledger.monitor.state import StateFile
from ledger.witness.state import SqliteWitnessState

MEMORIES: dict[str, Callable[[Path], object]] = {
    "a witness's": lambda folder: SqliteWitnessState.create(folder / "witness.sqlite3"),
    "a monitor's evidence": lambda folder: StateFile(folder / "state").keep_evidence(
        "fork", {"held": b"note"}
    ),
}


@pytest.mark.parametrize("name", MEMORIES)
def test_the_names_of_the_folders_on_the_way_are_on_the_device(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_directory", synced.append)
    MEMORIES[name](tmp_path / "some" / "where")
    assert synced[:2] == [tmp_path, tmp_path / "some"]


def test_a_private_folder_is_private_and_those_on_the_way_are_as_usual(tmp_path: Path) -> None:
    make_folder(tmp_path / "usual" / "private", 0o700)
    usual = tmp_path / "another"
    usual.mkdir()
    modes = [
        stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "usual" / "private", tmp_path / "usual", usual)
    ]
    assert modes[0] == 0o700
    assert modes[1] == modes[2]

"""The home folder: what is in it is its owner's alone."""

from __future__ import annotations

import stat
from pathlib import Path

from market.cli.setup import NewHome, initialise


def test_a_folder_that_was_there_is_closed_to_others(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    initialise(NewHome(home))
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    kept = [path for path in (home / "keys").iterdir() if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert kept

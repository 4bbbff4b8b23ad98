"""The ledger's own command line, from an empty folder to a damaged log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.cli import main
from ledger.receipt import parse_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text(f"entry {number}")
    assert (
        main(["create", str(tmp_path / "x"), "--origin", "ledger.example/cli", *files(tmp_path, 0, 1)]) == 0
    )
    return tmp_path


def files(folder: Path, *numbers: int) -> list[str]:
    return [str(folder / f"{number}.txt") for number in numbers]


def test_a_log_from_nothing_to_a_receipt(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    log = str(folder / "x")
    assert main(["append", log, *files(folder, 2, 3)]) == 0
    assert main(["receipt", log, "3"]) == 4
    assert main(["publish", log]) == 0
    assert main(["fsck", log]) == 0
    capsysbinary.readouterr()
    assert main(["receipt", log, "3", "--supporting", "0"]) == 0
    bundle = parse_bundle(capsysbinary.readouterr().out)
    assert bundle.statement == b"entry 3"
    assert [each.entry for each in bundle.supporting] == [b"entry 0"]


def test_create_and_load_are_two_verbs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["create", str(folder / "x"), "--origin", "ledger.example/cli"]) == 4
    assert main(["append", str(folder / "none"), *files(folder, 0)]) == 5
    assert "Start one with create" in capsys.readouterr().err


def test_fsck_names_the_damage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "x" / "log" / "tile" / "entries" / "000.p" / "2"
    path.write_bytes(path.read_bytes().replace(b"entry 1", b"entry 7"))
    assert main(["fsck", str(folder / "x"), "--quiet"]) == 1
    assert capsys.readouterr().out == (
        "tile/entries/000.p/2, bytes 9 to 17: Entry 1 is not the one that was signed.\n"
    )


def test_a_log_behind_its_signer_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = folder / "x" / "head"
    old = head.read_bytes()
    assert main(["append", str(folder / "x"), *files(folder, 2)]) == 0
    assert main(["publish", str(folder / "x")]) == 0
    head.write_bytes(old)
    assert main(["publish", str(folder / "x")]) == 5
    assert "the ledger is behind its own signed head" in capsys.readouterr().err


def test_verify_refuses_what_is_no_receipt(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", *files(folder, 0), "--trust", str(folder / "x" / "trust.policy")]) == 4
    assert capsys.readouterr().out.startswith("The receipt cannot be read, so nothing was checked.\n✗ ")


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ledger", "fsck", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert "There is no log in" in done.stderr
    assert "Traceback" not in done.stderr

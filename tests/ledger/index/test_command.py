"""`python -m ledger index`: started, followed, proved, verified and made again in a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ledger.cli import main
from tests.ledger.index.worlds import asset, genesis, org, statement
from tests.ledger.logs import ORIGIN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = []
    for number, entry in enumerate((*genesis(), statement(1), statement(2))):
        (tmp_path / f"{number}.cose").write_bytes(entry)
        files.append(str(tmp_path / f"{number}.cose"))
    assert main(["create", str(tmp_path / "home"), *files, "--origin", ORIGIN]) == 0
    assert main(["index", "follow", str(tmp_path / "home")]) == 0
    return tmp_path / "home"


def prove(folder: Path, key: str, capfdbinary: pytest.CaptureFixture[bytes], *options: str) -> Path:
    capfdbinary.readouterr()
    assert main(["index", "prove", str(folder), key, *options]) == 0
    path = folder / "history.json"
    path.write_bytes(capfdbinary.readouterr().out)
    return path


def verify(history: Path, *options: str) -> int:
    trust = str(history.parent / "trust.policy")
    return main(["index", "verify", str(history), "--trust", trust, *options])


def test_a_history_is_proved_and_verified(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    # Entry 0 of this log names other keys than those of the folder, so the history rests on the trust file alone:
    # what contradicts it is a failure.
    history = prove(folder, asset(1), capfdbinary)
    assert verify(history, "--key", asset(1)) == 1
    assert b"not an entry of this ledger made by its platform" in capfdbinary.readouterr().out


def test_more_entries_are_followed(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    home = str(tmp_path / "home")
    (tmp_path / "one").write_bytes(statement(1))
    (tmp_path / "two").write_bytes(statement(1, number=2))
    assert main(["create", home, str(tmp_path / "one"), "--origin", ORIGIN]) == 0
    assert main(["index", "follow", home]) == 0
    assert main(["append", home, str(tmp_path / "two")]) == 0
    assert main(["publish", home]) == 0
    assert main(["index", "follow", home]) == 0
    assert b"2 states, for 2 entries" in capfdbinary.readouterr().out
    history = prove(tmp_path / "home", asset(1), capfdbinary)
    assert verify(history, "--key", asset(1), "--at-least", "2") == 0
    out = capfdbinary.readouterr().out.decode()
    assert "exactly the entries named here, 2 in number" in out
    assert out.splitlines()[-2:] == [
        f"  entry {number}: registration/v1, in the name of {org(1)}" for number in (0, 1)
    ]
    assert verify(history, "--key", asset(2), "--language", "zh") == 1
    assert "而非" in capfdbinary.readouterr().out.decode()
    assert main(["index", "verify", str(history)]) == 2
    assert "must not come with the history" in capfdbinary.readouterr().err.decode()
    assert verify(prove(tmp_path / "home", asset(2), capfdbinary)) == 0
    assert "has no entry" in capfdbinary.readouterr().out.decode()
    assert verify(prove(tmp_path / "home", asset(1), capfdbinary, "--without-entries")) == 0
    assert capfdbinary.readouterr().out.decode().splitlines()[-2:] == ["  entry 0", "  entry 1"]
    assert main(["index", "rebuild", home]) == 0
    root = capfdbinary.readouterr().out.decode().split()[-1]
    assert verify(history, "--map-root", root) == 0
    assert verify(history, "--map-root", "00" * 32) == 1
    assert verify(history, "--map-root", "0") == 2


def test_what_is_not_there_is_said(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    home = str(tmp_path / "home")
    (tmp_path / "home").mkdir()
    assert main(["index", "follow", home]) == 5
    assert main(["create", home, "--origin", ORIGIN]) == 0
    assert main(["index", "prove", home, "x"]) == 5
    assert b"Start it with index follow" in capfdbinary.readouterr().err
    assert main(["index", "follow", home]) == 0
    assert main(["index", "prove", home, "x"]) == 4
    assert main(["index", "rebuild", home]) == 4


def test_an_index_of_other_entries_is_named(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    for number in (1, 2, 3):
        (tmp_path / str(number)).write_bytes(statement(number))
    assert main(["create", str(home), str(tmp_path / "1"), "--origin", ORIGIN]) == 0
    assert main(["index", "follow", str(home)]) == 0
    shutil.copytree(home, other)
    for folder, number in ((home, "2"), (other, "3")):
        assert main(["append", str(folder), str(tmp_path / number)]) == 0
        assert main(["publish", str(folder)]) == 0
        assert main(["index", "follow", str(folder)]) == 0
    capfdbinary.readouterr()
    assert main(["index", "rebuild", str(home), "--quiet"]) == 0
    assert capfdbinary.readouterr().out == b""
    (home / "index").rename(tmp_path / "good")
    (other / "index").rename(home / "index")
    assert main(["index", "rebuild", str(home), "--quiet"]) == 1
    assert b"Entry 1 of the index names another root" in capfdbinary.readouterr().out


def test_a_log_elsewhere_needs_a_trust_file_and_names_its_index(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The public files alone, as anybody has them: the key of the index comes out of the trust file or the log."""
    home = tmp_path / "home"
    (tmp_path / "one").write_bytes(statement(1))
    assert main(["create", str(home), str(tmp_path / "one"), "--origin", ORIGIN]) == 0
    only_log = tmp_path / "only-log.policy"
    only_log.write_bytes((home / "trust.policy").read_bytes())
    assert main(["index", "follow", str(home)]) == 0
    places = [str(home / "log"), "--index", str(home / "index" / "log")]
    capfdbinary.readouterr()
    assert main(["index", "rebuild", *places, "--trust", str(home / "trust.policy")]) == 0
    assert b"1 entries, 1 states of the index agree" in capfdbinary.readouterr().out
    assert main(["index", "rebuild", *places, "--trust", str(only_log)]) == 1
    assert b"names the key of the index" in capfdbinary.readouterr().err


@pytest.mark.parametrize(
    ("options", "outcome", "marks"),
    [
        (["--language", "en"], "Passed, but some steps did not run", "–✓✓✓✓–✓✓✓––"),
        (["--language", "zh"], "核验通过，但有步骤未执行", "–✓✓✓✓–✓✓✓––"),
        (["--key", asset(2)], "Failed. Do not rely on this history", "✗✓✓✓✓–✓✓✓––"),
        (["--key", asset(2), "--language", "zh"], "核验未通过。请勿依赖此历史记录", "✗✓✓✓✓–✓✓✓––"),
    ],
)
def test_the_outcome_comes_first_and_each_step_has_its_mark(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], options: list[str], outcome: str, marks: str
) -> None:
    home = tmp_path / "home"
    (tmp_path / "one").write_bytes(statement(1))
    assert main(["create", str(home), str(tmp_path / "one"), "--origin", ORIGIN]) == 0
    assert main(["index", "follow", str(home)]) == 0
    verify(prove(home, asset(1), capfdbinary), *options)
    first, *rest = capfdbinary.readouterr().out.decode().splitlines()
    steps = [line for line in rest if not line.startswith("  ")]
    assert first.startswith(outcome)
    assert "".join(step[0] for step in steps) == f"✓{marks}"

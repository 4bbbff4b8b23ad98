"""The pages on the log are run from the first to the last, in one folder, with nothing but this checkout's commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.monitor.monitor import EXIT_CODES
from tests.docs import console
from tests.docs.conftest import ROOT

PAGES = ROOT / "docs" / "ledger"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_log_in_ten_minutes_and_checked_by_hand(
    tmp_path: Path, addresses: dict[str, str], free_port: int
) -> None:
    here = addresses | {"http.server 8000": f"http.server {free_port}"}
    console.run(PAGES / "README.md", tmp_path, replaced=here)
    console.run(PAGES / "by-hand.md", tmp_path, replaced={})


def test_by_hand_imports_nothing_of_ours() -> None:
    text = (PAGES / "by-hand.md").read_text(encoding="utf-8")
    assert not re.search(r"^\s*(from|import) (ledger|market|nacl|cbor2)", text, re.MULTILINE)
    assert "python -m ledger" not in text


def test_the_chinese_page_shows_the_same_commands() -> None:
    english, chinese = (
        [command.text for command in console.commands((PAGES / name).read_text(encoding="utf-8"))]
        for name in ("README.md", "README.zh.md")
    )
    assert chinese == english


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_every_exit_code_of_the_monitor_is_described(name: str) -> None:
    text = (PAGES / name).read_text(encoding="utf-8")
    rows = {
        kind: int(code)
        for code, kinds in re.findall(r"^\| (\d+) \| ([^|]+) \|", text, re.MULTILINE)
        for kind in re.findall(r"`(\w+)`", kinds)
    }
    assert rows == EXIT_CODES


def test_every_kind_that_a_page_names_is_one() -> None:
    for page in ("threats.md", "runbooks.md"):
        for found in re.findall(
            r"\(`([a-z]+)`(?:, `([a-z]+)`)*(?:, `([a-z]+)`)*\)", (PAGES / page).read_text("utf-8")
        ):
            assert {kind for kind in found if kind} <= set(EXIT_CODES)

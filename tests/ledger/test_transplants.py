"""A valid part of one receipt in the place of another's fails at the step that names it, in the library and the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ledger.check import check_bundle
from ledger.policy import format_policy
from ledger.report import Report
from market.client.cli.main import main
from tests.ledger.transplants import FILE, GOOD, MARKET, Transplant, manifest_of, transplants

CASES = transplants()
SOUND = Transplant(GOOD, "", manifest_of(b"port,tons\nQinzhou,1\n"))


def judge(case: Transplant, folder: Path) -> Report:
    (folder / FILE).write_bytes(case.data)
    return check_bundle(case.receipt, MARKET.trust(), manifest=case.manifest, files={FILE: folder / FILE})


def run_command(case: Transplant, folder: Path) -> tuple[int, str]:
    """Exit status and output of `datawharf verify`, which sees no network and no profile."""
    data = folder / "data"
    data.mkdir()
    (data / FILE).write_bytes(case.data)
    for name, content in {
        "receipt.json": case.receipt,
        "manifest.json": case.manifest.canonical,
        "trust.policy": format_policy(MARKET.trust()),
    }.items():
        (folder / name).write_bytes(content)
    place = ["--data", str(data), "--manifest", str(folder / "manifest.json")]
    trust = ["--trust", str(folder / "trust.policy")]
    command = ["--lang", "en", "verify", str(folder / "receipt.json"), *place, *trust]
    done = CliRunner().invoke(main, command, env={"DATAWHARF_PROFILE": str(folder / "profile")})
    return done.exit_code, done.output


def test_there_are_twelve_and_the_receipt_itself_is_sound(tmp_path: Path) -> None:
    assert len(CASES) == 12
    report = judge(SOUND, tmp_path)
    assert report.ok
    assert {step.code for step in report.steps if step.outcome == "passed"} >= {
        case.step for case in CASES.values()
    }
    status, output = run_command(SOUND, tmp_path)
    assert (status, "✗" in output) == (0, False)


@pytest.mark.parametrize("name", CASES)
def test_a_transplant_fails_at_its_step(name: str, tmp_path: Path) -> None:
    report = judge(CASES[name], tmp_path)
    assert report.step(CASES[name].step).outcome == "failed"
    assert (report.outcome, report.exit_code) == ("failed", 1)


@pytest.mark.parametrize("name", CASES)
def test_a_transplant_fails_on_the_command_line(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    status, output = run_command(case, tmp_path)
    assert status == 1
    assert f"✗ {judge(case, tmp_path).step(case.step).sentence('en')}" in output

"""A witness from the command line: made, told of a log, served, asked over HTTP, stopped, and started again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.cli import main
from ledger.note import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA, open_note, parse_vkey
from ledger.policy import Group, Policy, TrustedLog, Witness, format_policy
from ledger.witness.client import WitnessClient
from ledger.witness.http import HttpTransport
from ledger.witness.state import SqliteWitnessState
from tests.ledger.logs import entries
from tests.ledger.witnesses import ListLog

ROOT = Path(__file__).parents[2]
LOG = ListLog(data=entries(0, 300))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The witness in a process of its own; its address."""
    command = [sys.executable, "-m", "ledger", "witness", "serve", str(folder), "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        try:
            line = server.stdout.readline()
            assert line.startswith("witness.example/w1 listens on "), server.stderr.read()
            yield line.split()[-1]
            server.send_signal(signal.SIGTERM)
            assert server.wait(20) == 0
            assert server.stderr.read() == ""
        finally:
            server.kill()


def trust(vkeys: list[str], url: str) -> Policy:
    witnesses = tuple(Witness(f"w{n}", parse_vkey(vkey), url) for n, vkey in enumerate(vkeys))
    group = Group("all", len(witnesses), tuple(witness.name for witness in witnesses))
    return Policy((TrustedLog(LOG.signer.verifier),), witnesses, (group,), "all")


def test_a_witness_outlives_its_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "w"
    assert main(["witness", "init", str(folder), "--name", "witness.example/w1", "--ml-dsa"]) == 0
    vkeys = capsys.readouterr().out.split()
    assert [parse_vkey(vkey).kind for vkey in vkeys] == [COSIGNATURE_ED25519, COSIGNATURE_ML_DSA]
    assert (folder / "witness.vkeys").read_text().split() == vkeys
    assert (folder / "witness.key").stat().st_mode & 0o077 == 0
    assert (folder / "witness.sqlite3").stat().st_mode & 0o077 == 0
    assert main(["witness", "add-log", str(folder), LOG.signer.vkey]) == 0
    for size in (5, 9):
        with served(folder) as url:
            client = WitnessClient(trust(vkeys, url), LOG.read, HttpTransport())
            note = client.cosign(LOG.note(size), LOG.checkpoint(size))
            assert len(open_note(note, [parse_vkey(vkey) for vkey in vkeys]).verified) == 2
    SqliteWitnessState(folder / "witness.sqlite3").keep_evidence(LOG.origin, LOG.forked(0).note(9))
    capsys.readouterr()
    assert main(["witness", "show", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        *(f"witness {vkey}" for vkey in vkeys),
        f"log {LOG.origin}: 9 entries",
        f"  ANOTHER ROOT for 9 entries: {LOG.forked(0).checkpoint(9).root.hex()}",
    ]


def test_logs_come_from_a_trust_file_and_go_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "w"
    assert main(["witness", "init", str(folder), "--name", "witness.example/w1"]) == 0
    vkeys = capsys.readouterr().out.split()
    (tmp_path / "trust").write_bytes(format_policy(trust(vkeys, "https://w.example")))
    assert main(["witness", "add-log", str(folder), "--trust", str(tmp_path / "trust")]) == 0
    assert main(["witness", "show", str(folder)]) == 0
    assert f"log {LOG.origin}: nothing cosigned yet" in capsys.readouterr().out
    assert main(["witness", "remove-key", str(folder), LOG.signer.vkey]) == 0
    assert main(["witness", "show", str(folder)]) == 0
    assert LOG.origin not in capsys.readouterr().out


def test_what_cannot_be_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "w")
    assert main(["witness", "init", folder, "--name", "with space"]) == 2
    assert not (tmp_path / "w").exists()
    assert main(["witness", "serve", folder]) == 5
    assert "witness init" in capsys.readouterr().err
    assert main(["witness", "init", folder, "--name", "witness.example/w1"]) == 0
    vkeys = capsys.readouterr().out
    assert main(["witness", "init", folder, "--name", "witness.example/w1"]) == 4
    assert main(["witness", "add-log", folder, vkeys.strip()]) == 2
    (tmp_path / "w" / "witness.vkeys").write_text(LOG.signer.vkey + "\n")
    assert main(["witness", "serve", folder]) == 2
    (tmp_path / "w" / "witness.vkeys").write_text("")
    assert main(["witness", "serve", folder]) == 2
    (tmp_path / "w" / "witness.vkeys").unlink()
    assert main(["witness", "serve", folder]) == 5

"""The command as people type it: each party at a profile folder of its own, against a real server."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ledger.receipt import parse_bundle
from ledger.statement import parse_statement
from market.catalog.schemas import EXAMPLE_METADATA
from market.cli.operator import COMMANDS
from market.cli.zone import add_zone
from market.client.cli.main import OPERATORS, Failing, main
from market.client.errors import ClientError, Problem
from market.kit.clock import SystemClock
from market.statements import read_fact
from tests.market.client.conftest import PASSWORD, Market

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run(who, arguments…)`: the command with the profile folder of `who`, the password in the environment."""
    monkeypatch.setenv("DATAWHARF_PASSWORD", PASSWORD)

    def called(who: str, *arguments: str, lang: str = "en", status: int = 0) -> Result:
        profile = str(tmp_path / who)
        result = CliRunner().invoke(main, ["--profile", profile, "--lang", lang, "--quiet", *arguments])
        assert result.exit_code == status, result.output
        return result

    return called


def join(run: Run, market: Market, who: str, email: str) -> None:
    run(
        *(who, "signup", "--server", market.server.address, "--email", email),
        *("--name", "Mei", "--org-en", f"{who} Ltd", "--zone", "450700"),
    )
    run(who, "login")
    run(who, "keys", "make")


def test_from_sign_up_to_a_verified_receipt(market: Market, run: Run, tmp_path: Path) -> None:
    join(run, market, "provider", "cli-provider@example.com")
    data = tmp_path / "ports"
    data.mkdir()
    (data / "ports.csv").write_text("code,name\nCNQZH,Qinzhou\n", "utf-8")
    described = tmp_path / "about.json"
    described.write_text(json.dumps(EXAMPLE_METADATA), "utf-8")
    told = run("provider", "register", str(data), "--metadata", str(described), "--apply").output
    receipt = _found(r"Receipt\s+(\S+) \(ledger entry", told)
    application = _found(r"Application (\S+) is in the state SUBMITTED", told)

    passed = run("provider", "verify", receipt, "--data", str(data)).output
    assert "byte for byte, what was registered (1 file, 24 bytes)" in passed
    assert "✗" not in passed
    assert "✓ The market shows what was signed" in run("provider", "compare", receipt).output

    for name in ("manifest.json", ".manifest.json"):
        kept = Path(receipt.replace(".receipt.json", ".manifest.json"))
        elsewhere = Path(shutil.copy(receipt, tmp_path / "elsewhere.json"))
        shutil.copy(kept, data / name)
        assert run("provider", "verify", str(elsewhere), "--data", str(data)).output == passed
        (data / name).unlink()

    (data / "ports.csv").write_text("code,name\nCNQZH,Qinzhoo\n", "utf-8")
    failed = run("provider", "verify", receipt, "--data", str(data), status=1).output
    assert "✗ The file ports.csv has the right size, but its content was changed after registration" in failed

    add_zone(
        market.settings,
        "450700",
        email="cli-registrar@example.com",
        password=PASSWORD,
        now=SystemClock().now(),
    )
    address = market.server.address
    run(
        "registrar",
        "login",
        "--server",
        address,
        "--email",
        "cli-registrar@example.com",
    )
    run("registrar", "keys", "make")
    assert application in run("registrar", "queue").output
    asset = _found(r"of asset (\S+)[.]", told)
    assert f"资产 {asset}" in run("registrar", "queue", lang="zh").output
    assert run("provider", "licences").output == "No licences yet.\n"
    run("registrar", "decide", application, "accepted")
    returned = run("registrar", "decide", application, "returned", "--reason-en", "The source is not named")
    assert "RETURNED" in returned.output


def test_a_complete_history_is_fetched_checked_and_held_against_a_receipt(
    market: Market, run: Run, tmp_path: Path
) -> None:
    join(run, market, "historian", "cli-historian@example.com")
    data = tmp_path / "ports"
    data.mkdir()
    (data / "ports.csv").write_text("code,name\nCNQZH,Qinzhou\n", "utf-8")
    (tmp_path / "about.json").write_text(json.dumps(EXAMPLE_METADATA), "utf-8")
    told = run("historian", "register", str(data), "--metadata", str(tmp_path / "about.json")).output
    receipt, asset = _found(r"Receipt\s+(\S+) \(ledger entry", told), _found(r"of asset (\S+)[.]", told)

    kept = str(tmp_path / "asset.json")
    said = run("historian", "index", "get", f"asset:{asset}", "--to", kept).output
    size = _found(r"[(]1 of the ledger's first (\d+) entries name asset:\S+[)]", said)
    checked = ("index", "verify", kept, "--key", f"asset:{asset}", "--at-least", size)
    assert run("historian", *checked).output.startswith("Passed")
    assert run("historian", *checked, lang="zh").output.startswith("核验通过")
    assert "✗ " in run("historian", "index", "verify", kept, "--key", "asset:other", status=1).output

    run("historian", "index", "get", "--about", receipt, "--to", str(tmp_path / "about.history.json"))
    assert (tmp_path / "about.history.json").read_bytes() == Path(kept).read_bytes()
    run("historian", "index", "get", "--signer-of", receipt, "--to", str(tmp_path / "signer.json"))
    verified = run("historian", "verify", receipt, "--history", str(tmp_path / "signer.json")).output
    assert "✓ The key was not withdrawn before entry" in verified
    assert "! The key's history was not accepted (what was asked does not hold)" in (
        run("historian", "verify", receipt, "--history", kept).output
    )
    assert "Name one of KEY" in run("historian", "index", "get", status=2).output


def test_a_document_about_an_artifact_is_attested(market: Market, run: Run, tmp_path: Path) -> None:
    join(run, market, "laboratory", "laboratory@example.com")
    report, artifact = tmp_path / "report.json", tmp_path / "ports.csv"
    report.write_text('{"passed": true}')
    artifact.write_text("code,name\nCNQZH,Qinzhou\n")
    said = run("laboratory", "attest", str(report), "--about", str(artifact)).output
    receipt, leaf = _found(r"Receipt +(\S+\.json)", said), _found(r"Statement +([0-9a-f]{64})", said)
    bundle = parse_bundle(Path(receipt).read_bytes())
    fact = read_fact(parse_statement(bundle.statement), market.settings.origin)
    assert fact.kind.name == "attestation"
    assert dict(fact.predicate) == {
        "artifact": sha256(artifact.read_bytes()).hexdigest(),
        "document": sha256(report.read_bytes()).hexdigest(),
        "mediaType": "application/json",
    }
    assert "✓ The statement is entry" in run("laboratory", "verify", receipt).output
    digest = sha256(artifact.read_bytes()).hexdigest()
    said = run("laboratory", "attest", str(report), "--about", digest, "--previous", leaf).output
    later = parse_bundle(Path(_found(r"Receipt +(\S+\.json)", said)).read_bytes())
    later_fact = read_fact(parse_statement(later.statement), market.settings.origin)
    assert later_fact.predicate["previous"] == leaf
    assert parse_statement(later.statement).claims.sub == parse_statement(bundle.statement).claims.sub
    refused = run("laboratory", "attest", str(report), "--about", "nothing", status=1).output
    assert "nothing is neither a file nor a SHA-256" in refused


def test_a_refusal_of_the_standard_way_in_is_a_sentence(market: Market) -> None:
    with market.party() as stranger, pytest.raises(Problem) as refused:
        stranger.submit(b"\xd2\x84nothing")
    assert refused.value.title == "Malformed request"
    assert refused.value.detail.isprintable()


def test_an_index_that_is_behind_is_not_taken_for_complete(market: Market) -> None:
    with market.party() as anybody, pytest.raises(ClientError, match="Ask again later"):
        anybody.history("asset:none", at_least=10**9, wait=0)


def test_refusals_are_one_sentence_and_status_1(market: Market, run: Run, tmp_path: Path) -> None:
    said = run("nobody", "queue", status=1)
    assert said.stderr == (
        "datawharf: No marketplace is set. Run: datawharf login --server https://… (or set DATAWHARF_PROFILE).\n"
    )
    said = run("nobody", "queue", lang="zh", status=1)
    assert said.stderr.startswith("datawharf: 尚未指定市场。")
    (tmp_path / "password").write_text("wrong password here\n")
    said = run(
        *("nobody", "login", "--server", market.server.address, "--email", "nobody@example.com"),
        *("--password", f"@{tmp_path / 'password'}"),
        status=1,
    )
    assert "[wrong-credentials]" in said.stderr
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command", [["login"], ["signup", "--name", "Mei"]], ids=lambda command: str(command[0])
)
def test_a_password_is_no_word_of_the_command_line(run: Run, command: list[str]) -> None:
    """Every user of the machine can read the list of processes."""
    where = ["--server", "http://127.0.0.1:1", "--email", "mei@example.com"]
    said = run("nobody", *command, *where, "--password", PASSWORD, status=1)
    assert said.stderr.startswith(
        "datawharf: --password names where the password is: @file, or - for standard"
    )
    assert "DATAWHARF_PASSWORD" in said.stderr
    assert PASSWORD not in said.output
    assert "可" not in said.stderr
    assert (
        "本机所有用户都能看到"
        in run("nobody", *command, *where, "--password", PASSWORD, lang="zh", status=1).stderr
    )
    missing = run("nobody", *command, *where, "--password", "@/nowhere/password", status=1)
    assert "/nowhere/password cannot be read" in missing.stderr


def test_a_password_is_typed_or_comes_from_a_file_or_standard_input(
    market: Market, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = "@eight grey seagulls"
    monkeypatch.setenv("DATAWHARF_PASSWORD", odd)
    where = ("--server", market.server.address, "--email", "cli-odd@example.com")
    run("odd", "signup", *where, "--name", "Mei")
    monkeypatch.delenv("DATAWHARF_PASSWORD")
    (tmp_path / "password").write_text(f"{odd}\nnot this line\n", "utf-8")
    for arguments, typed in (
        ([f"--password=@{tmp_path / 'password'}"], ""),
        (["--password", "-"], odd),
        ([], odd),
    ):
        done = CliRunner().invoke(
            main, ["--profile", str(tmp_path / "odd"), "login", *where, *arguments], input=f"{typed}\n"
        )
        assert done.exit_code == 0, done.output
        assert odd not in done.output


def test_what_is_kept_is_not_said_to_be_new(market: Market, run: Run, tmp_path: Path) -> None:
    join(run, market, "twice", "cli-twice@example.com")
    key = (tmp_path / "twice" / "signing.key").read_bytes()
    again = run("twice", "keys", "make").output
    assert "already. It was kept; no other was made." in again
    assert "Keep a copy" not in again
    assert (tmp_path / "twice" / "signing.key").read_bytes() == key

    trust = tmp_path / "twice" / "trust.policy"
    said = run("twice", "login").output
    assert "was kept; the marketplace gives the same one." in said
    assert "saved" not in said
    own = trust.read_bytes().replace(b"log ", b"# mine\nlog ", 1)
    trust.write_bytes(own)
    said = run("twice", "login").output
    assert "To take that: datawharf trust --replace" in said
    assert trust.read_bytes() == own
    assert "信任文件已保存至" in run("twice", "trust", "--replace", lang="zh").output
    assert trust.read_bytes() == market.settings.trust_file.read_bytes()


def test_an_unreachable_market_is_named(run: Run, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.client.transport.FIRST_WAIT", 0.001)
    address = f"http://127.0.0.1:{free_port}"
    said = run("nobody", "trust", "--server", address, status=1)
    assert said.stderr.startswith(f"datawharf: {address} cannot be reached")


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]


def test_the_client_alone_knows_which_commands_belong_to_the_marketplace() -> None:
    assert {str(command.name) for command in COMMANDS} == set(OPERATORS)
    alone = Failing("datawharf")
    for name in OPERATORS:
        done = CliRunner().invoke(alone, [name, "--home", "x"])
        assert done.exit_code == 2
        assert "pip install '.[server]'" in done.output
    assert "pip install" not in CliRunner().invoke(alone, ["nonsense"]).output

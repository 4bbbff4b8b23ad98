"""Documents name everything that there is, and nothing that there is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from market.app import create_app
from market.cli.operator import COMMANDS as OPERATOR
from market.client.cli import account, audit, buy, provide, registrar
from market.config import Settings, StripeSettings
from market.statements.kinds import KINDS, Signer
from tests.builders.marketplace import Marketplace
from tests.docs import console, worked_example
from tests.docs.conftest import ROOT

DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
GUIDES = [DOCS / f"{name}.md" for name in ("provider", "buyer", "auditor")]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
LONGEST_ADR = 60


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", console.FENCE.sub("", text))


def _anchors(document: Path) -> set[str]:
    titles = re.findall(
        r"^#+ (.+)$", console.FENCE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(_without_code(document.read_text(encoding="utf-8"))):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.exists(), target
        assert there.is_relative_to(ROOT)
        if anchor:
            assert anchor in _anchors(there), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_looks_like_a_command_is_run(document: Path) -> None:
    """Shell in a block that nobody runs would be a claim that nobody checked."""
    for line, language, content in console.blocks(document.read_text(encoding="utf-8")):
        assert language in (*console.EXECUTED, *console.SHOWN_ONLY), f"{document.name}:{line}: {language}"
        if language == "console":
            assert content.startswith("$ "), f"{document.name}:{line}"
        else:
            assert not re.search(r"^\$ ", content, re.MULTILINE), f"{document.name}:{line}"


@pytest.mark.parametrize("document", sorted(DOCS.glob("adr/0*.md")), ids=lambda path: path.name)
def test_a_decision_has_its_four_parts_on_one_page(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "What would change our mind"]
    assert len(text.splitlines()) <= LONGEST_ADR
    number, title = document.name[:4], re.findall(r"^# \d{4} (.+)$", text, re.MULTILINE)[0]
    assert f"[{number}]({document.name}) | {title} |" in (DOCS / "adr" / "README.md").read_text(
        encoding="utf-8"
    )


def _commands(group: tuple[click.Command, ...] | list[click.Command]) -> Iterator[tuple[str, click.Command]]:
    for command in group:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield f"{command.name} {name}", inner
        else:
            yield str(command.name), command


def test_every_setting_is_described() -> None:
    text = (DOCS / "operator.md").read_text(encoding="utf-8")
    for setting in (*fields(Settings), *fields(StripeSettings)):
        assert f"`{setting.name}`" in text, setting.name
    code = (ROOT / "market" / "config.py").read_text(encoding="utf-8")
    by_variable = re.search(r"for name in \(([^)]*)\):\n\s+if value := os\.environ", code)
    assert by_variable is not None
    for name in re.findall(r'"(\w+)"', by_variable[1]):
        assert f"`DATAWHARF_{name.upper()}`" in text


def test_every_operators_command_and_option_is_described() -> None:
    table = (DOCS / "operator.md").read_text(encoding="utf-8")
    for name, command in _commands(OPERATOR):
        if name in {"demo", "heist"}:
            assert f"`datawharf {name}`" in table
            continue
        (row,) = (line for line in table.splitlines() if line.startswith(f"| `{name}` |"))
        options = {
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        described = set(re.findall(r"`(--[a-z0-9-]+)`", row))
        assert described == {option for option in options if option.startswith("--")}, name


def test_every_clients_command_is_in_a_guide() -> None:
    text = "\n".join(guide.read_text(encoding="utf-8") for guide in GUIDES)
    for module in (account, provide, registrar, buy, audit):
        for name, _ in _commands(module.COMMANDS):
            assert re.search(rf"datawharf (--\S+ \S+ )*{name}\b", text), name


def test_every_kind_of_statement_is_described_with_its_signer_and_fields() -> None:
    rows = (DOCS / "formats.md").read_text(encoding="utf-8").splitlines()
    for kind in KINDS.values():
        (row,) = (line for line in rows if line.startswith(f"| `{kind.name}` |"))
        _, _, signer, subject, described, _ = (cell.strip() for cell in row.split("|"))
        assert signer == kind.signer.value
        assert subject == kind.subject_kind
        assert set(re.findall(r"`(\w+)`", described)) == {*kind.required, *kind.optional}


def test_the_table_of_signers_is_the_one_in_the_code() -> None:
    """Written for people, held to the code: each kind stands in a row that names its signer."""
    rows = [
        line for line in (DOCS / "trust.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")
    ]
    words = {
        Signer.PLATFORM: ("the platform",),
        Signer.PROVIDER: ("the provider",),
        Signer.BUYER: ("the buyer",),
        Signer.EITHER_PARTY: ("the buyer", "the provider"),
        Signer.REGISTRAR: ("the registrar",),
        Signer.ORGANISATION: ("any organisation",),
    }
    for kind in KINDS.values():
        (row,) = (line for line in rows if f"`{kind.name}`" in line)
        signed_by = row.split("|")[3]
        assert all(word in signed_by for word in words[kind.signer]), kind.name


def test_the_worked_example_is_what_the_code_makes() -> None:
    text = worked_example.DOCUMENT.read_text(encoding="utf-8")
    assert worked_example.with_example(text) == text, "run: python -m tests.docs.worked_example"


def test_every_route_that_the_api_page_names_is_there(small_market: Marketplace) -> None:
    api = create_app(small_market.settings, small_market.ports).openapi()
    named = re.findall(r"`([A-Z]+) (/api/v1/[^`\s]+)`", (DOCS / "api.md").read_text(encoding="utf-8"))
    assert len(named) >= 25
    for method, path in named:
        assert method.lower() in api["paths"].get(path, {}), f"{method} {path}"


def test_the_chinese_readme_shows_the_same_commands() -> None:
    english, chinese = (
        [command.text for command in console.commands((ROOT / name).read_text(encoding="utf-8"))]
        for name in ("README.md", "README.zh.md")
    )
    assert chinese == english


def test_the_picture_is_small_and_says_what_it_shows() -> None:
    picture = DOCS / "img" / "datawharf.svg"
    text = picture.read_text(encoding="utf-8")
    assert picture.stat().st_size <= 200_000
    assert "<title" in text
    assert "<desc" in text
    assert "<script" not in text

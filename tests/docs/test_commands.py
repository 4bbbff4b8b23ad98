"""What the documents show is run, and prints what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import console
from tests.docs.conftest import ROOT

DOCS = ROOT / "docs"
slow = pytest.mark.slow
long = pytest.mark.timeout(600)


@slow
@long
def test_the_job_in_the_readme(tmp_path: Path, addresses: dict[str, str]) -> None:
    console.run(ROOT / "README.md", tmp_path, replaced=addresses)


@slow
@long
def test_the_operators_guide(tmp_path: Path, addresses: dict[str, str]) -> None:
    console.run(DOCS / "operator.md", tmp_path, replaced=addresses)


@slow
@long
def test_the_witnesses_guide(tmp_path: Path, addresses: dict[str, str]) -> None:
    console.run(DOCS / "witnesses.md", tmp_path, replaced=addresses)


@slow
@long
def test_the_guides_one_after_the_other(running_market: Path, addresses: dict[str, str]) -> None:
    for name in ("provider", "buyer", "auditor", "api"):
        console.run(DOCS / f"{name}.md", running_market, replaced=addresses)


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        (["a"], ["a"], True),
        (["a"], ["b"], False),
        (["a"], ["a", "b"], False),
        (["a…c"], ["abbc"], True),
        (["a…c"], ["abbd"], False),
        (["…"], [], True),
        (["a", "…", "z"], ["a", "b", "c", "z"], True),
        (["a", "…", "z"], ["a", "b", "c"], False),
        ([], ["anything"], True),
    ],
)
def test_what_is_printed_is_compared(shown: list[str], printed: list[str], fits: bool) -> None:
    assert console.prints(shown, printed) is fits


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("```console\n$ false\n```\n", r"a\.md:2: \$ false"),
        ("```console\n$ echo yes\nno\n```\n", r"a\.md:2: \$ echo yes"),
        ("```python\nassert False\n```\n", r"a\.md:1: \$ python"),
        ("nothing\n", "shows no command"),
    ],
)
def test_a_document_that_is_wrong_fails(text: str, says: str, tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text(text)
    with pytest.raises(AssertionError, match=says):
        console.run(document, tmp_path, replaced={})


def test_commands_share_one_shell_and_go_over_several_lines(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("```console\n$ A=one \\\n    B=two\n$ cat <<END\n$ $A $B\nEND\n$ one two\n```\n")
    with pytest.raises(AssertionError, match="one: command not found"):
        console.run(document, tmp_path, replaced={})
    document.write_text("```console\n$ A=one \\\n    B=two\n$ cat <<END\n$A $B\nEND\none two\n```\n")
    console.run(document, tmp_path, replaced={})

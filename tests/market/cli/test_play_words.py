"""Whatever the demonstration and the heist say, they say in Chinese too, with the same fields in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import market.cli
from market.kit.i18n import translations

FOLDERS = [Path(market.cli.__file__).parent / name for name in ("demo", "heist")]
SAYING = {"say", "begin", "warn", "words", "working", "N_"}


def calls() -> Iterator[tuple[str, list[str]]]:
    """What is called, and with which literal texts first."""
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                yield name, [text for text in texts if isinstance(text, str)]


SAID = sorted({texts[0] for name, texts in calls() if name in SAYING and texts})
COUNTED = sorted({(texts[0], texts[1]) for name, texts in calls() if name == "NN_"})


def fields(sentence: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", sentence))


def test_the_search_for_sentences_finds_them() -> None:
    assert len(SAID) > 80
    assert "What cannot be caught" in SAID


@pytest.mark.parametrize("sentence", SAID, ids=range(len(SAID)))
def test_every_sentence_is_there_in_chinese(sentence: str) -> None:
    chinese = translations("zh").gettext(sentence)
    # A frame for something said elsewhere is the same in both languages.
    assert chinese != sentence or not re.sub(r"%\(\w+\)s|\W", "", sentence), sentence
    assert fields(chinese) == fields(sentence)


@pytest.mark.parametrize(("one", "many"), COUNTED, ids=range(len(COUNTED)))
def test_every_counted_sentence_is_there_in_chinese(one: str, many: str) -> None:
    chinese = translations("zh").ngettext(one, many, 2)
    assert chinese != many
    assert fields(chinese) == fields(many)

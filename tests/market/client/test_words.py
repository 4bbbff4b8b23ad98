"""Whatever the command says, it says in Chinese too, with the same fields in it."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import market.client
from market.client.errors import ClientError, Corrupt, Interrupted, Unreachable
from market.client.words import CHINESE, say, tell

FOLDER = Path(market.client.__file__).parent
ERRORS = {error.__name__ for error in (ClientError, Corrupt, Interrupted, Unreachable)}
# What transfers begin with: "hash name", "send name", "receive name".
VERBS = {"hash", "send", "receive"}


def literals() -> Iterator[tuple[str, str]]:
    """(place, sentence) of everything that is said or raised."""
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = 1 if name == "say" and isinstance(node.func, ast.Name) else 0
            if name not in ERRORS | {"say"} or len(node.args) <= at:
                continue
            text = node.args[at]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield f"{path.name}:{node.lineno}", text.value
            elif isinstance(text, ast.JoinedStr):
                yield f"{path.name}:{node.lineno}", "<f-string>"


SAID = list(literals())


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_the_search_for_sentences_finds_them() -> None:
    assert len(SAID) > 60
    assert {"Nothing waits.", "This asset has no registered version yet."} <= {text for _, text in SAID}


@pytest.mark.parametrize(("place", "sentence"), SAID, ids=[place for place, _ in SAID])
def test_every_sentence_is_there_in_chinese(place: str, sentence: str) -> None:
    assert sentence in CHINESE, f"{place} says something that market/client/words.py has not"


def test_no_translation_is_left_over() -> None:
    assert CHINESE.keys() - {sentence for _, sentence in SAID} == VERBS


@pytest.mark.parametrize("sentence", CHINESE, ids=range(len(CHINESE)))
def test_both_languages_have_the_same_fields(sentence: str) -> None:
    assert fields(CHINESE[sentence]) == fields(sentence)


def test_errors_are_told_in_the_language_asked_for_with_their_inner_errors() -> None:
    inner = Unreachable("The connection ended inside chunk {chunk} of {file}.", chunk=7, file="a.csv")
    outer = Interrupted("{error} What was checked is kept; run the same command again to go on.", error=inner)
    assert str(outer) == (
        "The connection ended inside chunk 7 of a.csv. What was checked is kept; run the same command again to go on."
    )
    assert tell("en", outer) == str(outer)
    assert tell("zh", outer) == "连接在 a.csv 的第 7 块中途中断。已核对的部分保留；再次运行同一命令即可继续。"


def test_an_error_of_somebody_else_is_told_as_it_is() -> None:
    assert tell("zh", OSError("No space left")) == "No space left"


def test_braces_in_a_value_are_no_fields() -> None:
    assert say("en", "Trust file saved to {path}.", path="{server}") == "Trust file saved to {server}."
    assert str(ClientError("{path} is not JSON: {error}", path="a", error="{}")) == "a is not JSON: {}"

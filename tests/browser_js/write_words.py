"""Writes the sentences of the checks for the browser, so that both verifiers say the same.

market/static/js/check_words_{en,zh}.js come from `ledger.check_words`, history_words_{en,zh}.js from `ledger.index.words`.

Run as `python -m tests.browser_js.write_words` after a sentence has changed.
"""

import json
from pathlib import Path

from ledger.check_words import DEPENDS, NAMES, NOT_GIVEN, OUTCOMES, WORDS
from ledger.index import words as history

FOLDER = Path(__file__).parents[2] / "market" / "static" / "js"
LANGUAGES = ("en", "zh")


def _table(name: str, words: dict[str, tuple[str, str]], at: int) -> str:
    rows = "".join(
        f"  {json.dumps(key)}: {json.dumps(both[at], ensure_ascii=False)},\n" for key, both in words.items()
    )
    return f"export const {name} = {{\n{rows}}};\n"


def _general(name: str, words: tuple[str, str], at: int) -> str:
    return (
        f"export const {name} = {json.dumps(words[at].replace('{what_zh}', '{what}'), ensure_ascii=False)};\n"
    )


def _of_receipts(language: str) -> str:
    at = LANGUAGES.index(language)
    return (
        "// Written by tests/browser_js/write_words.py from ledger/check_words.py; change the sentences there.\n"
        + _general("DEPENDS", DEPENDS, at)
        + _general("NOT_GIVEN", NOT_GIVEN, at)
        + _table("OUTCOMES", OUTCOMES, at)
        + _table("NAMES", NAMES, at)
        + _table("WORDS", WORDS, at)
    )


def _of_histories(language: str) -> str:
    at = LANGUAGES.index(language)
    return (
        "// Written by tests/browser_js/write_words.py from ledger/index/words.py; change the sentences there.\n"
        + _table("OUTCOMES", history.OUTCOMES, at)
        + _table("NAMES", history.NAMES, at)
        + _table("WORDS", history.WORDS, at)
    )


def modules() -> dict[str, str]:
    """Text of each module, by the name of its file."""
    return {
        f"{kind}_words_{language}.js": render(language)
        for kind, render in (("check", _of_receipts), ("history", _of_histories))
        for language in LANGUAGES
    }


if __name__ == "__main__":
    for name, text in modules().items():
        (FOLDER / name).write_text(text, encoding="utf-8")

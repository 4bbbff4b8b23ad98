"""Writes market/static/js/check_words_{en,zh}.js from `ledger.check_words`, so that both verifiers say the same.

Run as `python -m tests.browser_js.write_words` after a sentence has changed.
"""

import json
from pathlib import Path

from ledger.check_words import DEPENDS, NAMES, OUTCOMES, WORDS

FOLDER = Path(__file__).parents[2] / "market" / "static" / "js"
LANGUAGES = ("en", "zh")


def _table(name: str, words: dict[str, tuple[str, str]], at: int) -> str:
    rows = "".join(
        f"  {json.dumps(key)}: {json.dumps(both[at], ensure_ascii=False)},\n" for key, both in words.items()
    )
    return f"export const {name} = {{\n{rows}}};\n"


def render(language: str) -> str:
    """Text of the module of one language."""
    at = LANGUAGES.index(language)
    depends = json.dumps(DEPENDS[at].replace("{what_zh}", "{what}"), ensure_ascii=False)
    return (
        "// Written by tests/browser_js/write_words.py from ledger/check_words.py; change the sentences there.\n"
        f"export const DEPENDS = {depends};\n"
        + _table("OUTCOMES", OUTCOMES, at)
        + _table("NAMES", NAMES, at)
        + _table("WORDS", WORDS, at)
    )


if __name__ == "__main__":
    for language in LANGUAGES:
        (FOLDER / f"check_words_{language}.js").write_text(render(language), encoding="utf-8")

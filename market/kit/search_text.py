"""Text for searching: one tokeniser for both engines, so that a query finds the same on SQLite and PostgreSQL.

Scripts that are written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) become overlapping bigrams; a
phrase of bigrams is an exact substring. Other words are lower-cased. Traditional Chinese is folded to simplified.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u3040-\u30ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U00020000-\U0003fffd"  # Han, supplementary
)
_RUNS = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+")
_UNSPACED_START = re.compile(rf"[{_UNSPACED}]")


@cache
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def fold(text: str) -> str:
    """NFKC, lower case, simplified characters."""
    folded = unicodedata.normalize("NFKC", text).lower()
    simplified: str = _simplifier().convert(folded)
    return simplified


def index_text(text: str) -> str:
    """The tokens of a document, space-separated. A run of n unspaced characters gives its n-1 bigrams and the last one alone.

    The lone last character lets a one-character query, which is a prefix query, find every character.
    """
    words: list[str] = []
    for run in _RUNS.findall(fold(text)):
        if _UNSPACED_START.match(run):
            words += [run[i : i + 2] for i in range(len(run) - 1)]
            words.append(run[-1])
        else:
            words.append(run)
    return " ".join(words)


def query_terms(text: str) -> list[list[str]]:
    """What to look for: each item is a phrase of tokens that must all follow one another.

    A single unspaced character is given as [c + "*"]: a prefix.
    """
    terms: list[list[str]] = []
    for run in _RUNS.findall(fold(text)):
        if not _UNSPACED_START.match(run) or len(run) == 1:
            terms.append([run + "*"])
        else:
            terms.append([run[i : i + 2] for i in range(len(run) - 1)])
    return terms


def fts5_query(terms: list[list[str]]) -> str:
    """The terms as an FTS5 MATCH expression; all of them must hold."""
    parts = []
    for phrase in terms:
        if len(phrase) == 1 and phrase[0].endswith("*"):
            parts.append(f'"{phrase[0][:-1]}"*')
        else:
            parts.append('"' + " ".join(phrase) + '"')
    return " AND ".join(parts)


def tsquery(terms: list[list[str]]) -> str:
    """The terms as a PostgreSQL to_tsquery('simple', …) expression; all of them must hold."""
    parts = []
    for phrase in terms:
        if len(phrase) == 1 and phrase[0].endswith("*"):
            parts.append(f"'{phrase[0][:-1]}':*")
        else:
            parts.append("(" + " <-> ".join(f"'{word}'" for word in phrase) + ")")
    return " & ".join(parts)

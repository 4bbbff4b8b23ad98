"""Every sentence of these slices is there in Chinese, with the same fields."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from market.kit.i18n import translations
from market.kit.templating import template_folder

PACKAGE = Path(__file__).parents[3] / "market"
FIELDS = re.compile(r"%\(\w+\)s")


def sentences(slice_name: str) -> set[str]:
    found: set[str] = set()
    for path in sorted((PACKAGE / slice_name).glob("*.py")):
        found |= {str(entry[1]) for entry in extract_from_file("python", path, keywords={"N_": None})}
    for path in sorted((template_folder() / slice_name).glob("*.html")):
        found |= {
            str(entry[1])
            for entry in extract_from_file(
                "jinja2.ext:babel_extract",
                path,
                keywords={"_": None},
                options={"extensions": "jinja2.ext.do"},
            )
        }
    return found


@pytest.mark.parametrize(("slice_name", "at_least"), [("accounts", 150), ("zones", 8)])
def test_every_sentence_is_translated(slice_name: str, at_least: int) -> None:
    found = sentences(slice_name)
    assert len(found) >= at_least
    for sentence in found:
        chinese = translations("zh").gettext(sentence)
        assert chinese != sentence, sentence
        assert sorted(FIELDS.findall(chinese)) == sorted(FIELDS.findall(sentence)), sentence

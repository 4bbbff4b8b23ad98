"""Every sentence that the market can say is there in Chinese, with the same fields; every template parses and has a title."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_file

from market.kit.i18n import LANGS, NN_, format_short_size, format_size, translate, translations
from market.kit.templating import environment, template_folder
from market.provenance.entries import ROTATION
from market.statements.kinds import KINDS

MARKET = Path(__file__).parents[3] / "market"
# The simulator stands outside; the client has words of its own; the operator's commands speak English.
ELSEWHERE = ("stripe_simulator", "client", "cli", "migrations", "statements")
FIELDS = re.compile(r"%\(\w+\)s")
# Names, and sentences that are nothing but a field, are the same in both languages.
SAME = re.compile(r"(%\(\w+\)s|[\W\d_]|Datawharf|Stripe|API|JSON-LD|CSV|Parquet|English|SHA-256|ID)*")


def sentences() -> Iterator[tuple[str | tuple[str, str], str]]:
    """Each sentence, or pair of sentences for one thing and for many, and where it is said."""
    for path in sorted(MARKET.rglob("*.py")):
        if path.relative_to(MARKET).parts[0] not in ELSEWHERE:
            for entry in extract_from_file("python", path, keywords={"N_": None, "NN_": (1, 2)}):
                yield entry[1], path.relative_to(MARKET).as_posix()
    for path in sorted(template_folder().rglob("*.html")):
        for entry in extract_from_file(
            "jinja2.ext:babel_extract",
            path,
            keywords={"_": None, "ngettext": (1, 2)},
            options={"extensions": "jinja2.ext.do"},
        ):
            yield entry[1], path.relative_to(template_folder()).as_posix()


def test_every_sentence_is_translated() -> None:
    chinese, missing, seen = translations("zh"), {}, 0
    for sentence, where in sentences():
        seen += 1
        if isinstance(sentence, tuple):
            one, sentence = sentence[:2]
            said = chinese.ngettext(one, sentence, 2)
        else:
            said = chinese.gettext(sentence)
        if SAME.fullmatch(sentence):
            continue
        if said == sentence or sorted(FIELDS.findall(said)) != sorted(FIELDS.findall(sentence)):
            missing[sentence] = where
    assert seen > 800
    assert missing == {}, "\n".join(f"{where}: {sentence}" for sentence, where in missing.items())


def test_a_number_chooses_the_words() -> None:
    files = NN_(
        "The file %(path)s is not here yet.", "%(count)s files are not here yet, first of all %(path)s."
    )
    assert translate("en", files, count=1, path="a.csv") == "The file a.csv is not here yet."
    assert translate("en", files, count=2, path="a.csv").startswith("2 files are")
    assert translate("zh", files, count=1, path="a.csv") == "还有 1 个文件未上传，第一个是 a.csv。"


def test_sizes_are_read_at_a_glance_and_exactly() -> None:
    assert format_size(214_003_112, "en") == "214 MB (214,003,112 bytes)"
    assert format_size(214_003_112, "zh") == "214 MB（214,003,112 字节）"
    assert [format_short_size(214_003_112, lang) for lang in LANGS] == ["214 MB", "214 MB"]
    assert [format_size(count, "en") for count in (0, 1, 999)] == ["0 bytes", "1 byte", "999 bytes"]
    assert format_short_size(5, "zh") == "5 字节"


def test_every_template_parses_in_both_languages() -> None:
    paths = [path.relative_to(template_folder()).as_posix() for path in template_folder().rglob("*.html")]
    assert len(paths) > 40
    for lang in ("zh", "en"):
        env = environment(lang)
        for path in paths:
            env.get_template(path)


def test_every_kind_of_statement_has_words() -> None:
    for lang in ("zh", "en"):
        words = environment(lang).get_template("components/kinds.html").make_module({"lang": lang}).kind_words
        assert words.keys() == KINDS.keys() | {ROTATION}


def test_every_page_has_a_title() -> None:
    for path in template_folder().rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if path.parent.name != "layouts" and re.search(r'{%-? extends "layouts/', text):
            assert "{% block title %}" in text, path

"""Languages. A msgid is an English sentence; market/locale/<locale>/*.po hold the translations, one file per slice.

The catalogues are compiled from the .po files when the process starts: there is no build step to forget.
"""

from __future__ import annotations

import io
from datetime import datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)
LOCALES: dict[Lang, str] = {"zh": "zh_CN", "en": "en"}
LOCALE_DIR = Path(__file__).parent.parent / "locale"
# The market's own time zone: dates on pages and papers are given in it, and say so.
CHINA = ZoneInfo("Asia/Shanghai")


def N_(msgid: str) -> str:
    """Mark a sentence for translation where it is written down; it is translated where it is shown."""
    return msgid


class Counted(str):
    """The sentence for many, with `one` for a single thing. Which of them is said depends on its field %(count)s."""

    one: str


def NN_(one: str, many: str) -> Counted:  # noqa: N802  the plural of N_
    """Mark a sentence for translation whose words depend on a number."""
    counted = Counted(many)
    counted.one = one
    return counted


@cache
def translations(lang: Lang) -> NullTranslations:
    """All slices' catalogues of one language, merged."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    folder = LOCALE_DIR / LOCALES[lang]
    merged = Catalog(locale=LOCALES[lang])
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=LOCALES[lang]):
                if message.id and message.string:
                    merged.add(message.id, message.string)
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return GNUTranslations(compiled)


def translate(lang: Lang, msgid: str, /, **params: object) -> str:
    """The sentence in `lang`, its %(name)s fields filled; a counted one as its field `count` asks for."""
    if isinstance(msgid, Counted):
        text = translations(lang).ngettext(msgid.one, msgid, int(str(params["count"])))
    else:
        text = translations(lang).gettext(msgid) if msgid else ""
    return text % params if params else text


def choose_language(accept_language: str) -> Lang:
    """The better of our languages for an Accept-Language header (RFC 9110 section 12.5.4); English if none fits."""
    best: tuple[float, Lang] = (0.0, "en")
    for part in accept_language.split(","):
        tag, _, quality = part.replace(" ", "").partition(";q=")
        lang = tag.split("-")[0].lower()
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        for ours in LANGS:
            if lang == ours and weight > best[0]:
                best = (weight, ours)
    return best[1]


def local_text(text: dict[str, str], lang: Lang) -> str:
    """Text written by people is {zh, en}; a missing language falls back to the other one."""
    return text.get(lang) or text.get("en") or text.get("zh") or ""


def format_when(moment: datetime, lang: Lang) -> str:
    """A moment for reading, in China's time, which it names."""
    local = moment.astimezone(CHINA)
    if lang == "zh":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}（北京时间）"
    return f"{local.day} {local:%b %Y, %H:%M} (UTC+8)"


def format_day(moment: datetime, lang: Lang) -> str:
    """A date for reading, in China's time."""
    local = moment.astimezone(CHINA)
    return f"{local.year}年{local.month}月{local.day}日" if lang == "zh" else f"{local.day} {local:%b %Y}"


def format_size(count: int, lang: Lang) -> str:
    """Bytes for reading: 214 MB (214,003,112 bytes). One MB is 10^6 bytes."""
    short, exact = format_short_size(count, lang), _bytes(count, lang)
    if short == exact:
        return exact
    return f"{short}（{exact}）" if lang == "zh" else f"{short} ({exact})"


def format_short_size(count: int, lang: Lang) -> str:
    """Bytes at a glance: 214 MB."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return _bytes(count, lang)


def _bytes(count: int, lang: Lang) -> str:
    if lang == "zh":
        return f"{count:,} 字节"
    return "1 byte" if count == 1 else f"{count:,} bytes"

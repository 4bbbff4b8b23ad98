"""The code lists, read from the package's data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from market.accounts.service import INDUSTRIES
from market.kit.i18n import N_, Lang
from market.kit.texts import LocalText
from market.zones.errors import UnknownCode
from market.zones.schemas import City, Labels, Licence, LicenceInWords, in_words

DATA = Path(__file__).parent / "data"
# Licences written by a provider himself are named like this (SPDX 2.3, annex D).
OWN_LICENCE = "LicenseRef-"
# Field of an asset's metadata -> the list its code stands in.
METADATA_LISTS = {
    "kind": "kind",
    "dataset_class": "dataset_class",
    "grade": "grade",
    "industry": "industry",
    "adcode": "places",
    "modality": "modality",
    "source_kind": "source_kind",
    "personal_info": "personal_info",
    "update_freq": "update_freq",
}


@cache
def code_lists() -> dict[str, Labels]:
    """All lists by name, each {code: words} in the order in which forms offer them."""
    table = tomllib.loads((DATA / "codes.toml").read_text(encoding="utf-8"))
    lists = {
        name: {code: LocalText(**words) for code, words in entries.items()} for name, entries in table.items()
    }
    return lists | {"industry": dict(INDUSTRIES)}


def code_list(name: str) -> Labels:
    """One list: places, kind, dataset_class, grade, modality, language, licence_action, source_kind, right, …"""
    return code_lists()[name]


def label(name: str, code: str, lang: Lang) -> str:
    """A code in words; the code itself where the list does not have it."""
    words = code_list(name).get(code)
    return words.best(lang) if words else code


@cache
def cities() -> tuple[City, ...]:
    """The hub first, then the fourteen cities by code."""
    return tuple(
        City(adcode=code, zh=words.zh, en=words.en) for code, words in sorted(code_list("places").items())
    )


def industries() -> Labels:
    """Sections of GB/T 4754-2017."""
    return code_list("industry")


@cache
def licences() -> dict[str, Licence]:
    """By SPDX id, or LicenseRef- id of ours."""
    table = tomllib.loads((DATA / "licences.toml").read_text(encoding="utf-8"))
    return {name: Licence(id=name, **fields) for name, fields in table.items()}


def licence_in_words(licence_id: str, lang: Lang) -> LicenceInWords | None:
    """What one may, must and must not do; None for a licence that the provider wrote himself."""
    licence = licences().get(licence_id)
    return in_words(licence, code_list("licence_action"), lang) if licence else None


def licence_name(licence_id: str, lang: Lang) -> str:
    licence = licences().get(licence_id)
    return licence.name.best(lang) if licence else licence_id


def check_code(name: str, code: str, *, where: str) -> None:
    """Raise UnknownCode, at the field `where`, unless the list `name` has `code`."""
    if code not in code_list(name):
        raise UnknownCode(
            N_("%(code)s is not a code of the list %(list)s."),
            hint=N_("The list is at /api/v1/codes."),
            where=where,
            code=code,
            list=name,
        )


def check_licence(licence_id: str, *, where: str = "licence") -> None:
    """Raise UnknownCode unless it is a licence we can put into words, or the provider's own."""
    if licence_id not in licences() and not licence_id.startswith(OWN_LICENCE):
        raise UnknownCode(
            N_("%(code)s is not a licence that this marketplace knows."),
            hint=N_("Take one from /api/v1/codes, or name your own text LicenseRef-…"),
            where=where,
            code=licence_id,
        )


def check_metadata(fields: Mapping[str, Any]) -> None:
    """Check every coded field of an asset's metadata. Raises UnknownCode that names the field."""
    for field, name in METADATA_LISTS.items():
        check_code(name, str(fields[field]), where=field)
    check_licence(str(fields["licence"]))
    for place, tag in enumerate(fields["languages"]):
        check_code("language", str(tag).split("-")[0], where=f"languages/{place}")
    for place, claim in enumerate(fields["rights"]):
        check_code("right", str(claim["right"]), where=f"rights/{place}/right")
        check_code("right_origin", str(claim["origin"]), where=f"rights/{place}/origin")

"""The facets by which the catalogue can be narrowed, and the words for their values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from market.kit.i18n import N_
from market.kit.texts import LocalText
from market.zones import service as zones

ACCESS_WORDS = {
    "OPEN": LocalText(zh="开放获取", en="Open"),
    "REQUEST": LocalText(zh="申请获取", en="On request"),
    "PAID": LocalText(zh="付费", en="Paid"),
}


@dataclass(frozen=True)
class Facet:
    """name: as in the address. title: a sentence for gettext. codes: the list that its values stand in."""

    name: str
    title: str
    codes: str


FACETS = (
    Facet("access", N_("Access"), "access"),
    Facet("class", N_("Class"), "dataset_class"),
    Facet("grade", N_("Grade"), "grade"),
    Facet("industry", N_("Industry"), "industry"),
    Facet("city", N_("City"), "places"),
    Facet("modality", N_("Form"), "modality"),
    Facet("language", N_("Language"), "language"),
    Facet("licence", N_("Licence"), "licence"),
    Facet("update", N_("Updated"), "update_freq"),
)
BY_NAME = {facet.name: facet for facet in FACETS}


@cache
def value_words(facet: str, value: str) -> LocalText:
    """A value in words; the value itself where the lists do not have it."""
    codes = BY_NAME[facet].codes
    if codes == "access":
        return ACCESS_WORDS[value]
    if codes == "licence":
        return LocalText(zh=zones.licence_name(value, "zh"), en=zones.licence_name(value, "en"))
    return zones.code_list(codes).get(value) or LocalText(zh=value, en=value)


@cache
def order_of(facet: str) -> list[str]:
    """All values of a facet in the order of its list."""
    codes = BY_NAME[facet].codes
    if codes == "access":
        return list(ACCESS_WORDS)
    if codes == "licence":
        return list(zones.licences())
    return list(zones.code_list(codes))

"""Addresses of the catalogue: every filter, sort and page is in the address, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from market.kit.i18n import Lang
from market.shelf.facets import FACETS, value_words
from market.shelf.schemas import CataloguePage, CatalogueQuery

# How many page numbers stand left and right of the present one.
_NEAR = 2


def catalogue_address(
    lang: Lang, query: CatalogueQuery, *, page: int = 1, without: tuple[str, str] | None = None
) -> str:
    """The address that shows this query; `without`: a (facet, value) left out, ("q", …) for the words."""
    pairs = [("q", query.q)] if query.q and (without is None or without[0] != "q") else []
    for facet in FACETS:
        pairs += [(facet.name, value) for value in query.chosen(facet.name) if (facet.name, value) != without]
    if query.sort:
        pairs.append(("sort", query.sort))
    if page > 1:
        pairs.append(("page", str(page)))
    return f"/{lang}/catalogue" + (f"?{urlencode(pairs)}" if pairs else "")


@dataclass(frozen=True)
class Chip:
    """An active filter and the address without it."""

    facet: str
    value: str
    address: str


def chips(lang: Lang, query: CatalogueQuery) -> list[Chip]:
    return [
        Chip(
            facet=facet.name,
            value=value_words(facet.name, value).best(lang),
            address=catalogue_address(lang, query, without=(facet.name, value)),
        )
        for facet in FACETS
        for value in query.chosen(facet.name)
    ]


def page_numbers(page: CataloguePage) -> list[int | None]:
    """The numbers to show: first, last and those near the present page; None is a gap."""
    wanted = sorted({1, page.pages} | set(range(page.page - _NEAR, page.page + _NEAR + 1)))
    shown: list[int | None] = []
    for number in wanted:
        if not 1 <= number <= page.pages:
            continue
        last = shown[-1] if shown else None
        if last is not None and number > last + 1:
            shown.append(None)
        shown.append(number)
    return shown

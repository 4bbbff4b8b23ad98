"""Searching the shelf: results, facets, ways out when nothing is found.

Which documents have which value is kept as bit sets (a document is a bit), so that counting a facet is an AND and a
population count: the page costs the same with a hundred documents and with ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlmodel import Session

from market.kit.auth import Principal, Resource, decide
from market.kit.i18n import Lang
from market.shelf import repository, search_repository
from market.shelf.facets import FACETS, order_of, value_words
from market.shelf.indexing import ALL, day_of
from market.shelf.schemas import (
    COUNT_CAP,
    DEEPEST_PAGE,
    PAGE_SIZE,
    CatalogueItem,
    CataloguePage,
    CatalogueQuery,
    FacetValue,
    FacetView,
    Found,
    Suggestion,
)
from market.shelf.verbs import SEARCH

Bits = dict[tuple[str, str], int]


class _Shelf:
    """The shelf at one moment, looked at with one query."""

    def __init__(self, session: Session, query: CatalogueQuery, lang: Lang, now: datetime) -> None:
        self.session, self.query, self.lang = session, query, lang
        self.bits: Bits = repository.all_bits(session)
        self.everything = self.bits.get(ALL, 0)
        self.by_relevance: list[int] | None = None
        self.words = self._match(now) if query.q else self.everything
        self.chosen = {facet.name: self._any_of(facet.name) for facet in FACETS if query.chosen(facet.name)}
        self.found = self.without(None)

    def _match(self, now: datetime) -> int:
        terms = search_repository.terms_of(self.query.q)
        if not terms:
            return 0
        ranked = self.query.order == "relevance"
        hits = search_repository.matches(self.session, terms, today=day_of(now), ranked=ranked)
        self.by_relevance = hits if ranked else None
        return as_bits(hits)

    def _any_of(self, facet: str) -> int:
        union = 0
        for value in self.query.chosen(facet):
            union |= self.bits.get((facet, value), 0)
        return union

    def without(self, left_out: str | None) -> int:
        """The documents that match the words and all chosen facets but one."""
        rest = self.words
        for facet, members in self.chosen.items():
            if facet != left_out:
                rest &= members
        return rest

    def in_order(self) -> Iterator[int]:
        if self.by_relevance is not None:
            return (number for number in self.by_relevance if self.found >> number & 1)
        if self.query.order == "title":
            return (
                number
                for number in repository.in_title_order(self.session, self.lang)
                if self.found >> number & 1
            )
        return highest_first(self.found)

    def page(self) -> CataloguePage:
        total = self.found.bit_count()
        pages = min(max(1, -(-total // PAGE_SIZE)), DEEPEST_PAGE)
        start = (self.query.page - 1) * PAGE_SIZE
        numbers = list(islice(self.in_order(), start, start + PAGE_SIZE)) if total > start else []
        cards = repository.cards(self.session, numbers)
        return CataloguePage(
            items=[CatalogueItem.model_validate(cards[number]) for number in numbers if number in cards],
            total=total,
            capped=self.by_relevance is not None and len(self.by_relevance) >= search_repository.MOST_MATCHES,
            page=self.query.page,
            pages=pages,
        )

    def facets(self) -> list[FacetView]:
        members: dict[str, dict[str, int]] = {}
        for (facet, value), bits in self.bits.items():
            members.setdefault(facet, {})[value] = bits
        return [FacetView(name=facet.name, values=self._values(facet.name, members)) for facet in FACETS]

    def _values(self, facet: str, members: dict[str, dict[str, int]]) -> list[FacetValue]:
        """In the order of the list; values without a hit are left out unless they are chosen."""
        base, chosen = self.without(facet), self.query.chosen(facet)
        counts = {value: (base & bits).bit_count() for value, bits in members.get(facet, {}).items()}
        known = [value for value in order_of(facet) if value in counts or value in chosen]
        own = sorted(value for value in {*counts, *chosen} if value not in known)
        return [
            FacetValue(
                value=value,
                name=value_words(facet, value),
                count=min(counts.get(value, 0), COUNT_CAP),
                capped=counts.get(value, 0) > COUNT_CAP,
                chosen=value in chosen,
            )
            for value in known + own
            if counts.get(value) or value in chosen
        ]

    def suggestions(self) -> list[Suggestion]:
        """What dropping one filter, or the words, would show; the most first."""
        if self.found:
            return []
        ways = [
            Suggestion(facet=facet, value=value, count=count, capped=False)
            for facet in self.chosen
            for value in self.query.chosen(facet)
            if (count := self._count_dropping(facet, value))
        ]
        if self.query.q:
            rest = self.everything
            for members in self.chosen.values():
                rest &= members
            if rest:
                ways.append(Suggestion(facet=None, value=self.query.q, count=rest.bit_count(), capped=False))
        capped = [replace(way, count=min(way.count, COUNT_CAP), capped=way.count > COUNT_CAP) for way in ways]
        return sorted(capped, key=lambda way: -way.count)

    def _count_dropping(self, facet: str, dropped: str) -> int:
        left = [value for value in self.query.chosen(facet) if value != dropped]
        base = self.without(facet)
        if not left:
            return base.bit_count()
        union = 0
        for value in left:
            union |= self.bits.get((facet, value), 0)
        return (base & union).bit_count()


def search(
    session: Session, *, actor: Principal, query: CatalogueQuery, lang: Lang, now: datetime
) -> CataloguePage:
    """A page of what is on show."""
    decide(actor, SEARCH, Resource())
    return _Shelf(session, query, lang, now).page()


def facets(
    session: Session, *, actor: Principal, query: CatalogueQuery, lang: Lang, now: datetime
) -> list[FacetView]:
    """The values of each facet with how many there would be with the value added."""
    decide(actor, SEARCH, Resource())
    return _Shelf(session, query, lang, now).facets()


def browse(session: Session, *, actor: Principal, query: CatalogueQuery, lang: Lang, now: datetime) -> Found:
    """Page, facets and suggestions in one look."""
    decide(actor, SEARCH, Resource())
    shelf = _Shelf(session, query, lang, now)
    return Found(page=shelf.page(), facets=shelf.facets(), suggestions=shelf.suggestions())


def counts(session: Session) -> dict[tuple[str, str], int]:
    """How many are on show, by facet and value; under ALL how many in all."""
    return {key: bits.bit_count() for key, bits in repository.all_bits(session).items()}


def of_provider(session: Session, *, org_id: UUID, limit: int = 100) -> list[CatalogueItem]:
    """What an organisation has on show, newest first."""
    return [CatalogueItem.model_validate(card) for card in repository.cards_of_org(session, org_id, limit)]


def as_bits(numbers: Iterable[int]) -> int:
    """The set as one whole number."""
    given = list(numbers)
    if not given:
        return 0
    held = bytearray(max(given) // 8 + 1)
    for number in given:
        held[number // 8] |= 1 << number % 8
    return int.from_bytes(held, "little")


def highest_first(bits: int) -> Iterator[int]:
    """The members of a set from the highest down, read byte by byte so that a large set costs no more than is taken."""
    held = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    for place in range(len(held) - 1, -1, -1):
        byte = held[place]
        while byte:
            top = byte.bit_length() - 1
            yield place * 8 + top
            byte ^= 1 << top

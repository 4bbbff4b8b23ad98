"""Shapes of the shelf."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from market.kit.money import Money
from market.kit.texts import LocalText

PAGE_SIZE = 20
# Page numbers end here; whoever wants all of it narrows the search or reads the API by provider.
DEEPEST_PAGE = 50
# Counts above are shown as "1,000+".
COUNT_CAP = 1000

Sort = Literal["relevance", "newest", "title"]
Value = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,79}$")]
Values = Annotated[list[Value], Field(max_length=40)]


class ListingState(StrEnum):
    LISTED = "LISTED"
    PAUSED = "PAUSED"
    DELISTED = "DELISTED"


class ListingIn(BaseModel):
    """state: LISTED to show it, PAUSED to hide it for a while. sample: show everybody the first rows of its table."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"state": "LISTED", "sample": True}]}
    )

    state: Literal["LISTED", "PAUSED"] = "LISTED"
    sample: bool = False


class Gate(BaseModel):
    """A condition of being on show. detail: what was found; hint: what to do where it is not met."""

    name: Literal["certificate", "offer", "grade", "negative_list"]
    passed: bool
    title: LocalText
    detail: LocalText
    hint: LocalText | None = None


class ListingView(BaseModel):
    """shown: it is listed and passes its gates, so everybody finds it. state: null while it was never listed."""

    asset_id: UUID
    org_id: UUID
    state: ListingState | None
    shown: bool
    sample: bool
    gates: list[Gate]
    address: str
    listed_at: datetime | None
    changed_at: datetime | None
    delisted_at: datetime | None


class Named(BaseModel):
    id: UUID
    name: LocalText


class Place(BaseModel):
    adcode: str
    name: LocalText


class CatalogueItem(BaseModel):
    """An asset on show. access: the kinds of its offers. price: of its cheapest paid offer. address: of its page."""

    id: UUID
    slug: str
    title: LocalText
    abstract: LocalText
    provider: Named
    access: list[str]
    price: Money | None
    city: Place
    dataset_class: str
    grade: str
    industry: str
    modality: str
    languages: list[str]
    licence: str
    update_freq: str
    version: str
    size_bytes: int
    file_count: int
    certificate: str | None
    listed_at: datetime
    updated_at: datetime

    @property
    def address(self) -> str:
        return f"{self.slug}-{self.id}"


class CatalogueQuery(BaseModel):
    """What to show. Within a facet any of the values will do; between facets all must hold."""

    q: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] = ""
    access: Values = []
    class_: Values = Field(default=[], alias="class")
    grade: Values = []
    industry: Values = []
    city: Values = []
    modality: Values = []
    language: Values = []
    licence: Values = []
    update: Values = []
    sort: Sort | None = None
    page: Annotated[int, Field(ge=1, le=DEEPEST_PAGE)] = 1

    model_config = ConfigDict(populate_by_name=True)

    def chosen(self, facet: str) -> list[str]:
        values: list[str] = getattr(self, "class_" if facet == "class" else facet)
        return values

    @property
    def order(self) -> Sort:
        """By relevance where there are words to be relevant to, else the newest first."""
        return self.sort or ("relevance" if self.q else "newest")


class CataloguePage(BaseModel):
    """items: at most 20. total: how many there are in all; capped tells that there are more than that."""

    items: list[CatalogueItem]
    total: int
    capped: bool
    page: int
    pages: int


# Facets are made by the hundred for each page, from what was checked already: plain classes, not checked again.


@dataclass(frozen=True, slots=True)
class FacetValue:
    """count: how many there would be with this value added; capped: there are more."""

    value: str
    name: LocalText
    count: int
    capped: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class FacetView:
    """A facet with its values in the order of its list."""

    name: str
    values: list[FacetValue]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What one would find without one of the filters; facet is null for the words searched for."""

    facet: str | None
    value: str
    count: int
    capped: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the catalogue with its facets and, where nothing was found, ways out."""

    page: CataloguePage
    facets: list[FacetView]
    suggestions: list[Suggestion]


class SampleView(BaseModel):
    """The first rows of a table, cut to what a page shows. column_count: of the table; row_count: null where it was not
    counted to the end. rows: a text for each of `columns`, null where the value is missing."""

    path: str
    column_count: int
    columns: list[dict[str, str]]
    row_count: int | None
    rows: list[list[str | None]]
    problem: str = ""
    made_at: datetime


def slug_of(title: str) -> str:
    """Decoration for an address: may change, is never looked up."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].rstrip("-")
    return words or "asset"


def id_in(address: str) -> UUID | None:
    """The id at the end of a page's address, with or without a slug before it."""
    try:
        return UUID(address[-36:])
    except ValueError:
        return None

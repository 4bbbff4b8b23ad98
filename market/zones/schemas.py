"""Shapes of codes, rules and zones."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from market.kit.i18n import Lang
from market.kit.texts import LocalText

Labels = dict[str, LocalText]


class Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class City(Frozen):
    """A place with a zone: a city of Guangxi, or the hub."""

    adcode: str
    zh: str
    en: str

    @property
    def name(self) -> LocalText:
        return LocalText(zh=self.zh, en=self.en)


class ZoneView(BaseModel):
    """organisation: who registers there; null while no registrar is founded and the hub does it."""

    adcode: str
    name: LocalText
    organisation: UUID | None


class Licence(Frozen):
    """may, must, must_not: codes of the list licence_action."""

    id: str
    name: LocalText
    may: tuple[str, ...]
    must: tuple[str, ...]
    must_not: tuple[str, ...]


class LicenceInWords(BaseModel):
    """A licence as sentences in one language."""

    id: str
    name: str
    may: list[str]
    must: list[str]
    must_not: list[str]


class CodeLists(BaseModel):
    """All lists: {list: {code: {zh, en}}}, and the licences with what they allow."""

    lists: dict[str, Labels]
    licences: list[Licence]


class Days(Frozen):
    review: int = Field(ge=0)
    publicity: int = Field(ge=0)


class RulePack(Frozen):
    """The rules of registration in a zone. digest: hex SHA-256 of its canonical JSON, which is in the ledger."""

    id: str
    version: str
    name: LocalText
    source: str
    kinds: tuple[str, ...]
    objects: tuple[str, ...]
    steps: tuple[str, ...]
    days: Days
    day_kind: Literal["working", "calendar"]
    validity_years: int = Field(ge=1)
    renew_window_days: int = Field(ge=0)
    renew_years: int = Field(ge=1)
    refuse: tuple[str, ...]
    keep_years: int = Field(ge=1)
    rights_labels: Labels
    digest: str


class Effect(StrEnum):
    """What a rule of the negative list does. The lists' order is their weight: the first is the strictest."""

    REFUSE = "REFUSE"  # not at all
    ON_REQUEST = "ON_REQUEST"  # only case by case
    FREE = "FREE"  # only free of charge


class NegativeRule(Frozen):
    """Applies to what has one of the values in every named field."""

    id: str
    effect: Effect
    match: dict[str, tuple[str, ...]]
    reason: LocalText
    basis: str


class NegativeList(Frozen):
    """digest: hex SHA-256 of its canonical JSON."""

    id: str
    version: str
    note: str
    rules: tuple[NegativeRule, ...]
    digest: str


def in_words(licence: Licence, actions: Labels, lang: Lang) -> LicenceInWords:
    def sentences(codes: tuple[str, ...]) -> list[str]:
        return [actions[code].best(lang) for code in codes]

    return LicenceInWords(
        id=licence.id,
        name=licence.name.best(lang),
        may=sentences(licence.may),
        must=sentences(licence.must),
        must_not=sentences(licence.must_not),
    )

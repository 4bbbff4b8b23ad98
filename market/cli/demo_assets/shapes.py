"""What the demo knows about an asset before it is registered: its facts, its files, its offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

Progress = Callable[[str, int, int], None]
"""Called as ``progress(asset key, done, total)``; done and total count the same unit (rows or files)."""


class Text(TypedDict):
    """A text that people read, in both languages of the market."""

    zh: str
    en: str


class Keywords(TypedDict):
    """Search words in both languages."""

    zh: list[str]
    en: list[str]


class Words(TypedDict):
    """What people read about an asset; ``notes`` say by version number what is new in it."""

    title: Text
    abstract: Text
    keywords: Keywords
    notes: dict[str, Text]


DatasetClass = Literal["GENERAL", "INDUSTRY_GENERAL", "INDUSTRY_EXPERT"]
Grade = Literal["G1", "G2", "G3", "G4"]
Modality = Literal["TEXT", "TABULAR", "TIME_SERIES", "GEO", "GRAPH"]
SourceKind = Literal["ORIGINAL", "COLLECTED", "TRADED", "AUTHORISED_PUBLIC", "DERIVED", "SYNTHETIC", "OTHER"]
PersonalInfo = Literal["NONE", "DEIDENTIFIED", "PERSONAL", "SENSITIVE"]
UpdateFrequency = Literal["YEARLY", "IRREGULAR", "ONCE"]
Right = Literal["HOLD", "USE", "OPERATE"]
RightOrigin = Literal["SELF_PRODUCED", "PUBLIC_SOURCE", "DERIVED"]


@dataclass(frozen=True)
class RightsClaim:
    """One of the three rights that the provider claims, and where it comes from."""

    right: Right
    origin: RightOrigin


@dataclass(frozen=True)
class Offer:
    """How a buyer gets the asset.

    ``price_minor`` counts fen (1/100 CNY) and is set exactly when ``kind`` is ``"paid"``; ``questions`` are what a
    ``"restricted"`` offer asks; ``row_quota`` is the number of rows that may be read as a service in the term.
    """

    kind: Literal["open", "restricted", "paid"]
    term_days: int
    row_quota: int
    price_minor: int | None = None
    currency: Literal["CNY"] = "CNY"
    questions: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """The version of another demo asset that this one was made from."""

    asset: str
    version: str


@dataclass(frozen=True)
class AssetFacts:
    """What holds for each version of an asset. ``adcode`` is the zone that registers it, not the area it covers."""

    key: str
    dataset_class: DatasetClass
    grade: Grade
    industry: str
    adcode: str
    modality: Modality
    languages: tuple[str, ...]
    licence: str
    source_kind: SourceKind
    rights: tuple[RightsClaim, ...]
    update_freq: UpdateFrequency
    offer: Offer
    derived_from: tuple[Lineage, ...] = ()


@dataclass(frozen=True)
class BuiltVersion:
    """The files of one version, all of them directly in ``folder``."""

    version: str
    folder: Path
    files: tuple[Path, ...]
    personal_info: PersonalInfo


@dataclass(frozen=True)
class BuiltAsset:
    """An asset whose files are written, oldest version first."""

    facts: AssetFacts
    words: Words
    versions: tuple[BuiltVersion, ...]

    def metadata(self, version: BuiltVersion) -> dict[str, Any]:
        """What is registered of ``version``, as plain JSON values."""
        facts = self.facts
        return {
            "key": facts.key,
            "title": self.words["title"],
            "abstract": self.words["abstract"],
            "keywords": self.words["keywords"],
            "dataset_class": facts.dataset_class,
            "grade": facts.grade,
            "industry": facts.industry,
            "adcode": facts.adcode,
            "modality": facts.modality,
            "languages": list(facts.languages),
            "licence": facts.licence,
            "source_kind": facts.source_kind,
            "rights": [{"right": claim.right, "origin": claim.origin} for claim in facts.rights],
            "personal_info": version.personal_info,
            "update_freq": facts.update_freq,
            "derived_from": [{"asset": edge.asset, "version": edge.version} for edge in facts.derived_from],
            "version": version.version,
            "notes": self.words["notes"][version.version],
        }


PUBLIC_SOURCE = (RightsClaim("USE", "PUBLIC_SOURCE"), RightsClaim("OPERATE", "PUBLIC_SOURCE"))

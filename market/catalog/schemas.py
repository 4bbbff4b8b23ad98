"""Shapes of the catalogue."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ledger.statement import canonical_json
from market.kit.i18n import N_
from market.kit.texts import LocalText, plain_lines
from market.statements.metadata import snapshot

HEX32 = r"^[0-9a-f]{64}$"
VERSION = r"^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$"
_LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
_LICENCE = r"^[A-Za-z0-9][A-Za-z0-9.+-]{0,79}$"

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]
Leaf = Annotated[str, StringConstraints(pattern=HEX32)]


def _both(value: LocalText) -> LocalText:
    if not value.zh or not value.en:
        raise ValueError(N_("Write this in Chinese and in English."))
    plain_lines(value.zh)
    plain_lines(value.en)
    return value


def _short(value: LocalText) -> LocalText:
    if len(value.zh) > 200 or len(value.en) > 200 or "\n" in value.zh + value.en:
        raise ValueError(N_("A title is one line of at most 200 characters."))
    return value


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError(N_("The same value stands here twice."))
    return values


Bilingual = Annotated[LocalText, AfterValidator(_both)]
Title = Annotated[LocalText, AfterValidator(_both), AfterValidator(_short)]
Keyword = Annotated[
    str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), AfterValidator(plain_lines)
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Right(_In):
    """A right that the provider claims, and how it came by the data. Claimed, not decided."""

    right: Code
    origin: Code


EXAMPLE_METADATA: dict[str, Any] = {
    "title": {"zh": "西部陆海新通道港口与航线", "en": "Ports and routes of the land–sea corridor"},
    "abstract": {"zh": "港口、航线与里程。", "en": "Ports, routes and distances."},
    "kind": "RESOURCE",
    "dataset_class": "INDUSTRY_GENERAL",
    "grade": "G1",
    "industry": "G",
    "adcode": "450700",
    "modality": "GEO",
    "languages": ["zh", "en"],
    "licence": "CC-BY-4.0",
    "source_kind": "DERIVED",
    "rights": [{"right": "USE", "origin": "PUBLIC_SOURCE"}],
    "personal_info": "NONE",
    "update_freq": "ONCE",
    "keywords": ["港口", "ports"],
}


class AssetMetadata(_In):
    """What is said of an asset. The codes come from the code lists of the zones."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE_METADATA]})

    title: Title
    abstract: Bilingual
    kind: Code
    dataset_class: Code
    grade: Code
    industry: Annotated[str, StringConstraints(pattern=r"^[A-T]$")]
    adcode: Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
    modality: Code
    languages: Annotated[
        list[Annotated[str, StringConstraints(pattern=_LANGUAGE)]],
        Field(max_length=20),
        AfterValidator(_distinct),
    ]
    licence: Annotated[str, StringConstraints(pattern=_LICENCE)]
    source_kind: Code
    rights: Annotated[list[Right], Field(min_length=1, max_length=12)]
    personal_info: Code
    update_freq: Code
    keywords: Annotated[list[Keyword], Field(max_length=30), AfterValidator(_distinct)] = []

    def snapshot(self) -> dict[str, Any]:
        """The document that a registration commits to."""
        return snapshot(self.model_dump(mode="json"))

    def snapshot_bytes(self) -> bytes:
        """The same as canonical JSON."""
        return canonical_json(self.snapshot())


class NewAsset(_In):
    """An asset to be drafted."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"metadata": EXAMPLE_METADATA}]}
    )

    metadata: AssetMetadata


class AssetEdit(NewAsset):
    """The metadata as it shall be from now on, whole."""


class AssetState(StrEnum):
    DRAFT = "draft"
    REGISTERED = "registered"


MetadataState = Literal["registered", "draft"]


class AssetView(BaseModel):
    """An asset. zone: the adcode whose registrar is responsible. revision: what its ETag says.

    metadata_state: "registered" if the metadata are what the current version's registration commits to, "draft" if its
    own organisation reads what it has written since; others never see that.
    """

    id: UUID
    org_id: UUID
    zone: str
    state: AssetState
    metadata: AssetMetadata
    metadata_state: MetadataState
    revision: int
    current_version_id: UUID | None
    created_at: datetime
    edited_at: datetime
    registered_at: datetime | None


class AssetSummary(BaseModel):
    """An asset in a list."""

    id: UUID
    org_id: UUID
    zone: str
    state: AssetState
    title: LocalText
    grade: str
    licence: str
    modality: str
    version: str | None
    size_bytes: int
    edited_at: datetime


Delivery = Literal["hosted", "reference"]


def check_reference(address: str) -> str:
    """An https address that a buyer's client may fetch: a host name, port 443 or 8443, no user, no fragment."""
    wrong = ValueError(
        N_("This must be an https address with a host name, on port 443 or 8443, without a user name.")
    )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise wrong from None
    host = parts.hostname or ""
    named = re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", host)
    if (
        parts.scheme != "https"
        or not named
        or port not in (None, 443, 8443)
        or "@" in parts.netloc
        or parts.fragment
    ):
        raise wrong
    if re.search(r"[\s\x00-\x20\x7f\\]", address):
        raise wrong
    return address


class NewVersion(_In):
    """manifest: base64 of the canonical manifest.json. previous: the leaf of the version that this one follows.

    derived_from: the leaves of the registrations that this version was made from. reference_url: where the files are,
    if the provider keeps them (file paths are appended to it).
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"version": "1.0.0", "manifest": "eyJjb250ZW50Um9vdCI6…", "delivery": "hosted"}]
        },
    )

    version: Annotated[str, StringConstraints(pattern=VERSION)]
    manifest: Annotated[str, StringConstraints(max_length=1_600_000)]
    notes: LocalText | None = None
    previous: Leaf | None = None
    derived_from: Annotated[list[Leaf], Field(max_length=256), AfterValidator(_distinct)] = []
    delivery: Delivery = "hosted"
    reference_url: Annotated[str, StringConstraints(max_length=2000)] = ""

    @model_validator(mode="after")
    def _reference(self) -> Self:
        if self.delivery == "reference":
            check_reference(self.reference_url)
        elif self.reference_url:
            raise ValueError(N_("Only data kept by the provider have an address; leave reference_url out."))
        return self


class FileView(BaseModel):
    """A file of a version. chunks: root over its 4 MiB chunks, above 16 MiB. received: bytes that are here."""

    path: str
    size: int
    sha256: str
    media_type: str
    chunks: str | None
    state: Literal["waiting", "available", "remote"]
    received: int


class VersionView(BaseModel):
    """A version of an asset. missing: how many of its files are not here yet. leaf: of its registration.

    reference_url: where the provider keeps the files; empty for all but its own organisation. Who holds a licence is told
    when asking for a file.
    """

    id: UUID
    asset_id: UUID
    org_id: UUID
    version: str
    state: Literal["draft", "registered"]
    delivery: Delivery
    reference_url: str
    notes: LocalText | None
    manifest_digest: str
    content_root: str
    size_bytes: int
    file_count: int
    missing: int
    previous: str | None
    derived_from: list[str]
    leaf: str | None
    created_at: datetime
    registered_at: datetime | None


class VersionDetail(VersionView):
    """A version with its files."""

    files: list[FileView]


class NewUpload(_In):
    """Which file of the version is to come. size and sha256 (hex), if given, must be those of the manifest."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"path": "data/ports.csv", "size": 48213}]},
    )

    path: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    size: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    sha256: Annotated[str, StringConstraints(pattern=HEX32)] | None = None


class NewPageUpload(NewUpload):
    """The same, from a page."""

    version_id: UUID


class UploadView(BaseModel):
    """An upload. offset: the byte at which it goes on; at `size` all bytes are here. chunk_size: the most per PATCH."""

    upload: UUID
    version_id: UUID
    path: str
    size: int
    sha256: str
    offset: int
    chunk_size: int
    state: Literal["receiving", "complete", "refused", "expired"]
    expires_at: datetime


class LineageEdgeView(BaseModel):
    """One version was made from another."""

    version_id: UUID
    asset_id: UUID
    version: str
    leaf: str
    source_version_id: UUID
    source_asset_id: UUID
    source_version: str
    source_leaf: str


class LineageView(BaseModel):
    """up: what the asset's versions were made from. down: what was made from them."""

    asset_id: UUID
    up: list[LineageEdgeView]
    down: list[LineageEdgeView]


class StorageView(BaseModel):
    """How much of its storage an organisation uses, in bytes."""

    used: int
    quota: int


def read_base64(text: str, most: int) -> bytes | None:
    """The bytes of strict base64, or None if it is not that or is longer than `most`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return data if len(data) <= most else None

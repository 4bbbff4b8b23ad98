"""Shapes of what the SDK gives back: the API's JSON, typed. The API description has every field."""

from __future__ import annotations

from typing import Any, TypedDict


class Text(TypedDict):
    zh: str
    en: str


class Me(TypedDict):
    account_id: str
    email: str
    name: str
    organisation: dict[str, Any] | None
    scopes: list[str] | None


class Head(TypedDict):
    origin: str
    size: int
    root: str
    time: str | None
    checkpoint: str
    fingerprint: str


class Asset(TypedDict):
    id: str
    org_id: str
    zone: str
    state: str
    metadata: dict[str, Any]
    revision: int
    current_version_id: str | None


class VersionFile(TypedDict):
    path: str
    size: int
    sha256: str
    media_type: str
    chunks: str | None
    state: str
    received: int


class Version(TypedDict):
    id: str
    asset_id: str
    org_id: str
    version: str
    state: str
    delivery: str
    reference_url: str
    content_root: str
    manifest_digest: str
    size_bytes: int
    previous: str | None
    derived_from: list[str]
    leaf: str | None
    files: list[VersionFile]


class Application(TypedDict):
    id: str
    asset_id: str
    version_id: str
    registration: str
    zone: str
    state: str
    reasons: Text | None
    certificate_code: str | None


class Offer(TypedDict):
    id: str
    asset_id: str
    provider_org: str
    kind: str
    price: dict[str, Any] | None
    term_days: int
    quota_rows: int | None
    terms: dict[str, Any]
    questions: list[Text]
    state: str
    leaf: str | None


class Contract(TypedDict):
    """document: its text. offer_terms: what opens the statement of the offer that it was drawn up from."""

    id: str
    asset_id: str
    offer_id: str
    buyer_org: str
    provider_org: str
    state: str
    document: dict[str, Any]
    commitment: str
    offer_terms: dict[str, str]
    to_sign: dict[str, Any] | None
    entitlement_id: str | None


class Entitlement(TypedDict):
    id: str
    asset_id: str
    contract_id: str
    contract: str
    state: str
    environment: list[str]
    starts_at: str
    ends_at: str
    quota_rows: int | None
    rows_used: int


class Order(TypedDict):
    """checkout_url: where to pay by card. invoice: what to transfer, and with which reference."""

    id: str
    contract_id: str
    state: str
    checkout_url: str | None
    invoice: dict[str, Any] | None
    entitlement_id: str | None
    payment_leaf: str | None


class Received(TypedDict):
    """What a download came to. state: "received" once the acknowledgement is recorded."""

    folder: str
    files: int
    bytes: int
    content_root: str
    state: str
    leaf: str | None

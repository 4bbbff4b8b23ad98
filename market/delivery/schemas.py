"""Shapes of delivery."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from market.provenance.signing import SignedBody

FilePath = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class NewTicket(BaseModel):
    """Which file of which version the address shall give."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"version_id": "0197c1f0-0000-7000-8000-000000000000", "path": "data/ports.csv"}]
        },
    )

    version_id: UUID
    path: FilePath


class TicketView(BaseModel):
    """url: an address on this server that needs no key. It stops working at expires_at, or when the licence ends."""

    url: str
    expires_at: datetime


class NewAcknowledgement(SignedBody):
    """The buyer's signed received/v1 statement about a version, with the opening of its commitment."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "version_id": "0197c1f0-0000-7000-8000-000000000000",
                    "statement": "0oRYf6Q…",
                    "openings": [{"name": "received", "salt": "q83v…", "content": "eyJhdCI6…"}],
                }
            ]
        },
    )

    version_id: UUID


class DeliveryState(StrEnum):
    RELEASED = "released"
    RECEIVED = "received"


class ReleaseView(BaseModel):
    """The platform's statement that bytes left on this day (UTC)."""

    day: date
    leaf: str


class DeliveryView(BaseModel):
    """A version under a licence. leaf: of the buyer's acknowledgement, once there is one."""

    id: UUID
    entitlement_id: UUID
    version_id: UUID
    asset_id: UUID
    buyer_org: UUID
    provider_org: UUID
    state: DeliveryState
    released_at: datetime
    received_at: datetime | None
    leaf: str | None
    releases: list[ReleaseView]


class UsageBatchView(BaseModel):
    """Rows read under a licence, as they stand in the ledger."""

    sequence: int
    day: date
    rows: int
    first_at: datetime
    last_at: datetime
    leaf: str


RowFormat = Literal["json", "csv", "parquet"]


class RowsIn(BaseModel):
    """A page of rows that somebody asks for. version_id: None for the asset's current version."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: FilePath
    version_id: UUID | None = None
    columns: tuple[str, ...] | None = None
    where: Annotated[tuple[str, ...], Field(max_length=32)] = ()
    cursor: Annotated[str, Field(max_length=1000)] | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 100
    format: RowFormat = "json"


class RowsView(BaseModel):
    """next: the cursor of the page after, null at the table's end. remaining: rows that the licence has left, null for
    no limit."""

    rows: list[dict[str, Any]]
    next: str | None
    remaining: int | None


class ColumnView(BaseModel):
    """type: integer, number, decimal, boolean, text, timestamp, date, time, binary or json."""

    name: str
    type: str


class TableView(BaseModel):
    """What can be asked of a table. row_count: null where counting would take too long."""

    version_id: UUID
    path: str
    columns: list[ColumnView]
    row_count: int | None

"""Tables of what is on show. Documents and bits are derived: they can be made again from the listings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Column, Connection, Index, Integer, LargeBinary, Table, event
from sqlmodel import Field, SQLModel

from market.kit.db import UtcDateTime
from market.shelf.search_index import create_search_index, drop_search_index


class Listing(SQLModel, table=True):
    """Whether an asset is on show. A delisted one stays as a row for ever: its page is a tombstone."""

    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint("state IN ('LISTED', 'PAUSED', 'DELISTED')", name="state"),
        CheckConstraint("(state = 'DELISTED') = (delisted_at IS NOT NULL)", name="delisted"),
        CheckConstraint("revision >= 1", name="revision"),
        Index("ix_listing_own", "org_id", "asset_id"),
    )

    asset_id: UUID = Field(primary_key=True, foreign_key="asset.id")
    org_id: UUID
    state: str
    # The provider lets everybody see the first rows, also where the data themselves are not open.
    sample_allowed: bool = False
    revision: int = 1
    listed_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    delisted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ShelfDocument(SQLModel, table=True):
    """What lists and searches show of an asset. There is one exactly for what is listed and passes its gates.

    id: small and dense, as it is a position in bit sets; higher is newer on the shelf. card: a CatalogueItem. tags:
    [facet, value] pairs. day: of its newest version, counted from 1970.
    """

    __tablename__ = "shelf_document"
    __table_args__ = (
        Index("ix_shelf_document_org", "org_id", "id"),
        Index("ix_shelf_document_title_zh", "title_zh", "id"),
        Index("ix_shelf_document_title_en", "title_en", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True))
    asset_id: UUID = Field(foreign_key="listing.asset_id", unique=True)
    org_id: UUID
    title_zh: str
    title_en: str
    day: int
    card: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    tags: list[list[str]] = Field(sa_column=Column(JSON, nullable=False))


class FacetBits(SQLModel, table=True):
    """Which documents have a value of a facet: bit n of `bits`, least significant byte first, is document n."""

    __tablename__ = "facet_bits"

    facet: str = Field(primary_key=True, max_length=20)
    value: str = Field(primary_key=True, max_length=80)
    bits: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Sample(SQLModel, table=True):
    """The first rows of a version's first table, read once in the locked-down reader.

    summary: {column_count, columns, row_count, rows}, cut to what a page shows; None where the table could not be read, and
    then problem says why.
    """

    __tablename__ = "shelf_sample"
    __table_args__ = (CheckConstraint("(summary IS NULL) = (problem <> '')", name="either"),)

    version_id: UUID = Field(primary_key=True, foreign_key="asset_version.id")
    path: str = Field(max_length=1024)
    summary: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    problem: str = ""
    made_at: datetime = Field(sa_type=UtcDateTime)


def _create(_table: Table, connection: Connection, **_: object) -> None:
    create_search_index(connection)


def _drop(_table: Table, connection: Connection, **_: object) -> None:
    drop_search_index(connection)


# The full-text table has no place in the metadata: its shape differs by engine, and comparing tools would drop it.
_documents: Table = ShelfDocument.__table__  # type: ignore[attr-defined]
event.listen(_documents, "after_create", _create)
event.listen(_documents, "before_drop", _drop)

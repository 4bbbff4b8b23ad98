"""Tables of the catalogue. A registered version never changes; a draft is bytes that are still arriving."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from market.kit.db import UtcDateTime
from market.kit.ids import new_id

_RECEIVING = text("state = 'receiving'")


class Asset(SQLModel, table=True):
    """document: the metadata as it stands; what was registered is in the version's record."""

    __tablename__ = "asset"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint("length(zone) = 6", name="zone"),
        CheckConstraint("(registered_at IS NULL) = (current_version_id IS NULL)", name="registered"),
        Index("ix_asset_own", "org_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    org_id: UUID
    zone: str = Field(max_length=6, index=True)
    document: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    revision: int = 1
    current_version_id: UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    edited_at: datetime = Field(sa_type=UtcDateTime)
    registered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AssetVersion(SQLModel, table=True):
    __tablename__ = "asset_version"
    __table_args__ = (
        UniqueConstraint("asset_id", "version"),
        CheckConstraint("state IN ('draft', 'registered')", name="state"),
        CheckConstraint("(state = 'registered') = (leaf IS NOT NULL)", name="leaf"),
        CheckConstraint("(state = 'registered') = (registered_at IS NOT NULL)", name="registered"),
        CheckConstraint("delivery IN ('hosted', 'reference')", name="delivery"),
        CheckConstraint("(delivery = 'reference') = (reference_url <> '')", name="reference"),
        CheckConstraint("size_bytes >= 0 AND file_count >= 1", name="size"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    asset_id: UUID = Field(foreign_key="asset.id", index=True)
    version: str = Field(max_length=20)
    state: str = "draft"
    delivery: str
    reference_url: str = ""
    notes: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    manifest_digest: str = Field(max_length=64, index=True)
    content_root: str = Field(max_length=64)
    size_bytes: int = Field(sa_type=BigInteger)
    file_count: int
    previous_id: UUID | None = Field(default=None, foreign_key="asset_version.id")
    derived_from: list[str] = Field(sa_column=Column(JSON, nullable=False))
    leaf: str | None = Field(default=None, max_length=64, unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    registered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class VersionRecord(SQLModel, table=True):
    """The exact bytes a version stands for: its manifest, and the metadata that its registration commits to."""

    __tablename__ = "version_record"

    version_id: UUID = Field(primary_key=True, foreign_key="asset_version.id")
    manifest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    metadata_snapshot: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class AssetFile(SQLModel, table=True):
    """state: waiting for its bytes, available here, or remote (the provider keeps the bytes)."""

    __tablename__ = "asset_file"
    __table_args__ = (
        UniqueConstraint("version_id", "path"),
        CheckConstraint("state IN ('waiting', 'available', 'remote')", name="state"),
        CheckConstraint("size >= 0", name="size"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    version_id: UUID = Field(foreign_key="asset_version.id", index=True)
    position: int
    path: str = Field(max_length=1024)
    size: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64, index=True)
    media_type: str = Field(max_length=600)
    chunks: str | None = Field(default=None, max_length=64)
    state: str


class Blob(SQLModel, table=True):
    """Bytes in the blob store, whoever sent them. sidecar: the chunk hashes of a file over 16 MiB, else empty."""

    __tablename__ = "blob"
    __table_args__ = (CheckConstraint("size >= 0", name="size"),)

    sha256: str = Field(primary_key=True, max_length=64)
    size: int = Field(sa_type=BigInteger)
    sidecar: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)


class Upload(SQLModel, table=True):
    """One file on its way here. received: bytes that are durable. token: the name in the blob store's incoming area."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("state IN ('receiving', 'complete', 'refused', 'expired')", name="state"),
        CheckConstraint("received >= 0 AND received <= size", name="received"),
        CheckConstraint("charged >= 0", name="charged"),
        Index("uq_upload_open", "file_id", unique=True, sqlite_where=_RECEIVING, postgresql_where=_RECEIVING),
        Index("ix_upload_org_state", "org_id", "state"),
        Index("ix_upload_state_expires", "state", "expires_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    org_id: UUID
    file_id: UUID = Field(foreign_key="asset_file.id", index=True)
    token: str = Field(max_length=64, unique=True)
    size: int = Field(sa_type=BigInteger)
    received: int = Field(default=0, sa_type=BigInteger)
    # What this upload took from the organisation's quota; given back when it comes to nothing.
    charged: int = Field(sa_type=BigInteger)
    state: str = "receiving"
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class UploadPart(SQLModel, table=True):
    """One acknowledged chunk and the name that the blob store gave it."""

    __tablename__ = "upload_part"
    __table_args__ = (CheckConstraint("start >= 0 AND size > 0", name="span"),)

    upload_id: UUID = Field(primary_key=True, foreign_key="upload.id")
    start: int = Field(primary_key=True, sa_type=BigInteger)
    size: int
    name: str = ""


class StorageUse(SQLModel, table=True):
    """Bytes that an organisation has stored or announced."""

    __tablename__ = "storage_use"
    __table_args__ = (CheckConstraint("bytes >= 0", name="bytes"),)

    org_id: UUID = Field(primary_key=True)
    bytes: int = Field(default=0, sa_type=BigInteger)


class LineageEdge(SQLModel, table=True):
    """A registered version was made from another registered version."""

    __tablename__ = "lineage_edge"
    __table_args__ = (CheckConstraint("version_id <> source_id", name="self"),)

    version_id: UUID = Field(primary_key=True, foreign_key="asset_version.id")
    source_id: UUID = Field(primary_key=True, foreign_key="asset_version.id", index=True)

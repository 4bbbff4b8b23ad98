"""Loading and conditional writing of the catalogue's rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, insert, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from market.catalog.models import (
    Asset,
    AssetFile,
    AssetVersion,
    Blob,
    LineageEdge,
    StorageUse,
    Upload,
    UploadPart,
    VersionRecord,
)
from market.kit.db import insert_new


def changed_rows(session: Session, statement: Any) -> int:
    """How many rows a conditional update changed."""
    result = cast("CursorResult[Any]", session.execute(statement))
    return result.rowcount


def assets_page(session: Session, org_id: UUID, before: UUID | None, limit: int) -> list[Asset]:
    """An organisation's assets, newest first."""
    found = select(Asset).where(Asset.org_id == org_id).order_by(col(Asset.id).desc()).limit(limit)
    if before is not None:
        found = found.where(col(Asset.id) < before)
    return list(session.exec(found).all())


def assets_with(session: Session, ids: Collection[UUID]) -> list[Asset]:
    return list(session.exec(select(Asset).where(col(Asset.id).in_(ids))).all())


def versions_of(
    session: Session,
    asset_id: UUID,
    *,
    registered_only: bool,
    before: UUID | None = None,
    limit: int | None = None,
) -> list[AssetVersion]:
    """Newest first, below `before`."""
    found = (
        select(AssetVersion).where(AssetVersion.asset_id == asset_id).order_by(col(AssetVersion.id).desc())
    )
    if registered_only:
        found = found.where(AssetVersion.state == "registered")
    if before is not None:
        found = found.where(AssetVersion.id < before)
    return list(session.exec(found.limit(limit)).all())


def versions_with(session: Session, ids: Collection[UUID]) -> list[AssetVersion]:
    return list(session.exec(select(AssetVersion).where(col(AssetVersion.id).in_(ids))).all())


def drafts(session: Session, org_id: UUID, limit: int) -> list[tuple[AssetVersion, Asset]]:
    found = (
        select(AssetVersion, Asset)
        .join(Asset, col(Asset.id) == col(AssetVersion.asset_id))
        .where(Asset.org_id == org_id, AssetVersion.state == "draft")
        .order_by(col(AssetVersion.id).desc())
        .limit(limit)
    )
    return [(version, asset) for version, asset in session.exec(found).all()]


def version_numbered(session: Session, asset_id: UUID, version: str) -> AssetVersion | None:
    found = select(AssetVersion).where(AssetVersion.asset_id == asset_id, AssetVersion.version == version)
    return session.exec(found).first()


def versions_by_leaf(session: Session, leaves: Collection[str]) -> dict[str, AssetVersion]:
    """Registered versions by the leaf of their registration."""
    found = session.exec(select(AssetVersion).where(col(AssetVersion.leaf).in_(leaves))).all()
    return {version.leaf: version for version in found if version.leaf is not None}


def record_of(session: Session, version_id: UUID) -> VersionRecord:
    record = session.get(VersionRecord, version_id)
    if record is None:
        raise LookupError(f"version {version_id} has lost its manifest")
    return record


def snapshots(session: Session, version_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """The metadata that versions were registered with, without their manifests, which can be large."""
    rows = session.exec(
        select(VersionRecord.version_id, VersionRecord.metadata_snapshot).where(
            col(VersionRecord.version_id).in_(version_ids), col(VersionRecord.metadata_snapshot).is_not(None)
        )
    ).all()
    return {version_id: snapshot for version_id, snapshot in rows if snapshot is not None}


def registered_with_manifest(session: Session, digest: str) -> AssetVersion | None:
    """A registered version that has this manifest; several may, with the same bytes."""
    wanted = select(AssetVersion).where(
        AssetVersion.manifest_digest == digest, AssetVersion.state == "registered"
    )
    return session.exec(wanted.limit(1)).first()


def files_of(session: Session, version_id: UUID, most: int | None = None) -> list[AssetFile]:
    found = select(AssetFile).where(AssetFile.version_id == version_id).order_by(col(AssetFile.position))
    return list(session.exec(found.limit(most)).all())


def paths_only_in(session: Session, one: UUID, other: UUID, most: int) -> tuple[int, list[str]]:
    """The files of version `one` whose path `other` has not: how many, and the first."""
    there = aliased(AssetFile)
    same = select(there.id).where(there.version_id == other, there.path == AssetFile.path)
    found = select(AssetFile.path).where(AssetFile.version_id == one, ~same.exists())
    return _counted(session, found, most)


def paths_that_differ(session: Session, one: UUID, other: UUID, most: int) -> tuple[int, list[str]]:
    """The paths that both versions have, with other bytes: how many, and the first."""
    there = aliased(AssetFile)
    found = (
        select(AssetFile.path)
        .join(there, (col(there.version_id) == other) & (col(there.path) == AssetFile.path))
        .where(AssetFile.version_id == one, there.sha256 != AssetFile.sha256)
    )
    return _counted(session, found, most)


def _counted(session: Session, paths: Any, most: int) -> tuple[int, list[str]]:
    rows = session.execute(
        paths.add_columns(func.count().over()).order_by(col(AssetFile.path)).limit(most)
    ).all()
    return (rows[0][1] if rows else 0), [path for path, _ in rows]


def first_of_types(session: Session, version_id: UUID, media_types: Collection[str]) -> AssetFile | None:
    """The first file that is here and has one of the media types, with or without parameters."""
    given = func.lower(col(AssetFile.media_type))
    fits = or_(
        *(or_(given == name, given.like(f"{name};%"), given.like(f"{name} %")) for name in media_types)
    )
    found = (
        select(AssetFile)
        .where(AssetFile.version_id == version_id, AssetFile.state == "available", fits)
        .order_by(col(AssetFile.position))
        .limit(1)
    )
    return session.exec(found).first()


def file_at(session: Session, version_id: UUID, path: str) -> AssetFile | None:
    found = select(AssetFile).where(AssetFile.version_id == version_id, AssetFile.path == path)
    return session.exec(found).first()


def waiting_counts(session: Session, version_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many files have not arrived, by version."""
    rows = session.exec(
        select(AssetFile.version_id, func.count())
        .where(col(AssetFile.version_id).in_(version_ids), AssetFile.state == "waiting")
        .group_by(col(AssetFile.version_id))
    ).all()
    return dict(rows)


def add_files(session: Session, files: Iterable[Mapping[str, Any]]) -> None:
    session.execute(insert(AssetFile), list(files))


def own_blobs(session: Session, org_id: UUID, digests: Collection[str]) -> dict[str, Blob]:
    """The blobs among `digests` that this organisation itself sent before."""
    found: dict[str, Blob] = {}
    wanted = sorted(digests)
    for start in range(0, len(wanted), 500):
        rows = session.exec(
            select(Blob)
            .join(AssetFile, col(AssetFile.sha256) == col(Blob.sha256))
            .join(AssetVersion, col(AssetVersion.id) == col(AssetFile.version_id))
            .join(Asset, col(Asset.id) == col(AssetVersion.asset_id))
            .where(col(Blob.sha256).in_(wanted[start : start + 500]))
            .where(AssetFile.state == "available", Asset.org_id == org_id)
        ).all()
        found |= {blob.sha256: blob for blob in rows}
    return found


def draft_asset_count(session: Session, org_id: UUID) -> int:
    found = select(func.count()).where(Asset.org_id == org_id, col(Asset.registered_at).is_(None))
    return session.exec(found).one()


def draft_version_count(session: Session, org_id: UUID) -> int:
    found = (
        select(func.count(col(AssetVersion.id)))
        .join(Asset, col(Asset.id) == col(AssetVersion.asset_id))
        .where(Asset.org_id == org_id, AssetVersion.state == "draft")
    )
    return session.exec(found).one()


def open_upload_of(session: Session, file_id: UUID) -> Upload | None:
    found = select(Upload).where(Upload.file_id == file_id, Upload.state == "receiving")
    return session.exec(found).first()


def received_of(session: Session, version_id: UUID) -> dict[UUID, int]:
    """Bytes of unfinished uploads, by file."""
    rows = session.exec(
        select(Upload.file_id, Upload.received)
        .join(AssetFile, col(AssetFile.id) == col(Upload.file_id))
        .where(AssetFile.version_id == version_id, Upload.state == "receiving")
    ).all()
    return dict(rows)


def unfinished_count(session: Session, org_id: UUID) -> int:
    found = select(func.count()).where(Upload.org_id == org_id, Upload.state == "receiving")
    return session.exec(found).one()


def parts_of(session: Session, upload_id: UUID) -> list[UploadPart]:
    found = select(UploadPart).where(UploadPart.upload_id == upload_id).order_by(col(UploadPart.start))
    return list(session.exec(found).all())


def overdue_uploads(session: Session, now: datetime, limit: int) -> list[Upload]:
    found = (
        select(Upload)
        .where(Upload.state == "receiving", Upload.expires_at <= now)
        .order_by(col(Upload.expires_at))
        .limit(limit)
    )
    return list(session.exec(found).all())


def tokens_in_use(session: Session, tokens: Sequence[str]) -> set[str]:
    found = select(Upload.token).where(col(Upload.token).in_(tokens), Upload.state == "receiving")
    return set(session.exec(found).all())


def take_storage(session: Session, org_id: UUID, size: int, quota: int) -> bool:
    """Charge `size` bytes, unless that would exceed the quota. Two takers at the edge cannot both succeed."""
    insert_new(session, StorageUse(org_id=org_id, bytes=0))
    return (
        changed_rows(
            session,
            update(StorageUse)
            .where(col(StorageUse.org_id) == org_id, col(StorageUse.bytes) + size <= quota)
            .values(bytes=StorageUse.bytes + size),
        )
        == 1
    )


def give_storage_back(session: Session, org_id: UUID, size: int) -> None:
    session.execute(
        update(StorageUse).where(col(StorageUse.org_id) == org_id).values(bytes=StorageUse.bytes - size)
    )


def storage_used(session: Session, org_id: UUID) -> int:
    use = session.get(StorageUse, org_id)
    return use.bytes if use is not None else 0


def advance_upload(session: Session, upload_id: UUID, start: int, size: int, name: str) -> bool:
    """Acknowledge a chunk if the upload still stands at `start`."""
    advanced = changed_rows(
        session,
        update(Upload)
        .where(col(Upload.id) == upload_id, col(Upload.received) == start, col(Upload.state) == "receiving")
        .values(received=start + size),
    )
    if advanced != 1:
        return False
    session.add(UploadPart(upload_id=upload_id, start=start, size=size, name=name))
    return True


def end_upload(session: Session, upload_id: UUID, state: str) -> bool:
    """Move an upload out of `receiving`, once."""
    return (
        changed_rows(
            session,
            update(Upload)
            .where(col(Upload.id) == upload_id, col(Upload.state) == "receiving")
            .values(state=state),
        )
        == 1
    )


def mark_available(session: Session, file_id: UUID) -> None:
    session.execute(update(AssetFile).where(col(AssetFile.id) == file_id).values(state="available"))


def take_turns(session: Session, org_id: UUID) -> None:
    """Make others who begin something for this organisation wait, so that none is let in beside another's count."""
    insert_new(session, StorageUse(org_id=org_id, bytes=0))
    lock_storage(session, org_id)


def lock_storage(session: Session, org_id: UUID) -> None:
    """Make other changes of this organisation's storage wait for this transaction."""
    session.get(StorageUse, org_id, with_for_update=True, populate_existing=True)


def holds(session: Session, org_id: UUID, digest: str) -> bool:
    """Whether an available file of the organisation has these bytes."""
    found = (
        select(AssetFile.id)
        .join(AssetVersion, col(AssetVersion.id) == col(AssetFile.version_id))
        .join(Asset, col(Asset.id) == col(AssetVersion.asset_id))
        .where(AssetFile.sha256 == digest, AssetFile.state == "available", Asset.org_id == org_id)
        .limit(1)
    )
    return session.exec(found).first() is not None


def uploads_of_version(session: Session, version_id: UUID) -> list[Upload]:
    found = (
        select(Upload)
        .join(AssetFile, col(AssetFile.id) == col(Upload.file_id))
        .where(AssetFile.version_id == version_id)
    )
    return list(session.exec(found).all())


def delete_draft(session: Session, version_id: UUID) -> None:
    """Remove a draft version with its files and uploads."""
    files = select(AssetFile.id).where(AssetFile.version_id == version_id)
    uploads = select(Upload.id).where(col(Upload.file_id).in_(files))
    for table, condition in (
        (UploadPart, col(UploadPart.upload_id).in_(uploads)),
        (Upload, col(Upload.file_id).in_(files)),
        (AssetFile, col(AssetFile.version_id) == version_id),
        (VersionRecord, col(VersionRecord.version_id) == version_id),
        (AssetVersion, col(AssetVersion.id) == version_id),
    ):
        session.execute(delete(table).where(condition))


def edges(session: Session, version_ids: Collection[UUID]) -> list[LineageEdge]:
    """All edges that touch one of the versions."""
    found = select(LineageEdge).where(
        col(LineageEdge.version_id).in_(version_ids) | col(LineageEdge.source_id).in_(version_ids)
    )
    return list(session.exec(found).all())

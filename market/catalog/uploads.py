"""Uploads: announced with a quota, received by `market.catalog.intake`, and thrown away when they come to nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.catalog import repository
from market.catalog.assets import resource_of
from market.catalog.errors import (
    BytesDiffer,
    ManifestUnusable,
    StorageQuotaExceeded,
    TooManyUploads,
    UploadOver,
    VersionSealed,
)
from market.catalog.limits import UploadLimits
from market.catalog.models import Asset, AssetFile, AssetVersion, Upload
from market.catalog.schemas import NewUpload, UploadView
from market.catalog.verbs import UPLOAD, UPLOAD_STATE
from market.catalog.versions import chunk_root, load_version
from market.kit.auth import Principal, Verb, decide, nothing_there
from market.kit.i18n import N_
from market.kit.jobs import enqueue

FINISH_TOPIC = "catalog.finish_upload"
SWEEP_TOPIC = "catalog.sweep_uploads"


@dataclass(frozen=True)
class Arrival:
    """An upload and the file it fills, as they stood when they were read."""

    id: UUID
    org_id: UUID
    file_id: UUID
    token: str
    size: int
    received: int
    charged: int
    state: str
    created_at: datetime
    path: str
    sha256: str
    chunks: str | None


def open_upload(
    session: Session,
    *,
    actor: Principal,
    version_id: UUID,
    new: NewUpload,
    limits: UploadLimits,
    now: datetime,
) -> UploadView:
    """Announce a file of a draft version: its size is charged to the quota now. An unfinished upload is found again.

    Raises NotFound, VersionSealed, BytesDiffer (size or hash are not the manifest's), StorageQuotaExceeded, TooManyUploads.
    """
    version, asset = load_version(session, version_id)
    decide(actor, UPLOAD, resource_of(asset))
    file = _awaited_file(session, version, new)
    upload = repository.open_upload_of(session, file.id)
    if upload is None:
        upload = _known_bytes(session, asset, file, limits, now) or _announce(
            session, asset, file, limits, now
        )
    return _view(upload, file, limits)


def upload_state(session: Session, *, actor: Principal, upload_id: UUID, limits: UploadLimits) -> UploadView:
    """How far an upload is."""
    upload, file, _ = load_upload(session, actor, UPLOAD_STATE, upload_id)
    return _view(upload, file, limits)


def load_upload(
    session: Session, actor: Principal, verb: Verb, upload_id: UUID
) -> tuple[Upload, AssetFile, Asset]:
    """The rows, if `actor` may use `verb` on them."""
    upload = session.get(Upload, upload_id)
    file = session.get(AssetFile, upload.file_id) if upload is not None else None
    if upload is None or file is None:
        raise nothing_there()
    _, asset = load_version(session, file.version_id)
    decide(actor, verb, resource_of(asset))
    return upload, file, asset


def arrival(session: Session, upload_id: UUID) -> Arrival | None:
    """The upload with its file, whoever asks; None if there is none."""
    upload = session.get(Upload, upload_id)
    file = session.get(AssetFile, upload.file_id) if upload is not None else None
    return arrival_of(upload, file) if upload is not None and file is not None else None


def arrival_of(upload: Upload, file: AssetFile) -> Arrival:
    """An upload and its file as they stand in these rows."""
    fields = upload.model_dump(exclude={"expires_at"})
    return Arrival(**fields, path=file.path, sha256=file.sha256, chunks=file.chunks)


def refuse_ended(state: str) -> None:
    """Raise UploadOver for an upload that takes no more bytes."""
    if state == "receiving":
        return
    details = {
        "complete": N_("This upload is complete; all its bytes are here."),
        "refused": N_("This upload was refused, because its bytes are not those of the manifest."),
        "expired": N_("This upload was left unfinished for too long, and was thrown away."),
    }
    raise UploadOver(
        details[state], hint=N_("Open a new upload if the file is still missing."), where="upload"
    )


def give_up(session: Session, upload: Upload | Arrival, state: str) -> None:
    """End an upload that comes to nothing and give its quota back, once."""
    if repository.end_upload(session, upload.id, state):
        repository.give_storage_back(session, upload.org_id, upload.charged)


def sweep(session: Session, *, now: datetime, limit: int = 500) -> int:
    """End uploads that were left unfinished for too long, or have them finished if their bytes are all here."""
    overdue = repository.overdue_uploads(session, now, limit)
    for upload in overdue:
        if upload.received < upload.size:
            give_up(session, upload, "expired")
        else:
            enqueue(session, FINISH_TOPIC, {"upload": str(upload.id)}, now=now)
    return len(overdue)


def stray_tokens(session: Session, tokens: Sequence[str]) -> list[str]:
    """Those of the blob store's incoming tokens that no unfinished upload owns any more."""
    owned = repository.tokens_in_use(session, tokens)
    return [token for token in tokens if token not in owned]


def _awaited_file(session: Session, version: AssetVersion, new: NewUpload) -> AssetFile:
    if version.state == "registered":
        raise VersionSealed(
            N_("Version %(version)s is registered; its files are here and cannot change."),
            hint=N_("Make a new version for other bytes."),
            version=version.version,
        )
    file = repository.file_at(session, version.id, new.path)
    if file is None or file.state == "remote":
        raise ManifestUnusable(
            N_("The manifest of this version expects no file named %(path)s."),
            hint=N_("Send only files that the manifest names, spelt the same."),
            where="path",
            path=new.path,
        )
    if new.size not in (None, file.size) or new.sha256 not in (None, file.sha256):
        raise BytesDiffer(
            N_("The manifest says that %(path)s has %(size)s bytes and the SHA-256 %(sha256)s."),
            hint=N_("Send the file that the manifest was made from, or make a new manifest."),
            where="size" if new.size not in (None, file.size) else "sha256",
            path=file.path,
            size=file.size,
            sha256=file.sha256,
        )
    return file


def _known_bytes(
    session: Session, asset: Asset, file: AssetFile, limits: UploadLimits, now: datetime
) -> Upload | None:
    """An upload that is complete before it began, if this organisation itself sent the same bytes before."""
    blob = repository.own_blobs(session, asset.org_id, {file.sha256}).get(file.sha256)
    root = chunk_root(blob.sidecar) if blob is not None else None
    if blob is None or blob.size != file.size or (root.hex() if root else None) != file.chunks:
        return None
    file.state = "available"
    upload = _new_upload(asset, file, limits, now)
    upload.received, upload.charged, upload.state = file.size, 0, "complete"
    session.add_all([file, upload])
    session.flush()
    return upload


def _announce(session: Session, asset: Asset, file: AssetFile, limits: UploadLimits, now: datetime) -> Upload:
    if not repository.take_storage(session, asset.org_id, file.size, limits.quota_bytes):
        raise StorageQuotaExceeded(
            N_("%(path)s has %(size)s bytes, and %(free)s bytes of your storage are free."),
            hint=N_("Ask the operator for more, or keep the data with you and register them by reference."),
            where="path",
            path=file.path,
            size=file.size,
            free=max(0, limits.quota_bytes - repository.storage_used(session, asset.org_id)),
        )
    # Counted after the charge: its row lock makes announcements of one organisation wait for one another.
    if repository.unfinished_count(session, asset.org_id) >= limits.in_flight:
        raise TooManyUploads(
            N_("%(most)s uploads of your organisation are unfinished."),
            hint=N_("Finish some of them first; those left alone end after a day."),
            retry_after=60,
            most=limits.in_flight,
        )
    upload = _new_upload(asset, file, limits, now)
    session.add(upload)
    session.flush()
    hour = upload.expires_at.strftime("%Y%m%d%H")
    enqueue(session, SWEEP_TOPIC, {}, now=now, key=hour, delay=upload.expires_at - now + limits.lifetime / 24)
    if file.size == 0:
        enqueue(session, FINISH_TOPIC, {"upload": str(upload.id)}, now=now, key=str(upload.id))
    return upload


def _new_upload(asset: Asset, file: AssetFile, limits: UploadLimits, now: datetime) -> Upload:
    return Upload(
        org_id=asset.org_id,
        file_id=file.id,
        token=secrets.token_hex(16),
        size=file.size,
        charged=file.size,
        created_at=now,
        expires_at=now + limits.lifetime,
    )


def _view(upload: Upload, file: AssetFile, limits: UploadLimits) -> UploadView:
    return UploadView(
        upload=upload.id,
        version_id=file.version_id,
        path=file.path,
        size=upload.size,
        sha256=file.sha256,
        offset=upload.received,
        chunk_size=limits.chunk_bytes,
        state=upload.state,  # type: ignore[arg-type]
        expires_at=upload.expires_at,
    )

"""Draft versions that come to nothing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.catalog import repository
from market.catalog.assets import resource_of
from market.catalog.errors import VersionSealed
from market.catalog.limits import UploadLimits
from market.catalog.schemas import NewVersion, VersionDetail
from market.catalog.verbs import EDIT_ASSET
from market.catalog.versions import add_version, detail_of, load_version, read_manifest
from market.kit.auth import Principal, decide
from market.kit.i18n import N_


def discard_version(session: Session, *, actor: Principal, version_id: UUID) -> None:
    """Throw a draft version away, with its uploads, and give back the storage that only it used. Raises VersionSealed."""
    version, asset = load_version(session, version_id)
    decide(actor, EDIT_ASSET, resource_of(asset))
    if version.state == "registered":
        raise VersionSealed(
            N_("Version %(version)s is registered; it stays for ever."),
            hint=N_("Register a new version instead."),
            version=version.version,
        )
    freed = sum(
        upload.charged
        for upload in repository.uploads_of_version(session, version_id)
        if upload.state == "receiving"
    )
    held = {
        file.sha256: file.size
        for file in repository.files_of(session, version_id)
        if file.state == "available"
    }
    repository.delete_draft(session, version_id)
    freed += sum(size for digest, size in held.items() if not repository.holds(session, asset.org_id, digest))
    if freed:
        repository.give_storage_back(session, asset.org_id, freed)


def restart_version(
    session: Session,
    *,
    actor: Principal,
    asset_id: UUID,
    new: NewVersion,
    limits: UploadLimits,
    now: datetime,
) -> VersionDetail:
    """A draft of this number and manifest: the one that exists, or a new one in place of a draft of other files."""
    existing = repository.version_numbered(session, asset_id, new.version)
    if existing is not None and existing.state == "draft":
        _, asset = load_version(session, existing.id)
        decide(actor, EDIT_ASSET, resource_of(asset))
        same_files = existing.manifest_digest == read_manifest(new.manifest).digest.hex()
        same_place = (existing.delivery, existing.reference_url) == (new.delivery, new.reference_url)
        if same_files and same_place and existing.derived_from == sorted(new.derived_from):
            return detail_of(session, asset, existing)
        discard_version(session, actor=actor, version_id=existing.id)
    return add_version(session, actor=actor, asset_id=asset_id, new=new, limits=limits, now=now)

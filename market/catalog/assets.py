"""Assets: drafted, edited, and read by whoever may."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.catalog import repository
from market.catalog.errors import TooManyDrafts
from market.catalog.limits import UploadLimits
from market.catalog.models import Asset
from market.catalog.schemas import (
    AssetEdit,
    AssetMetadata,
    AssetState,
    AssetSummary,
    AssetView,
    MetadataState,
    NewAsset,
    StorageView,
)
from market.catalog.verbs import EDIT_ASSET, READ_OWN_ASSETS
from market.kit.auth import Principal, Resource, Via, allowed, decide, nothing_there, see
from market.kit.etag import same_revision
from market.kit.i18n import N_
from market.kit.jobs import enqueue
from market.kit.paging import MAX_PAGE, Page, page_by_id, read_id
from market.zones import service as zones

# {asset}. Who listens is the business of the slices above.
CHANGED_TOPIC = "asset.changed"


def announce_change(session: Session, asset_id: UUID, *, now: datetime) -> None:
    """Tell the slices above that something about an asset changed, in the transaction that changes it."""
    enqueue(session, CHANGED_TOPIC, {"asset": str(asset_id)}, now=now)


def create_asset(
    session: Session, *, actor: Principal, new: NewAsset, limits: UploadLimits, now: datetime
) -> AssetView:
    """Draft an asset of the organisation one acts for. Raises UnknownCode, which names the field, and TooManyDrafts."""
    org_id = actor.acting_org
    decide(actor, EDIT_ASSET, Resource(org_id=org_id))
    zones.check_metadata(new.metadata.model_dump())
    repository.take_turns(session, org_id)
    if repository.draft_asset_count(session, org_id) >= limits.draft_assets:
        raise TooManyDrafts(
            N_("%(most)s assets of your organisation are drafts of which nothing is registered."),
            hint=N_("Register a version of one of them, or rewrite one for what you want to begin."),
            most=limits.draft_assets,
        )
    asset = Asset(
        org_id=org_id,
        zone=new.metadata.adcode,
        document=new.metadata.model_dump(mode="json"),
        created_at=now,
        edited_at=now,
    )
    session.add(asset)
    session.flush()
    return _own_view(session, asset)


def edit_asset(
    session: Session,
    *,
    actor: Principal,
    asset_id: UUID,
    edit: AssetEdit,
    expected_revision: int,
    now: datetime,
) -> AssetView:
    """Change the metadata. What was registered stays as it is; the next version's registration takes the new text."""
    asset = load(session, asset_id, for_update=True)
    decide(actor, EDIT_ASSET, resource_of(asset))
    same_revision(expected_revision, asset.revision)
    zones.check_metadata(edit.metadata.model_dump())
    asset.document, asset.zone = edit.metadata.model_dump(mode="json"), edit.metadata.adcode
    asset.revision, asset.edited_at = asset.revision + 1, now
    session.add(asset)
    session.flush()
    announce_change(session, asset_id, now=now)
    return _own_view(session, asset)


def asset(session: Session, *, actor: Principal, asset_id: UUID) -> AssetView:
    """An asset: anyone's once a version is registered, before that its own organisation's.

    Its own organisation reads the description as it has it now; everybody else, and the platform on their behalf, the one
    that its current version was registered with, since that is what a certificate beside it is about.
    """
    found = readable(session, actor, asset_id)
    return _own_view(session, found) if is_own(actor, found) else _public_view(session, found)


def own_asset(session: Session, *, actor: Principal, asset_id: UUID) -> AssetView:
    """An asset of the organisation one acts for, also if others may see it."""
    found = load(session, asset_id)
    decide(actor, READ_OWN_ASSETS, resource_of(found))
    return _own_view(session, found)


def as_edited(session: Session, *, asset_id: UUID) -> AssetMetadata:
    """The description as its provider has it now, signed or not, for rules that both must meet. Never to be shown."""
    return metadata_of(load(session, asset_id))


def described(session: Session, *, version_id: UUID) -> AssetMetadata:
    """The description that a version was registered with; the asset's own may have been edited since.

    Whatever rests on what the provider signed asks here. Raises NotFound for a draft.
    """
    signed = repository.snapshots(session, [version_id]).get(version_id)
    if signed is None:
        raise nothing_there()
    return AssetMetadata.model_validate_json(signed)


def assets_of(
    session: Session, *, actor: Principal, cursor: str | None = None, limit: int = 50
) -> Page[AssetSummary]:
    """The assets of the organisation one acts for, newest first."""
    org_id = actor.acting_org
    decide(actor, READ_OWN_ASSETS, Resource(org_id=org_id))
    limit = max(1, min(limit, MAX_PAGE))
    before = read_id(cursor)
    found = repository.assets_page(session, org_id, before, limit + 1)
    return page_by_id(found, limit, lambda rows: _summaries(session, rows, signed={}))


def summaries(session: Session, ids: Collection[UUID]) -> dict[UUID, AssetSummary]:
    """Short views of assets by id, for lists of other slices: each as it was registered, if it was.

    The caller has decided who may see them.
    """
    assets = repository.assets_with(session, ids)
    current = [asset.current_version_id for asset in assets if asset.current_version_id is not None]
    signed = {
        version_id: AssetMetadata.model_validate_json(snapshot)
        for version_id, snapshot in repository.snapshots(session, current).items()
    }
    return {summary.id: summary for summary in _summaries(session, assets, signed=signed)}


def resource(session: Session, asset_id: UUID) -> Resource:
    """Whose asset this is and in which zone, to decide about it. Raises NotFound."""
    return resource_of(load(session, asset_id))


def storage(session: Session, *, actor: Principal, quota: int) -> StorageView:
    """How much of its storage the organisation uses."""
    org_id = actor.acting_org
    decide(actor, READ_OWN_ASSETS, Resource(org_id=org_id))
    return StorageView(used=repository.storage_used(session, org_id), quota=quota)


def load(session: Session, asset_id: UUID, *, for_update: bool = False) -> Asset:
    """The row, whoever asks; a caller decides next."""
    found = session.get(Asset, asset_id, with_for_update=True if for_update else None)
    if found is None:
        raise nothing_there()
    return found


def readable(session: Session, actor: Principal, asset_id: UUID) -> Asset:
    """The row, if `actor` may see it."""
    found = load(session, asset_id)
    if found.registered_at is None:
        see(actor, READ_OWN_ASSETS, resource_of(found))
    return found


def is_own(actor: Principal, asset: Asset) -> bool:
    """Whether a member reads his own organisation's asset, and with a key that may: then he sees more than everybody."""
    return actor.via is not Via.SYSTEM and allowed(actor, READ_OWN_ASSETS, resource_of(asset))


def resource_of(asset: Asset) -> Resource:
    return Resource(org_id=asset.org_id, zone=asset.zone)


def metadata_of(asset: Asset) -> AssetMetadata:
    """The description as its provider has it now, which the next registration commits to."""
    return AssetMetadata.model_validate(asset.document)


def _own_view(session: Session, asset: Asset) -> AssetView:
    mine, current = metadata_of(asset), asset.current_version_id
    same = current is not None and described(session, version_id=current) == mine
    return _view(asset, mine, asset.zone, "registered" if same else "draft")


def _public_view(session: Session, asset: Asset) -> AssetView:
    if asset.current_version_id is None:
        return _view(asset, metadata_of(asset), asset.zone, "draft")
    signed = described(session, version_id=asset.current_version_id)
    return _view(asset, signed, signed.adcode, "registered")


def _view(asset: Asset, metadata: AssetMetadata, zone: str, state: MetadataState) -> AssetView:
    return AssetView(
        id=asset.id,
        org_id=asset.org_id,
        zone=zone,
        state=_state(asset),
        metadata=metadata,
        metadata_state=state,
        revision=asset.revision,
        current_version_id=asset.current_version_id,
        created_at=asset.created_at,
        edited_at=asset.edited_at,
        registered_at=asset.registered_at,
    )


def _state(asset: Asset) -> AssetState:
    return AssetState.DRAFT if asset.registered_at is None else AssetState.REGISTERED


def _summaries(
    session: Session, assets: Sequence[Asset], *, signed: Mapping[UUID, AssetMetadata]
) -> list[AssetSummary]:
    """signed: descriptions by version, to be shown in place of what the provider has now."""
    current = [asset.current_version_id for asset in assets if asset.current_version_id is not None]
    versions = {version.id: version for version in repository.versions_with(session, current)}
    result = []
    for asset in assets:
        version = versions.get(asset.current_version_id) if asset.current_version_id else None
        metadata = (signed.get(version.id) if version else None) or metadata_of(asset)
        result.append(
            AssetSummary(
                id=asset.id,
                org_id=asset.org_id,
                zone=metadata.adcode,
                state=_state(asset),
                title=metadata.title,
                grade=metadata.grade,
                licence=metadata.licence,
                modality=metadata.modality,
                version=version.version if version else None,
                size_bytes=version.size_bytes if version else 0,
                edited_at=asset.edited_at,
            )
        )
    return result

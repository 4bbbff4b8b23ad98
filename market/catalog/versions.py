"""Versions: a manifest, its files, and what came before. Once registered, nothing of them changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from sqlmodel import Session

from ledger.errors import Malformed
from ledger.hashing import root_of
from ledger.manifest import Manifest, parse_manifest
from market.catalog import repository
from market.catalog.assets import is_own, load, readable, resource_of
from market.catalog.errors import (
    ManifestUnusable,
    SourceUnknown,
    TooManyDrafts,
    VersionExists,
    VersionOvertaken,
)
from market.catalog.limits import MAX_FILES, MAX_MANIFEST_BYTES, UploadLimits
from market.catalog.models import Asset, AssetVersion, Blob, VersionRecord
from market.catalog.schemas import (
    FileView,
    LineageEdgeView,
    LineageView,
    NewVersion,
    VersionDetail,
    VersionView,
    read_base64,
)
from market.catalog.verbs import EDIT_ASSET, READ_OWN_ASSETS
from market.kit.auth import Principal, Resource, decide, nothing_there, see
from market.kit.errors import NotFound
from market.kit.i18n import N_
from market.kit.ids import new_id
from market.kit.paging import MAX_PAGE, Page, page_by_id, read_id


def add_version(
    session: Session,
    *,
    actor: Principal,
    asset_id: UUID,
    new: NewVersion,
    limits: UploadLimits,
    now: datetime,
) -> VersionDetail:
    """Draft a version from its manifest. Files that the organisation sent before are there at once.

    Raises ManifestUnusable, VersionExists, TooManyDrafts, VersionOvertaken, SourceUnknown.
    """
    asset = load(session, asset_id, for_update=True)
    decide(actor, EDIT_ASSET, resource_of(asset))
    manifest = read_manifest(new.manifest)
    if repository.version_numbered(session, asset_id, new.version) is not None:
        raise VersionExists(
            N_("Version %(version)s of this asset exists already."),
            hint=N_("Give the new version a higher number."),
            where="version",
            version=new.version,
        )
    _refuse_more_drafts(session, asset.org_id, limits)
    _check_sources(session, new.derived_from)
    version = AssetVersion(
        asset_id=asset_id,
        version=new.version,
        delivery=new.delivery,
        reference_url=new.reference_url,
        notes=new.notes.model_dump() if new.notes else None,
        manifest_digest=manifest.digest.hex(),
        content_root=manifest.content_root.hex(),
        size_bytes=sum(row.size for row in manifest.rows),
        file_count=len(manifest.rows),
        previous_id=_previous(session, asset, new.previous),
        derived_from=sorted(new.derived_from),
        created_at=now,
    )
    session.add(version)
    session.flush()
    session.add(VersionRecord(version_id=version.id, manifest=manifest.canonical))
    _add_files(session, asset, version, manifest)
    session.flush()
    return detail_of(session, asset, version)


def version(
    session: Session, *, actor: Principal, version_id: UUID, most_files: int | None = None
) -> VersionDetail:
    """A version with its files: anyone's once registered, before that its own organisation's.

    most_files: only the first so many, for pages that show no more; None for all.
    """
    found, asset = readable_version(session, actor, version_id)
    return _detail(session, asset, found, own=is_own(actor, asset), most_files=most_files)


def versions_of(
    session: Session, *, actor: Principal, asset_id: UUID, cursor: str | None = None, limit: int = MAX_PAGE
) -> Page[VersionView]:
    """The versions of an asset that one may see, newest first."""
    asset = readable(session, actor, asset_id)
    own = is_own(actor, asset)
    found = repository.versions_of(
        session, asset_id, registered_only=not own, before=read_id(cursor), limit=limit + 1
    )
    return page_by_id(found, limit, lambda shown: _views(session, asset, shown, own=own))


def drafts_of(session: Session, *, actor: Principal, limit: int = 50) -> list[VersionView]:
    """Draft versions of one's organisation, newest first: what waits to be completed and signed."""
    org_id = actor.acting_org
    decide(actor, READ_OWN_ASSETS, Resource(org_id=org_id))
    return [
        view
        for version, asset in repository.drafts(session, org_id, limit)
        for view in _views(session, asset, [version], own=True)
    ]


def files_of(session: Session, *, actor: Principal, version_id: UUID) -> list[FileView]:
    """The files of a version, in the order of the manifest."""
    found, _ = readable_version(session, actor, version_id)
    return _file_views(session, found)


def file_of(
    session: Session, *, actor: Principal, version_id: UUID, path: str
) -> tuple[VersionView, FileView]:
    """One file of a version, and the version. Raises NotFound."""
    found, asset = readable_version(session, actor, version_id)
    file = repository.file_at(session, found.id, path)
    if file is None:
        raise NotFound(
            N_("This version has no file of that name."),
            hint=N_("The version's own address lists its files."),
            where="path",
        )
    (view,) = _views(session, asset, [found], own=is_own(actor, asset))
    received = file.size if file.state == "available" else 0
    return view, FileView(**file.model_dump(exclude={"id", "version_id", "position"}), received=received)


def manifest_of(session: Session, *, actor: Principal, version_id: UUID) -> bytes:
    """The canonical manifest.json of a version."""
    found, _ = readable_version(session, actor, version_id)
    return repository.record_of(session, found.id).manifest


def registered_manifest(session: Session, *, digest: str) -> bytes:
    """The manifest.json whose SHA-256 a registration names, for anyone who checks a receipt."""
    found = repository.registered_with_manifest(session, digest)
    if found is None:
        raise NotFound(N_("No registered version has a manifest with this digest."))
    return repository.record_of(session, found.id).manifest


def sidecar(session: Session, *, actor: Principal, version_id: UUID, path: str) -> bytes:
    """The chunk hashes of a file, 32 bytes each. Raises NotFound for a file without chunks or not here."""
    found, _ = readable_version(session, actor, version_id)
    file = repository.file_at(session, found.id, path)
    blob = session.get(Blob, file.sha256) if file is not None and file.state == "available" else None
    if blob is None or not blob.sidecar:
        raise NotFound(
            N_("There is no list of chunks for that file."),
            hint=N_("Files up to 16 MiB have none, and neither have files that are not stored here."),
            where="path",
        )
    return blob.sidecar


def lineage(session: Session, *, actor: Principal, asset_id: UUID) -> LineageView:
    """What an asset's registered versions were made from, and what was made from them."""
    readable(session, actor, asset_id)
    own = {item.id for item in repository.versions_of(session, asset_id, registered_only=True)}
    edges = repository.edges(session, own)
    ids = {edge.version_id for edge in edges} | {edge.source_id for edge in edges}
    known = {item.id: item for item in repository.versions_with(session, ids)}
    up: list[LineageEdgeView] = []
    down: list[LineageEdgeView] = []
    for edge in edges:
        made, source = known[edge.version_id], known[edge.source_id]
        view = LineageEdgeView(
            version_id=made.id,
            asset_id=made.asset_id,
            version=made.version,
            leaf=made.leaf or "",
            source_version_id=source.id,
            source_asset_id=source.asset_id,
            source_version=source.version,
            source_leaf=source.leaf or "",
        )
        (up if made.id in own else down).append(view)
    return LineageView(asset_id=asset_id, up=up, down=down)


def load_version(session: Session, version_id: UUID) -> tuple[AssetVersion, Asset]:
    """The rows, whoever asks; a caller decides next."""
    found = session.get(AssetVersion, version_id)
    if found is None:
        raise nothing_there()
    return found, load(session, found.asset_id)


def readable_version(session: Session, actor: Principal, version_id: UUID) -> tuple[AssetVersion, Asset]:
    """The rows, if `actor` may see them."""
    found, asset = load_version(session, version_id)
    if found.state != "registered":
        see(actor, READ_OWN_ASSETS, resource_of(asset))
    return found, asset


def kept_at(session: Session, *, version_id: UUID) -> str:
    """Where the provider keeps the files of a version, empty if they are here. The caller has decided who is told."""
    return load_version(session, version_id)[0].reference_url


def detail_of(session: Session, asset: Asset, version: AssetVersion) -> VersionDetail:
    """The version with its files, as its own organisation sees it."""
    return _detail(session, asset, version, own=True)


def _detail(
    session: Session, asset: Asset, version: AssetVersion, *, own: bool, most_files: int | None = None
) -> VersionDetail:
    (view,) = _views(session, asset, [version], own=own)
    return VersionDetail(**view.model_dump(), files=_file_views(session, version, most_files))


def read_manifest(text: str) -> Manifest:
    """The manifest in base64. Raises ManifestUnusable with the reason."""
    data = read_base64(text, MAX_MANIFEST_BYTES)
    if data is None:
        _refuse_manifest(
            N_("The manifest is not base64, or is larger than %(most)s bytes."), most=MAX_MANIFEST_BYTES
        )
    try:
        manifest = parse_manifest(data)
    except Malformed as error:
        _refuse_manifest(N_("The manifest cannot be used: %(why)s"), why=str(error))
    if len(manifest.rows) > MAX_FILES:
        _refuse_manifest(N_("The manifest names more than %(most)s files."), most=MAX_FILES)
    return manifest


def _refuse_manifest(detail: str, **params: str | int) -> NoReturn:
    hint = N_("Make it again from the files with: datawharf register.")
    raise ManifestUnusable(detail, hint=hint, where="manifest", retry_after=None, **params)


def _refuse_more_drafts(session: Session, org_id: UUID, limits: UploadLimits) -> None:
    repository.take_turns(session, org_id)
    if repository.draft_version_count(session, org_id) >= limits.draft_versions:
        raise TooManyDrafts(
            N_("%(most)s versions of your organisation's assets are drafts."),
            hint=N_(
                "Register some of them, or throw some away: under Provide data each has a button for it."
            ),
            most=limits.draft_versions,
        )


def _previous(session: Session, asset: Asset, leaf: str | None) -> UUID | None:
    """The version that a new one follows: always the one that stands now."""
    if asset.current_version_id is None:
        if leaf is None:
            return None
    else:
        current, _ = load_version(session, asset.current_version_id)
        if leaf in (None, current.leaf):
            return current.id
    raise VersionOvertaken(
        N_("The version that this one should follow is not the asset's current one."),
        hint=N_("Read the asset again and name the leaf of its current version, or none for the first."),
        where="previous",
    )


def _check_sources(session: Session, leaves: Sequence[str]) -> None:
    known = repository.versions_by_leaf(session, leaves)
    for position, leaf in enumerate(leaves):
        if leaf not in known:
            raise SourceUnknown(
                N_("No registration here has the leaf hash %(leaf)s."),
                hint=N_("Name the leaf of a registered version; its asset page shows it."),
                where=f"derived_from/{position}",
                leaf=leaf,
            )


def _add_files(session: Session, asset: Asset, version: AssetVersion, manifest: Manifest) -> None:
    hosted = version.delivery == "hosted"
    own = (
        repository.own_blobs(session, asset.org_id, {row.sha256.hex() for row in manifest.rows})
        if hosted
        else {}
    )
    files = []
    for position, row in enumerate(manifest.rows):
        blob = own.get(row.sha256.hex())
        here = blob is not None and blob.size == row.size and row.chunks == chunk_root(blob.sidecar)
        files.append(
            {
                "id": new_id(),
                "version_id": version.id,
                "position": position,
                "path": row.path,
                "size": row.size,
                "sha256": row.sha256.hex(),
                "media_type": row.media_type,
                "chunks": row.chunks.hex() if row.chunks is not None else None,
                "state": ("available" if here else "waiting") if hosted else "remote",
            }
        )
    repository.add_files(session, files)


def chunk_root(hashes: bytes) -> bytes | None:
    """The root over a sidecar's hashes; None for an empty one."""
    if not hashes:
        return None
    return root_of(hashes[start : start + 32] for start in range(0, len(hashes), 32))


def _views(
    session: Session, asset: Asset, versions: Sequence[AssetVersion], *, own: bool
) -> list[VersionView]:
    waiting = repository.waiting_counts(session, [item.id for item in versions])
    before = [item.previous_id for item in versions if item.previous_id is not None]
    leaves = {item.id: item.leaf for item in repository.versions_with(session, before)}
    return [
        VersionView(
            **item.model_dump(exclude={"previous_id", "reference_url"}),
            reference_url=item.reference_url if own else "",
            org_id=asset.org_id,
            missing=waiting.get(item.id, 0),
            previous=leaves.get(item.previous_id) if item.previous_id else None,
        )
        for item in versions
    ]


def first_of_types(session: Session, *, version_id: UUID, media_types: Collection[str]) -> FileView | None:
    """The first file that is here and of one of these media types. The caller has decided who may see it."""
    found = repository.first_of_types(session, version_id, media_types)
    if found is None:
        return None
    return FileView(**found.model_dump(exclude={"id", "version_id", "position"}), received=found.size)


def _file_views(session: Session, version: AssetVersion, most: int | None = None) -> list[FileView]:
    received = repository.received_of(session, version.id)
    return [
        FileView(
            **file.model_dump(exclude={"id", "version_id", "position"}),
            received=file.size if file.state == "available" else received.get(file.id, 0),
        )
        for file in repository.files_of(session, version.id, most)
    ]

"""The catalogue as JSON."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel
from sqlmodel import Session

from market.catalog import service
from market.catalog.checksums import LONGEST_CHECKSUM
from market.catalog.chunk_routes import answer_chunk, upload_headers
from market.catalog.limits import limits_of
from market.catalog.ports import intake_of
from market.catalog.schemas import (
    AssetEdit,
    AssetSummary,
    AssetView,
    LineageView,
    NewAsset,
    NewUpload,
    NewVersion,
    StorageView,
    UploadView,
    VersionDetail,
    VersionView,
)
from market.catalog.verbs import EDIT_ASSET, READ_OWN_ASSETS, REGISTER_VERSION, UPLOAD, UPLOAD_STATE
from market.kit.auth import Principal
from market.kit.etag import IfMatch, format_etag
from market.kit.guards import BROWSE, api_guard
from market.kit.idempotency import OnceDep
from market.kit.paging import Cursor, Limit, Page
from market.kit.ports import ports_of
from market.provenance.gateway import Ledger
from market.provenance.signing import OpeningBody, SignedBody

router = APIRouter(prefix="/api/v1", tags=["catalog"])

Visitor = Annotated[Principal, Depends(api_guard(BROWSE))]
Reader = Annotated[Principal, Depends(api_guard(READ_OWN_ASSETS))]
Editor = Annotated[Principal, Depends(api_guard(EDIT_ASSET))]
Uploader = Annotated[Principal, Depends(api_guard(UPLOAD))]
Looker = Annotated[Principal, Depends(api_guard(UPLOAD_STATE))]
Registrant = Annotated[Principal, Depends(api_guard(REGISTER_VERSION))]
UploadOffset = Annotated[int, Header(ge=0, le=2**53 - 1, description="The byte at which this chunk starts.")]
UploadChecksum = Annotated[
    str,
    Header(
        max_length=LONGEST_CHECKSUM,
        description='"sha256 " and the SHA-256 of this chunk in base64; or, for a file over 16 MiB, "chunks " and the '
        "hashes of the 4 MiB chunks in it, one after the other, in base64.",
    ),
]


def _id_of(view: BaseModel) -> UUID:
    found: UUID = view.id  # type: ignore[attr-defined]
    return found


@router.post("/assets", status_code=201, response_model=AssetView, summary="Draft an asset")
def create_asset(request: Request, body: NewAsset, actor: Editor, once: OnceDep) -> Response:
    limits = limits_of(ports_of(request))
    return once(
        actor,
        lambda session: service.create_asset(session, actor=actor, new=body, limits=limits, now=once.now),
        location=lambda view: f"/api/v1/assets/{_id_of(view)}",
    )


@router.get("/assets", response_model=Page[AssetSummary], summary="Your organisation's assets, newest first")
def list_assets(
    request: Request,
    actor: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AssetSummary]:
    with ports_of(request).db.reading() as session:
        return service.assets_of(session, actor=actor, cursor=cursor, limit=limit)


@router.get("/assets/{asset_id}", response_model=AssetView, summary="An asset; its ETag is for editing it")
def get_asset(request: Request, response: Response, asset_id: UUID, actor: Visitor) -> AssetView:
    with ports_of(request).db.reading() as session:
        view = service.asset(session, actor=actor, asset_id=asset_id)
    response.headers["ETag"] = format_etag(view.revision)
    return view


@router.patch("/assets/{asset_id}", response_model=AssetView, summary="Change an asset's metadata")
def edit_asset(
    request: Request, response: Response, asset_id: UUID, body: AssetEdit, actor: Editor, revision: IfMatch
) -> AssetView:
    ports = ports_of(request)
    with ports.db.writing() as session:
        view = service.edit_asset(
            session,
            actor=actor,
            asset_id=asset_id,
            edit=body,
            expected_revision=revision,
            now=ports.clock.now(),
        )
    response.headers["ETag"] = format_etag(view.revision)
    return view


@router.get(
    "/assets/{asset_id}/lineage",
    response_model=LineageView,
    summary="What it was made from, and what from it",
)
def get_lineage(request: Request, asset_id: UUID, actor: Visitor) -> LineageView:
    with ports_of(request).db.reading() as session:
        return service.lineage(session, actor=actor, asset_id=asset_id)


@router.get(
    "/assets/{asset_id}/versions", response_model=Page[VersionView], summary="Its versions, newest first"
)
def list_versions(
    request: Request, asset_id: UUID, actor: Visitor, cursor: Cursor = None, limit: Limit = 50
) -> Page[VersionView]:
    with ports_of(request).db.reading() as session:
        return service.versions_of(session, actor=actor, asset_id=asset_id, cursor=cursor, limit=limit)


@router.post(
    "/assets/{asset_id}/versions",
    status_code=201,
    response_model=VersionDetail,
    summary="Draft a version from its manifest",
)
def add_version(request: Request, asset_id: UUID, body: NewVersion, actor: Editor, once: OnceDep) -> Response:
    limits = limits_of(ports_of(request))
    return once(
        actor,
        lambda session: service.add_version(
            session, actor=actor, asset_id=asset_id, new=body, limits=limits, now=once.now
        ),
        location=lambda view: f"/api/v1/versions/{_id_of(view)}",
    )


@router.get("/versions/{version_id}", response_model=VersionDetail, summary="A version with its files")
def get_version(request: Request, version_id: UUID, actor: Visitor) -> VersionDetail:
    with ports_of(request).db.reading() as session:
        return service.version(session, actor=actor, version_id=version_id)


@router.delete("/versions/{version_id}", status_code=204, summary="Throw a draft version away")
def discard_version(request: Request, version_id: UUID, actor: Editor) -> Response:
    with ports_of(request).db.writing() as session:
        service.discard_version(session, actor=actor, version_id=version_id)
    return Response(status_code=204)


@router.get("/versions/{version_id}/manifest", summary="The canonical manifest.json, byte for byte")
def get_manifest(request: Request, version_id: UUID, actor: Visitor) -> Response:
    with ports_of(request).db.reading() as session:
        data = service.manifest_of(session, actor=actor, version_id=version_id)
    return Response(data, media_type="application/json")


@router.get("/manifests/{digest}", summary="The manifest.json with this SHA-256, of a registered version")
def get_registered_manifest(request: Request, digest: str, actor: Visitor) -> Response:
    with ports_of(request).db.reading() as session:
        data = service.registered_manifest(session, digest=digest)
    return Response(data, media_type="application/json")


@router.get("/versions/{version_id}/sidecar", summary="The chunk hashes of a file over 16 MiB, 32 bytes each")
def get_sidecar(
    request: Request, version_id: UUID, actor: Visitor, path: Annotated[str, Query(max_length=1024)]
) -> Response:
    with ports_of(request).db.reading() as session:
        data = service.sidecar(session, actor=actor, version_id=version_id, path=path)
    return Response(data, media_type="application/octet-stream")


@router.get(
    "/versions/{version_id}/opening",
    response_model=OpeningBody,
    summary="What opens the registered metadata commitment",
)
def get_opening(request: Request, version_id: UUID, actor: Visitor) -> OpeningBody:
    with ports_of(request).db.reading() as session:
        return service.metadata_opening(session, version_id=version_id)


@router.post(
    "/versions/{version_id}/registration",
    status_code=201,
    response_model=VersionDetail,
    summary="Register a version with the provider's signed statement",
)
def register_version(
    request: Request, version_id: UUID, body: SignedBody, actor: Registrant, once: OnceDep
) -> Response:
    """A registration/v1 statement. Its one opening, `metadata`, holds the asset's metadata."""
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.register_version(
            session, actor=actor, ledger=ledger, version_id=version_id, signed=body, now=once.now
        ),
        location=lambda view: f"/api/v1/versions/{_id_of(view)}",
    )


@router.get("/storage", response_model=StorageView, summary="How much storage your organisation uses")
def get_storage(request: Request, actor: Reader) -> StorageView:
    ports = ports_of(request)
    with ports.db.reading() as session:
        return service.storage(session, actor=actor, quota=limits_of(ports).quota_bytes)


@router.post(
    "/versions/{version_id}/uploads",
    status_code=201,
    response_model=UploadView,
    summary="Announce the upload of a file, or find an unfinished one again",
)
def open_upload(
    request: Request, version_id: UUID, body: NewUpload, actor: Uploader, once: OnceDep
) -> Response:
    ports = ports_of(request)
    opened: list[UploadView] = []

    def open_it(session: Session) -> UploadView:
        opened.append(
            service.open_upload(
                session,
                actor=actor,
                version_id=version_id,
                new=body,
                limits=limits_of(ports),
                now=once.now,
            )
        )
        return opened[0]

    response = once(actor, open_it, location=lambda _view: f"/api/v1/uploads/{opened[0].upload}")
    for view in opened:
        if view.state == "receiving" and view.offset == view.size:
            intake_of(ports).finish(view.upload)
    return response


@router.get("/uploads/{upload_id}", response_model=UploadView, summary="How far an upload is")
def get_upload(request: Request, response: Response, upload_id: UUID, actor: Looker) -> UploadView:
    ports = ports_of(request)
    with ports.db.reading() as session:
        view = service.upload_state(session, actor=actor, upload_id=upload_id, limits=limits_of(ports))
    response.headers.update(upload_headers(view))
    return view


@router.head("/uploads/{upload_id}", summary="The byte at which an upload goes on, as Upload-Offset")
def head_upload(request: Request, upload_id: UUID, actor: Looker) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        view = service.upload_state(session, actor=actor, upload_id=upload_id, limits=limits_of(ports))
    return Response(headers=upload_headers(view))


@router.patch(
    "/uploads/{upload_id}",
    response_model=UploadView,
    summary="Send a chunk",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def patch_upload(
    request: Request,
    upload_id: UUID,
    actor: Uploader,
    upload_offset: UploadOffset,
    upload_checksum: UploadChecksum,
) -> Response:
    """The chunk is durable when this answers. The last one also has the whole file compared with the manifest."""
    return await answer_chunk(request, upload_id, actor, upload_offset, upload_checksum)

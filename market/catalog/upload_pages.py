"""Uploads from the studio's pages: the protocol of the API with a cookie and its token (static/js/uploads.js)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from market.catalog import service
from market.catalog.checksums import LONGEST_CHECKSUM
from market.catalog.chunk_routes import answer_chunk, upload_headers
from market.catalog.limits import limits_of
from market.catalog.ports import intake_of
from market.catalog.schemas import NewPageUpload, NewUpload, UploadView
from market.catalog.verbs import UPLOAD, UPLOAD_STATE
from market.kit.auth import Principal
from market.kit.guards import page_guard
from market.kit.pages import LangPath, page_router
from market.kit.ports import ports_of

router = page_router("catalog")

Uploader = Annotated[Principal, Depends(page_guard(UPLOAD))]
Looker = Annotated[Principal, Depends(page_guard(UPLOAD_STATE))]


@router.post("/studio/uploads", status_code=201)
def open_upload(request: Request, lang: LangPath, body: NewPageUpload, actor: Uploader) -> UploadView:
    """Announce a file. The same call for an unfinished file finds its upload again, so it needs no Idempotency-Key."""
    ports = ports_of(request)
    new = NewUpload(path=body.path, size=body.size, sha256=body.sha256)
    limits = limits_of(ports)
    with ports.db.writing() as session:
        view = service.open_upload(
            session, actor=actor, version_id=body.version_id, new=new, limits=limits, now=ports.clock.now()
        )
    if view.state == "receiving" and view.offset == view.size:
        intake_of(ports).finish(view.upload)
    return view


@router.head("/studio/uploads/{upload_id}")
def head_upload(request: Request, lang: LangPath, upload_id: UUID, actor: Looker) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        view = service.upload_state(session, actor=actor, upload_id=upload_id, limits=limits_of(ports))
    return Response(headers=upload_headers(view))


@router.patch("/studio/uploads/{upload_id}")
async def patch_upload(
    request: Request,
    lang: LangPath,
    upload_id: UUID,
    actor: Uploader,
    upload_offset: Annotated[int, Header(ge=0, le=2**53 - 1)],
    upload_checksum: Annotated[str, Header(max_length=LONGEST_CHECKSUM)],
) -> Response:
    return await answer_chunk(request, upload_id, actor, upload_offset, upload_checksum)

"""Answering for chunks of uploads, the same from the API and from pages."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from market.catalog.errors import OffsetWrong
from market.catalog.ports import intake_of
from market.catalog.schemas import UploadView
from market.catalog.streaming import receive_chunk
from market.kit.auth import Principal
from market.kit.errors import MalformedRequest, Unsupported
from market.kit.i18n import N_
from market.kit.ports import ports_of
from market.kit.problems import answer_fault

CHUNK_TYPE = "application/offset+octet-stream"


async def answer_chunk(
    request: Request, upload_id: UUID, actor: Principal, start: int, checksum: str
) -> Response:
    """Receive the body as the chunk at byte `start`; a wrong offset is answered with the right one."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != CHUNK_TYPE:
        raise Unsupported(
            N_("A chunk is sent as %(type)s."),
            hint=N_("Set the header Content-Type to it."),
            where="Content-Type",
            type=CHUNK_TYPE,
        )
    ports = ports_of(request)
    declared = request.headers.get("content-length")
    begin = partial(
        intake_of(ports).begin,
        actor=actor,
        upload_id=upload_id,
        start=start,
        length=int(declared) if declared is not None and declared.isdecimal() else None,
        checksum=checksum,
    )
    try:
        view = await receive_chunk(begin, request.stream(), ports.clock.now)
    except OffsetWrong as fault:
        response = answer_fault(request, fault)
        response.headers["Upload-Offset"] = str(fault.params["offset"])
        return response
    except ClientDisconnect as error:
        raise MalformedRequest(
            N_("The connection ended before the chunk was whole; none of it was kept."),
            hint=N_("Ask for the offset, and go on from there."),
        ) from error
    return JSONResponse(view.model_dump(mode="json"), headers=upload_headers(view))


def upload_headers(view: UploadView) -> dict[str, str]:
    """Offset, length and state as headers; never kept by a cache."""
    return {
        "Upload-Offset": str(view.offset),
        "Upload-Length": str(view.size),
        "Upload-State": view.state,
        "Cache-Control": "no-store",
    }

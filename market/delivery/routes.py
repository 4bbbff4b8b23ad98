"""Files, tickets, rows, acknowledgements and deliveries as an API."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from market.delivery import service
from market.delivery.file_routes import answer_file
from market.delivery.limits import limits_of
from market.delivery.reader.shapes import RowPage
from market.delivery.row_reading import Reading
from market.delivery.schemas import (
    DeliveryView,
    FilePath,
    NewAcknowledgement,
    NewTicket,
    RowFormat,
    RowsIn,
    RowsView,
    TableView,
    TicketView,
    UsageBatchView,
)
from market.delivery.verbs import (
    ACKNOWLEDGE,
    DOWNLOAD,
    MAKE_TICKET,
    READ_DELIVERIES,
    READ_ROWS,
    USE_TICKET,
)
from market.kit.auth import Principal
from market.kit.guards import api_guard, open_guard
from market.kit.idempotency import OnceDep
from market.kit.paging import Cursor, Limit, Page
from market.kit.ports import Ports, ports_of
from market.kit.ratelimit import limited
from market.provenance.gateway import Ledger

router = APIRouter(prefix="/api/v1", tags=["delivery"])
tickets = APIRouter(include_in_schema=False)

Downloader = Annotated[Principal, Depends(api_guard(DOWNLOAD))]
RowReader = Annotated[Principal, Depends(api_guard(READ_ROWS))]
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The file"},
    206: {"content": {"application/octet-stream": {}}, "description": "Parts of the file"},
    307: {"description": "The bytes are at another address, for a minute"},
}


@router.get(
    "/versions/{version_id}/files/{path:path}",
    response_class=Response,
    responses=_BYTES,
    summary="A licensed file, whole or by Range",
)
@router.head(
    "/versions/{version_id}/files/{path:path}",
    response_class=Response,
    summary="Size and digest of a licensed file",
)
def get_file(request: Request, version_id: UUID, path: str, actor: Downloader) -> Response:
    """An attachment whose ETag is its SHA-256. Range (up to eight), If-Range, If-None-Match and If-Match are honoured."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        grant = service.open_file(
            session, actor=actor, version_id=version_id, path=path, now=ports.clock.now()
        )
    who = f"key {actor.key_id or actor.account_id}"
    return answer_file(request, grant, who=who, most=limits_of(ports).streams_per_key)


@router.post(
    "/tickets",
    status_code=201,
    response_model=TicketView,
    summary="A short-lived address for one file",
    dependencies=[Depends(limited("120/minute", "tickets"))],
)
def issue_ticket(
    request: Request,
    body: NewTicket,
    actor: Annotated[Principal, Depends(api_guard(MAKE_TICKET))],
    once: OnceDep,
) -> Response:
    """For programs that cannot send a key. It works for fifteen minutes, with HEAD and Range, again and again."""
    ports = ports_of(request)
    return once(
        actor,
        lambda session: service.issue_ticket(
            session,
            actor=actor,
            new=body,
            secret=ports.secret,
            lifetime=limits_of(ports).ticket,
            now=once.now,
        ),
    )


@tickets.get("/d/{ticket}", dependencies=[Depends(open_guard(USE_TICKET))])
@tickets.head("/d/{ticket}", dependencies=[Depends(open_guard(USE_TICKET))])
def use_ticket(request: Request, ticket: str) -> Response:
    """The file of a ticket. The licence behind it is looked up again at each use."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        grant = service.use_ticket(
            session,
            authenticator=ports.authenticator,
            text=ticket,
            secret=ports.secret,
            now=ports.clock.now(),
        )
    return answer_file(request, grant, who=f"ticket {ticket}", most=limits_of(ports).streams_per_ticket)


@router.post(
    "/entitlements/{entitlement_id}/acknowledgements",
    status_code=201,
    response_model=DeliveryView,
    summary="Say by signature that a version was received and checked",
)
def acknowledge(
    request: Request,
    entitlement_id: UUID,
    body: NewAcknowledgement,
    actor: Annotated[Principal, Depends(api_guard(ACKNOWLEDGE))],
    once: OnceDep,
) -> Response:
    """A received/v1 statement. The opening holds at, bytes, contentRoot, contract, entitlement and files."""
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.acknowledge(
            session, actor=actor, ledger=ledger, entitlement_id=entitlement_id, new=body, now=once.now
        ),
    )


@router.get("/deliveries", response_model=Page[DeliveryView], summary="What was released and received")
def list_deliveries(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_DELIVERIES))],
    provided: Annotated[
        bool, Query(description="Deliveries of your own assets to others, not yours from others.")
    ] = False,
    entitlement_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[DeliveryView]:
    with ports_of(request).db.reading() as session:
        return service.deliveries(
            session,
            actor=actor,
            provided=provided,
            entitlement_id=entitlement_id,
            cursor=cursor,
            limit=limit,
        )


@router.get(
    "/entitlements/{entitlement_id}/usage",
    response_model=Page[UsageBatchView],
    summary="Rows read under a licence, as they stand in the ledger",
)
def list_usage(
    request: Request,
    entitlement_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(READ_DELIVERIES))],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[UsageBatchView]:
    ports = ports_of(request)
    with ports.db.reading() as session:
        return service.batches_of(
            session,
            actor=actor,
            entitlement_id=entitlement_id,
            now=ports.clock.now(),
            cursor=cursor,
            limit=limit,
        )


@router.get(
    "/assets/{asset_id}/rows",
    response_model=RowsView,
    responses={
        200: {"content": {"text/csv": {}, "application/vnd.apache.parquet": {}}, "description": "Rows"},
        402: {"description": "The licence's rows are used up"},
        503: {"description": "All readers are busy"},
    },
    summary="Rows of a licensed table, counted against the licence",
)
def read_rows(
    request: Request,
    asset_id: UUID,
    actor: RowReader,
    path: Annotated[FilePath, Query(description="The table's file in the version.")],
    version_id: Annotated[UUID | None, Query(description="Default: the current version.")] = None,
    columns: Annotated[
        list[str] | None, Query(max_length=64, description="Names, separated by commas as in CSV.")
    ] = None,
    where: Annotated[
        list[str] | None,
        Query(max_length=32, description='"column op value", op: eq ne lt le gt ge contains is_null.'),
    ] = None,
    cursor: Annotated[str | None, Query(max_length=1000, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    format: RowFormat = "json",  # noqa: A002  the name in the address
) -> Response:
    """Follow `next` until it is null; a page may hold fewer rows than asked for. CSV and Parquet carry it in headers."""
    ports = ports_of(request)
    asked = RowsIn(
        path=path,
        version_id=version_id,
        columns=tuple(columns) if columns else None,
        where=tuple(where or ()),
        cursor=cursor,
        limit=limit,
        format=format,
    )
    with ports.db.reading() as session:
        reading = service.admit_rows(
            session, actor=actor, asset_id=asset_id, asked=asked, now=ports.clock.now()
        )
    file = reading.grant.file
    page = service.tables_of(ports).rows(file.sha256, file.media_type, reading.query, format)
    return _rows_reply(reading, page, _counted(ports, reading, page), format)


@router.get("/assets/{asset_id}/rows/schema", response_model=TableView, summary="Columns of a licensed table")
def table_schema(
    request: Request,
    asset_id: UUID,
    actor: RowReader,
    path: FilePath,
    version_id: UUID | None = None,
) -> TableView:
    """Names and types. Costs no rows."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        grant = service.admit_table(
            session,
            actor=actor,
            asset_id=asset_id,
            path=path,
            version_id=version_id,
            now=ports.clock.now(),
        )
    summary = service.tables_of(ports).summary(grant.file.sha256, grant.file.media_type)
    return service.table_view(grant, summary)


def _counted(ports: Ports, reading: Reading, page: RowPage) -> int | None:
    """Count the rows of an answer that is about to leave; how many the licence has left then."""
    if reading.grant.entitlement is None or page.row_count == 0:
        return reading.left
    with ports.db.writing() as session:
        return service.count_rows(
            session,
            grant=reading.grant,
            rows=page.row_count,
            now=ports.clock.now(),
            batch=limits_of(ports).batch,
        )


def _rows_reply(reading: Reading, page: RowPage, remaining: int | None, format: RowFormat) -> Response:  # noqa: A002
    headers = {
        "X-Row-Count": str(page.row_count),
        "X-Version-Id": str(reading.grant.version.id),
        "Cache-Control": "private, no-store",
    }
    if page.next_cursor is not None:
        headers["X-Next-Cursor"] = page.next_cursor
    if remaining is not None:
        headers["X-Rows-Remaining"] = str(remaining)
    if format != "json":
        return Response(page.body, media_type=page.media_type, headers=headers)
    tail = json.dumps({"next": page.next_cursor, "remaining": remaining})[1:].encode()
    return Response(b'{"rows":' + page.body + b"," + tail, media_type="application/json", headers=headers)

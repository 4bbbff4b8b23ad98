"""Entries of the log, statements, receipts and keys, as JSON and as the standards write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ledger.receipt import parse_bundle
from ledger.transparent import MEDIA_TYPE as TRANSPARENT_TYPE
from ledger.transparent import format_transparent_statement
from market.kit.auth import Principal
from market.kit.guards import api_guard
from market.kit.paging import Cursor, Limit, Page, read_cursor, write_cursor
from market.kit.ports import ports_of
from market.provenance import entries, keys, service
from market.provenance.comparing import compare
from market.provenance.file_routes import COSE_RECEIPT_TYPE, IMMUTABLE
from market.provenance.gateway import Ledger
from market.provenance.schemas import (
    RECEIPT_TYPE,
    ConsistencyView,
    EntryView,
    HeadView,
    KeyView,
    StatementView,
    receipt_headers,
)
from market.provenance.verbs import READ_KEYS, READ_LOG, READ_RECEIPT

router = APIRouter(prefix="/api/v1", tags=["ledger"])
Reader = Annotated[Principal, Depends(api_guard(READ_LOG))]


def _ledger(request: Request) -> Ledger:
    return ports_of(request).get(Ledger)


@router.get("/ledger/head", response_model=HeadView, summary="The newest published checkpoint")
def head(request: Request, actor: Reader) -> HeadView:
    return service.head(_ledger(request))


@router.get(
    "/ledger/consistency", response_model=ConsistencyView, summary="The proof that a state continues another"
)
def consistency_proof(
    request: Request,
    actor: Reader,
    old: Annotated[int, Query(alias="from", ge=1, lt=2**53)],
    new: Annotated[int, Query(alias="to", ge=1, lt=2**53)],
) -> ConsistencyView:
    """From the log of `from` entries to that of `to`, whether or not checkpoints were published at these sizes."""
    return compare(_ledger(request), old, new)


@router.get("/ledger/entries", response_model=Page[EntryView], summary="Entries of the log, newest first")
def list_entries(
    request: Request,
    actor: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[EntryView]:
    before = None
    if cursor is not None:
        (position,) = read_cursor(cursor, [int])
        before = int(position)
    shown = entries.before(_ledger(request), before, limit)
    more = bool(shown) and shown[-1].index > 0
    return Page(items=shown, next=write_cursor(shown[-1].index) if more else None)


@router.get("/ledger/entries/{index}", response_model=EntryView, summary="One entry of the log")
def entry(request: Request, actor: Reader, index: Annotated[int, Path(ge=0, lt=2**53)]) -> EntryView:
    return entries.at(_ledger(request), index)


@router.get("/statements/{leaf}", response_model=StatementView, summary="A statement and where it stands")
def statement(request: Request, actor: Reader, leaf: str) -> StatementView:
    with ports_of(request).db.reading() as session:
        return service.statement(session, _ledger(request), leaf)


@router.get("/statements/{leaf}/cose", summary="A statement's exact bytes (COSE_Sign1)")
def statement_bytes(request: Request, actor: Reader, leaf: str) -> Response:
    with ports_of(request).db.reading() as session:
        return Response(
            service.statement_bytes(session, leaf), media_type="application/cose", headers=IMMUTABLE
        )


@router.get(
    "/statements/{leaf}/receipt",
    summary="The receipt of a statement",
    responses={202: {"description": "On its way"}},
)
def receipt(
    request: Request, actor: Annotated[Principal, Depends(api_guard(READ_RECEIPT))], leaf: str
) -> Response:
    """The receipt bundle. 202 with Retry-After while the statement is on its way into the log."""
    return _as(
        request,
        actor,
        leaf,
        lambda data: Response(data, media_type=RECEIPT_TYPE, headers=receipt_headers(leaf)),
    )


@router.get(
    "/statements/{leaf}/receipt.cose",
    summary="The same proof as a COSE receipt (RFC 9942)",
    responses={202: {"description": "On its way"}},
)
def cose_receipt(
    request: Request, actor: Annotated[Principal, Depends(api_guard(READ_RECEIPT))], leaf: str
) -> Response:
    def render(data: bytes) -> Response:
        return Response(parse_bundle(data).cose_receipt, media_type=COSE_RECEIPT_TYPE)

    return _as(request, actor, leaf, render)


@router.get(
    "/statements/{leaf}/receipt.tlog-proof",
    summary="The same proof as a C2SP tlog-proof",
    responses={202: {"description": "On its way"}},
)
def tlog_proof(
    request: Request, actor: Annotated[Principal, Depends(api_guard(READ_RECEIPT))], leaf: str
) -> Response:
    return _as(request, actor, leaf, lambda data: PlainTextResponse(parse_bundle(data).tlog_proof))


@router.get(
    "/statements/{leaf}/transparent.cose",
    summary="The statement with its receipt attached (RFC 9943)",
    responses={202: {"description": "On its way"}},
)
def transparent_statement(
    request: Request, actor: Annotated[Principal, Depends(api_guard(READ_RECEIPT))], leaf: str
) -> Response:
    def render(data: bytes) -> Response:
        bundle = parse_bundle(data)
        transparent = format_transparent_statement(bundle.statement, [bundle.cose_receipt])
        return Response(transparent, media_type=TRANSPARENT_TYPE)

    return _as(request, actor, leaf, render)


def _as(request: Request, actor: Principal, leaf: str, render: Callable[[bytes], Response]) -> Response:
    """The receipt bundle in the form that `render` gives it; 202 while the statement is on its way into the log."""
    with ports_of(request).db.reading() as session:
        bundle = service.receipt(session, actor=actor, ledger=_ledger(request), leaf=leaf)
    if bundle is None:
        return JSONResponse({"state": "pending"}, status_code=202, headers={"Retry-After": "1"})
    return render(bundle)


@router.get("/organisations/{org_id}/signing-keys", response_model=Page[KeyView], summary="Signing keys")
def list_signing_keys(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_KEYS))],
    org_id: UUID,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[KeyView]:
    """All keys that the organisation ever had, the oldest first."""
    with ports_of(request).db.reading() as session:
        return keys.keys_of(
            session, actor=actor, ledger=_ledger(request), org_id=org_id, cursor=cursor, limit=limit
        )

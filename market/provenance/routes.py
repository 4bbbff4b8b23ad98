"""The log as files (C2SP tlog-tiles), and statements, receipts and keys as JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ledger.consistency_receipt import format_consistency_receipt
from ledger.errors import LedgerError
from ledger.policy import format_policy
from ledger.receipt import parse_bundle
from ledger.transparent import MEDIA_TYPE as TRANSPARENT_TYPE
from ledger.transparent import format_transparent_statement
from market.kit.auth import Principal
from market.kit.errors import NotFound
from market.kit.guards import api_guard, open_guard
from market.kit.i18n import N_
from market.kit.paging import Cursor, Limit, Page, read_cursor, write_cursor
from market.kit.ports import ports_of
from market.provenance import entries, keys, service
from market.provenance.comparing import compare
from market.provenance.file_routes import IMMUTABLE, served_beside, served_tile
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
from market.provenance.verifier_file import verifier_digest, verifier_file

FRESH = {"Cache-Control": "no-cache"}

COSE_RECEIPT_TYPE = "application/scitt-receipt+cose"

files = APIRouter(prefix="/ledger", include_in_schema=False)
verifier = APIRouter(include_in_schema=False)
router = APIRouter(prefix="/api/v1", tags=["ledger"])
Reader = Annotated[Principal, Depends(api_guard(READ_LOG))]


def _ledger(request: Request) -> Ledger:
    return ports_of(request).get(Ledger)


@files.get("/checkpoint", dependencies=[Depends(open_guard(READ_LOG))])
def checkpoint(request: Request) -> Response:
    """The newest published checkpoint, as a signed note."""
    published = _ledger(request).refreshed().published
    if published is None:
        raise NotFound(N_("This log has not published a checkpoint yet."))
    return PlainTextResponse(published.note, headers=FRESH)


@files.get("/checkpoints/{size}.{kind}", dependencies=[Depends(open_guard(READ_LOG))])
def beside_checkpoint(request: Request, size: Annotated[int, Path(ge=0, lt=2**53)], kind: str) -> Response:
    """The COSE signature of a kept checkpoint, its links to earlier ones, or a time-stamp token over it."""
    return served_beside(_ledger(request).objects, size, kind)


@files.get("/checkpoints/{size}", dependencies=[Depends(open_guard(READ_LOG))])
def kept_checkpoint(request: Request, size: Annotated[int, Path(ge=0)]) -> Response:
    """The checkpoint as it was published at `size` entries; kept for ever."""
    try:
        return PlainTextResponse(_ledger(request).refreshed().checkpoint_at(size).note, headers=IMMUTABLE)
    except LedgerError as error:
        raise NotFound(N_("No checkpoint was published at this size.")) from error


@files.get("/consistency/{old}/{new}.cose", dependencies=[Depends(open_guard(READ_LOG))])
def consistency(
    request: Request, old: Annotated[int, Path(gt=0, lt=2**53)], new: Annotated[int, Path(gt=0, lt=2**53)]
) -> Response:
    """A COSE receipt (RFC 9942) that the checkpoint published at `new` entries continues the log of `old` entries."""
    reader = _ledger(request).refreshed()
    try:
        under = reader.checkpoint_at(new)
        receipt = format_consistency_receipt(
            under.cose_protected, under.cose_signature, old, new, reader.consistency(old, new)
        )
    except LedgerError as error:
        raise NotFound(
            N_("There is no proof from %(old)s to %(new)s entries."),
            hint=N_("The smaller number comes first; a checkpoint was published at the larger one."),
            old=old,
            new=new,
        ) from error
    return Response(receipt, media_type=COSE_RECEIPT_TYPE, headers=IMMUTABLE)


@files.get("/tile/{path:path}", dependencies=[Depends(open_guard(READ_LOG))])
def tile(request: Request, path: str) -> Response:
    """A hash tile or an entry bundle, full or partial."""
    return served_tile(request, _ledger(request).objects, path)


@files.get("/trust.policy", dependencies=[Depends(open_guard(READ_LOG))])
def trust(request: Request) -> Response:
    """The trust file (C2SP tlog-policy). Compare its fingerprint with one you got elsewhere before you rely on it."""
    return PlainTextResponse(format_policy(_ledger(request).policy), headers=FRESH)


@verifier.get("/verify.html", dependencies=[Depends(open_guard(READ_LOG))])
def verifier_page() -> Response:
    """The verifier in one file, to be saved and opened from there: as a page of this server it would prove less."""
    return Response(
        verifier_file(),
        media_type="text/html; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="verify.html"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(verifier_digest())).decode()}:",
            **FRESH,
        },
    )


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

"""The standard way in and out (draft-ietf-scitt-scrapi-11): register a statement, fetch its receipt, fetch the keys.

    GET  /.well-known/scitt-keys          200 COSE Key Set
    GET  /.well-known/scitt-keys/{kid}    200 COSE Key, 404
    POST /entries                         201 receipt, or 202 while it is on its way; Location is the same for ever
    GET  /entries/{leaf}                  200 receipt, 204 while it is on its way, 404

Every refusal is a concise problem (market/kit/concise.py).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from ledger.scrapi import KEYS_TYPE, RECEIPT_TYPE, STATEMENT_TYPES, format_key_set, key_locator
from market.kit.auth import Principal
from market.kit.concise import ProtocolFault
from market.kit.errors import Kind, Unsupported
from market.kit.guards import open_guard
from market.kit.i18n import N_
from market.kit.ports import Ports, ports_of
from market.kit.ratelimit import limited
from market.provenance import submission
from market.provenance.gateway import Ledger
from market.provenance.verbs import READ_LOG, READ_RECEIPT, REGISTER

SUBMISSIONS, POLLS = "120/minute", "1200/minute"
ON_ITS_WAY = {"Retry-After": "1", "Cache-Control": "no-store"}
# A key stays one of the log's for as long as there are receipts by it; new ones may join.
KEYS_KEPT = {"Cache-Control": "public, max-age=300"}
RECEIPT_KEPT = {"Cache-Control": "public, max-age=604800, immutable"}

router = APIRouter(include_in_schema=False)


class NoSuchKey(ProtocolFault):
    kind, slug, title = Kind.NOT_FOUND, "no-such-key", "No such key"


@router.get("/.well-known/scitt-keys", dependencies=[Depends(open_guard(READ_LOG))])
def keys(request: Request) -> Response:
    """The keys that receipts are checked with."""
    found = ports_of(request).get(Ledger).receipt_keys()
    return Response(format_key_set(found), media_type=KEYS_TYPE, headers=KEYS_KEPT)


@router.get("/.well-known/scitt-keys/{kid:path}", dependencies=[Depends(open_guard(READ_LOG))])
def key(request: Request, kid: str) -> Response:
    """One of them, by its key id in base64url without padding."""
    for found in ports_of(request).get(Ledger).receipt_keys():
        if key_locator(found) == kid:
            return Response(found.cose_key(), media_type=KEYS_TYPE, headers=KEYS_KEPT)
    raise NoSuchKey(N_("This log has no key of that id; key ids are given in base64url without padding."))


@router.post("/entries", dependencies=[Depends(limited(SUBMISSIONS, "entries"))])
async def submit(request: Request, actor: Annotated[Principal, Depends(open_guard(REGISTER))]) -> Response:
    """Register a signed statement. The bytes are read as they came: the signature is over them."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in STATEMENT_TYPES:
        raise Unsupported(
            N_("The body is not declared as a signed statement."), hint=N_("Send it as application/cose.")
        )
    return await run_in_threadpool(_submit, ports_of(request), actor, await request.body())


@router.get(
    "/entries/{leaf:path}",
    dependencies=[Depends(open_guard(READ_RECEIPT)), Depends(limited(POLLS, "entries-polled"))],
)
def receipt(request: Request, leaf: str) -> Response:
    """The receipt of a registered statement; the same bytes for ever."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        found = submission.registered(session, ledger=ports.get(Ledger), leaf=leaf)
    if found.receipt is None:
        return Response(status_code=204, headers=ON_ITS_WAY)
    return _receipt(ports, found.leaf, found.receipt, 200, RECEIPT_KEPT)


def _submit(ports: Ports, actor: Principal, data: bytes) -> Response:
    entry, ledger = submission.accept(data), ports.get(Ledger)
    with ports.db.writing() as session:
        leaf = submission.register(session, actor=actor, ledger=ledger, entry=entry, now=ports.clock.now())
    with ports.db.reading() as session:
        found = submission.registered(session, ledger=ledger, leaf=leaf)
    if found.receipt is None:
        return Response(status_code=202, headers=ON_ITS_WAY | {"Location": _address(ports, leaf)})
    return _receipt(ports, leaf, found.receipt, 201, {})


def _receipt(ports: Ports, leaf: str, data: bytes, status: int, headers: dict[str, str]) -> Response:
    located = headers | {"Location": _address(ports, leaf)}
    return Response(data, status_code=status, media_type=RECEIPT_TYPE, headers=located)


def _address(ports: Ports, leaf: str) -> str:
    return f"{ports.base_url}/entries/{leaf}"

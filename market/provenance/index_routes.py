"""The index of the log: its files (C2SP tlog-tiles, under `/ledger/index/v1/`), and histories."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import PlainTextResponse, Response

from ledger.index.history import MEDIA_TYPE
from market.kit.auth import Principal
from market.kit.errors import NotFound
from market.kit.guards import api_guard, open_guard
from market.kit.i18n import N_
from market.kit.ports import ports_of
from market.kit.ratelimit import limited
from market.provenance.file_routes import FRESH, IMMUTABLE, served_beside, served_tile
from market.provenance.gateway import Ledger
from market.provenance.indexing import HISTORIES, Index
from market.provenance.verbs import READ_LOG

files = APIRouter(prefix="/ledger/index/v1", include_in_schema=False)
router = APIRouter(prefix="/api/v1", tags=["ledger"])


def _index(request: Request) -> Index:
    index = ports_of(request).get(Ledger).index
    if index is None:
        raise NotFound(N_("This log has no index."))
    return index


@files.get("/checkpoint", dependencies=[Depends(open_guard(READ_LOG))])
def checkpoint(request: Request) -> Response:
    """The newest published checkpoint of the index log, as a signed note."""
    note = _index(request).checkpoint()
    if note is None:
        raise NotFound(N_("This log has not published a checkpoint yet."))
    return PlainTextResponse(note, headers=FRESH)


@files.get("/checkpoints/{size}.{kind}", dependencies=[Depends(open_guard(READ_LOG))])
def beside_checkpoint(request: Request, size: Annotated[int, Path(ge=0, lt=2**53)], kind: str) -> Response:
    """The COSE signature of a kept checkpoint of the index log, or its links to earlier ones."""
    return served_beside(_index(request).objects, size, kind)


@files.get("/checkpoints/{size}", dependencies=[Depends(open_guard(READ_LOG))])
def kept_checkpoint(request: Request, size: Annotated[int, Path(ge=0, lt=2**53)]) -> Response:
    """The checkpoint of the index log as it was published at `size` entries; kept for ever."""
    note = _index(request).checkpoint(size)
    if note is None:
        raise NotFound(N_("No checkpoint was published at this size."))
    return PlainTextResponse(note, headers=IMMUTABLE)


@files.get("/tile/{path:path}", dependencies=[Depends(open_guard(READ_LOG))])
def tile(request: Request, path: str) -> Response:
    """A hash tile or an entry bundle of the index log, full or partial."""
    return served_tile(request, _index(request).objects, path)


@router.get(
    "/ledger/history",
    summary="All entries that name a key, with the proof that none is left out",
    dependencies=[Depends(limited(HISTORIES, "histories"))],
)
def history(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_LOG))],
    key: Annotated[str, Query(min_length=1, max_length=2048)],
    entries: bool = True,
) -> Response:
    """The history of a key such as `asset:<uuid>`, `org:<uuid>`, `certificate:<number>`, `key:<hex>`, `leaf:<hash>` or
    `kind:<predicate type>`, as of the newest published index; its absence, proved, if no entry names it.

    `entries=false` leaves the entries' bytes out, which are 16 MiB at most. Check it offline with `datawharf index verify`.
    """
    data = _index(request).history(key, ports_of(request).get(Ledger).refreshed(), with_entries=entries)
    return Response(data, media_type=MEDIA_TYPE, headers=FRESH)

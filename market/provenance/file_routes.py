"""The log as files: C2SP tlog-tiles, kept checkpoints and what lies beside them, the trust file, the verifier.

Tiles go out as they are, bundles of entries packed for those who unpack.
"""

from __future__ import annotations

import base64
import gzip
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import PlainTextResponse, Response

from ledger.consistency_receipt import format_consistency_receipt
from ledger.errors import LedgerError
from ledger.kept import KEPT
from ledger.policy import format_policy
from ledger.storage import ObjectReader
from ledger.tiles import ENTRIES, parse_tile_path
from ledger.timestamp import REPLY_TYPE
from market.kit.errors import NotFound
from market.kit.guards import open_guard
from market.kit.i18n import N_
from market.kit.ports import ports_of
from market.provenance.gateway import Ledger
from market.provenance.verbs import READ_LOG
from market.provenance.verifier_file import verifier_digest, verifier_file

IMMUTABLE = {"Cache-Control": "public, max-age=604800, immutable"}
FRESH = {"Cache-Control": "no-cache"}
COSE_RECEIPT_TYPE = "application/scitt-receipt+cose"
# Half of a bundle is hashes and signatures, which no effort packs; text that somebody made for it would take 200 times as
# long at the best level.
_FAST = 1
_BESIDE = {"cose": "application/cose", "links": "text/plain", "tsr": REPLY_TYPE}


files = APIRouter(prefix="/ledger", include_in_schema=False)
verifier = APIRouter(include_in_schema=False)


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


def served_tile(request: Request, objects: ObjectReader, path: str) -> Response:
    """The tile or bundle `tile/<path>` of a log whose files are `objects`."""
    name = f"tile/{path}"
    try:
        tile = parse_tile_path(name)
        data = objects.read(name)
    except LedgerError as error:
        raise _missing() from error
    if data is None:
        raise _missing()
    headers = dict(IMMUTABLE)
    if tile.level == ENTRIES:
        headers["Vary"] = "Accept-Encoding"
        if _unpacks_gzip(request.headers.get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            data = gzip.compress(data, _FAST, mtime=0)
    return Response(data, media_type="application/octet-stream", headers=headers)


def served_beside(objects: ObjectReader, size: int, kind: str) -> Response:
    """What is kept beside the checkpoint of `size` entries: its COSE signature, its links, its time-stamp token."""
    media_type = _BESIDE.get(kind)
    data = objects.read(f"{KEPT}{size}.{kind}") if media_type else None
    if data is None:
        raise NotFound(N_("Nothing of this name is kept beside a checkpoint of this size."))
    return Response(data, media_type=media_type, headers=IMMUTABLE)


def _missing() -> NotFound:
    return NotFound(N_("There is no such tile."))


def _unpacks_gzip(accepted: str) -> bool:
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False

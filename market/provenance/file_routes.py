"""What the routes of a log's files answer (C2SP tlog-tiles): tiles as they are, bundles packed for those who unpack."""

from __future__ import annotations

import gzip

from starlette.requests import Request
from starlette.responses import Response

from ledger.errors import LedgerError
from ledger.kept import KEPT
from ledger.storage import ObjectReader
from ledger.tiles import ENTRIES, parse_tile_path
from ledger.timestamp import REPLY_TYPE
from market.kit.errors import NotFound
from market.kit.i18n import N_

IMMUTABLE = {"Cache-Control": "public, max-age=604800, immutable"}
# Half of a bundle is hashes and signatures, which no effort packs; text that somebody made for it would take 200 times as
# long at the best level.
_FAST = 1
_BESIDE = {"cose": "application/cose", "links": "text/plain", "tsr": REPLY_TYPE}


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

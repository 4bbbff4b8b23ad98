"""Answers a request for a file: conditions, ranges, headers; then the bytes, or an address where the store gives them."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from market.catalog import service as catalog
from market.catalog.blob_store import BlobStore
from market.delivery import service
from market.delivery.errors import OtherBytes, RangeUnsatisfiable
from market.delivery.gate import Grant
from market.delivery.limits import limits_of
from market.delivery.ranges import Span, names_tag, parse_range
from market.delivery.stream_routes import BlobResponse, Part
from market.kit.auth import system
from market.kit.i18n import N_
from market.kit.ports import Ports, ports_of
from market.kit.problems import answer_fault
from market.provenance.gateway import Ledger

# A transfer from a signed address cannot be stopped once it runs: these go through us.
_RESTRICTED = frozenset({"G3", "G4", "IMPORTANT", "CORE"})
# Types that a browser would run or draw are named as plain bytes; the file itself is unchanged.
_ACTIVE = re.compile(r"html|xml|svg|script|pdf|flash|wasm|multipart|message", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:\s*;\s*[A-Za-z0-9=_.\"+-]+)*")
_DOWNLOADS = system("download")
OCTETS = "application/octet-stream"


def answer_file(request: Request, grant: Grant, *, who: str, most: int) -> Response:
    """The file, parts of it, or why not. who, most: whose streams are counted, and how many may run at once."""
    etag = f'"{grant.file.sha256}"'
    wanted = request.headers.get("if-match")
    if wanted is not None and not names_tag(wanted, etag, weak=False):
        raise OtherBytes(
            N_("Its ETag is %(etag)s."),
            hint=N_("Start again without If-Match."),
            where="If-Match",
            etag=etag,
        )
    known = request.headers.get("if-none-match")
    headers = _headers(grant, etag)
    if known is not None and names_tag(known, etag, weak=True):
        return Response(status_code=304, headers={"ETag": etag, "Cache-Control": headers["Cache-Control"]})
    try:
        spans = _spans(request, grant.file.size, etag)
    except RangeUnsatisfiable as fault:
        refusal = answer_fault(request, fault)
        refusal.headers["Content-Range"] = f"bytes */{grant.file.size}"
        return refusal
    if request.method == "HEAD":
        head = Response(headers=headers)
        head.headers["Content-Length"] = str(grant.file.size)
        return head
    ports = ports_of(request)
    _state_release(ports, grant)
    return _elsewhere(request, ports, grant, spans) or _bytes(ports, grant, headers, spans, who, most)


def _spans(request: Request, size: int, etag: str) -> list[Span] | None:
    """What the request wants of the file; None for all of it. HEAD has no ranges (RFC 9110 section 14.2)."""
    given = request.headers.getlist("range")
    if request.method != "GET" or not given:
        return None
    condition = request.headers.get("if-range")
    # A date never fits: what is here has no date, only a digest.
    if condition is not None and condition.strip() != etag:
        return None
    return parse_range(given[0] if len(given) == 1 else "bytes=;", size)


def _state_release(ports: Ports, grant: Grant) -> None:
    """Before the first byte of a day leaves; the many requests after it only read."""
    now = ports.clock.now()
    with ports.db.reading() as session:
        if service.is_released(session, grant, now):
            return
    with ports.db.writing() as session:
        service.release(session, ledger=ports.get(Ledger), grant=grant, now=now)


def _elsewhere(request: Request, ports: Ports, grant: Grant, spans: list[Span] | None) -> Response | None:
    """A short-lived address in the object store, where there is one and the bytes may go past us.

    Object stores take one range at a time, and a browser's page may not be led to a foreign host by a form.
    """
    store: BlobStore = ports.get(BlobStore)  # type: ignore[type-abstract]
    if (spans is not None and len(spans) > 1) or request.headers.get("sec-fetch-mode") == "navigate":
        return None
    address = store.signed_address(grant.file.sha256, limits_of(ports).signed_address)
    if address is None:
        return None
    with ports.db.reading() as session:
        asset = catalog.asset(session, actor=_DOWNLOADS, asset_id=grant.version.asset_id)
    if asset.metadata.grade in _RESTRICTED:
        return None
    return Response(status_code=307, headers={"Location": address, "Cache-Control": "no-store"})


def _bytes(
    ports: Ports, grant: Grant, headers: dict[str, str], spans: list[Span] | None, who: str, most: int
) -> Response:
    limits, size = limits_of(ports), grant.file.size
    status, parts = 200, list[Part]([Span(0, size)])
    if spans is not None and len(spans) == 1:
        status, parts = 206, list[Part](spans)
        headers["Content-Range"] = _content_range(spans[0], size)
    elif spans is not None:
        boundary = secrets.token_hex(16)
        status, parts = 206, _multipart(spans, size, headers["Content-Type"], boundary)
        headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"

    def stands() -> bool:
        with ports.db.reading() as session:
            return service.still_stands(session, ports.authenticator, grant, ports.clock.now())

    store: BlobStore = ports.get(BlobStore)  # type: ignore[type-abstract]
    return BlobResponse(
        status,
        headers,
        store=store,
        digest=grant.file.sha256,
        parts=parts,
        streams=service.streams_of(ports),
        who=who,
        most=most,
        stands=stands,
        recheck=limits.recheck,
        stall=limits.stall,
    )


def _multipart(spans: Sequence[Span], size: int, media_type: str, boundary: str) -> list[Part]:
    """RFC 9110 section 14.6."""
    parts: list[Part] = []
    for span in spans:
        line_end = "\r\n" if parts else ""
        head = f"{line_end}--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {_content_range(span, size)}"
        parts += [f"{head}\r\n\r\n".encode("latin-1"), span]
    parts.append(f"\r\n--{boundary}--\r\n".encode())
    return parts


def _content_range(span: Span, size: int) -> str:
    return f"bytes {span.start}-{span.stop - 1}/{size}"


def _headers(grant: Grant, etag: str) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(grant.file.sha256)).decode()
    return {
        "Content-Type": safe_type(grant.file.media_type),
        "Content-Disposition": disposition(grant.file.path),
        "ETag": etag,
        "Repr-Digest": f"sha-256=:{digest}:",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


def safe_type(media_type: str) -> str:
    """The type that the manifest names, unless a browser could be made to run it."""
    return media_type if _PLAIN.fullmatch(media_type) and not _ACTIVE.search(media_type) else OCTETS


def disposition(path: str) -> str:
    """An attachment under the last part of the path (RFC 6266): in plain letters, and exactly in UTF-8."""
    name = path.rpartition("/")[2]
    plain = re.sub(r'[^\x20-\x7e]|["\\%/]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

"""Addresses that belong to no slice: static files, health, and the choice of a language."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from market.kit.auth import Principal
from market.kit.errors import NotFound
from market.kit.guards import BROWSE, open_guard, page_guard
from market.kit.i18n import LANGS, N_
from market.kit.jobs import backlog
from market.kit.ports import ports_of
from market.kit.problems import language_of
from market.kit.templating import STATIC, render, static_digest

router = APIRouter(include_in_schema=False)
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}


@router.get("/healthz", dependencies=[Depends(open_guard(BROWSE))])
def healthz(request: Request) -> Response:
    """200 while the database answers; says how many jobs wait and how many gave up."""
    with ports_of(request).db.reading() as session:
        jobs = backlog(session)
    return JSONResponse({"status": "ok", "jobs": jobs})


@router.get("/static/{digest}/{name:path}", dependencies=[Depends(open_guard(BROWSE))])
def static_file(digest: str, name: str) -> Response:
    """A file of market/static. Under the digest of this release it may be cached for ever; any other digest is a guess."""
    path = PurePosixPath(name)
    target = STATIC / path
    if path.is_absolute() or ".." in path.parts or not target.is_file():
        raise NotFound(N_("There is no such file."))
    kept = digest == static_digest()
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    caching = "public, max-age=31536000, immutable" if kept else "no-cache"
    return FileResponse(target, media_type=media_type, headers={"Cache-Control": caching})


@router.get("/robots.txt", dependencies=[Depends(open_guard(BROWSE))])
def robots() -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /api/\nDisallow: /d/\n")


@router.get("/.well-known/security.txt", dependencies=[Depends(open_guard(BROWSE))])
def security_txt(request: Request) -> Response:
    base = ports_of(request).base_url
    return PlainTextResponse(
        f"Contact: {base}/en/help\nExpires: 2027-11-24T00:00:00Z\nPreferred-Languages: zh, en\n"
    )


@router.get("/", dependencies=[Depends(open_guard(BROWSE))])
def choose(request: Request) -> Response:
    """The home page in the visitor's language."""
    return RedirectResponse(
        f"/{language_of(request)}/", status_code=307, headers={"Vary": "Accept-Language, Cookie"}
    )


@router.get("/{lang}/developers")
def developers(
    request: Request, lang: str, actor: Annotated[Principal, Depends(page_guard(BROWSE))]
) -> Response:
    """The API page: every route with its fields and an example, written from the OpenAPI description, without scripts."""
    if lang not in LANGS:
        raise NotFound(N_("There is no page or object at this address."))
    return render(request, "site/developers.html", api=request.app.openapi())

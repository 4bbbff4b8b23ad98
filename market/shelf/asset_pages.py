"""Pages of an asset: each tab has an address of its own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import JSONResponse, Response

from market.kit.auth import Principal, Resource, allowed
from market.kit.errors import NotFound
from market.kit.guards import page_guard
from market.kit.i18n import N_, Lang
from market.kit.pages import LangPath, page_router
from market.kit.paging import Cursor
from market.kit.ports import ports_of
from market.kit.templating import as_drawing, render
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.shelf import asset_view
from market.shelf.asset_view import AssetPage
from market.shelf.jsonld import JSONLD_TYPE
from market.shelf.schemas import ListingState, id_in
from market.shelf.verbs import LIST_ASSET, SEARCH
from market.shelf.words import FIELDS_IN_WORDS, asset_words
from market.zones import service as zones

router = page_router("shelf")
Visitor = Annotated[Principal, Depends(page_guard(SEARCH))]
# Search engines get the beginning in the page; the rest is in the file.
_FILES_IN_PAGE = 20
_MOST_FILES_SHOWN = 500


@router.get("/assets/{address}.jsonld")
def linked_data(request: Request, lang: LangPath, address: str, actor: Visitor) -> Response:
    """The asset for machines: schema.org and Croissant, with the digest of every file."""
    with ports_of(request).db.reading() as session:
        page = _load(request, session, actor, address, None)
    described = page.jsonld(ports_of(request).base_url, lang)
    return JSONResponse(described, media_type=JSONLD_TYPE, headers={"Cache-Control": "no-cache"})


@router.get("/assets/{address}")
def overview(request: Request, lang: LangPath, address: str, actor: Visitor) -> Response:
    """What it is; for an asset that was taken off, the tombstone."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        page = _load(request, session, actor, address, _FILES_IN_PAGE)
        if page.state is ListingState.DELISTED:
            said = provenance.history(session, ports.get(Ledger), page.asset.id, limit=5)
            return _show(request, lang, actor, page, "tombstone", status=410, statements=said)
    described = page.jsonld(ports.base_url, lang, _FILES_IN_PAGE)
    return _show(request, lang, actor, page, "overview", jsonld=described)


@router.get("/assets/{address}/preview")
def preview(request: Request, lang: LangPath, address: str, actor: Visitor) -> Response:
    """The first rows, where the provider lets everybody see them; else why not."""
    with ports_of(request).db.reading() as session:
        page = _load(request, session, actor, address)
        shown = asset_view.sample_shown(session, page)
    return _show(request, lang, actor, page, "preview", shown=shown)


@router.get("/assets/{address}/files")
def files(request: Request, lang: LangPath, address: str, actor: Visitor) -> Response:
    """Every file with its size and digest."""
    with ports_of(request).db.reading() as session:
        page = _load(request, session, actor, address, _MOST_FILES_SHOWN)
    return _show(request, lang, actor, page, "files", most_files=_MOST_FILES_SHOWN)


@router.get("/assets/{address}/terms")
def terms(request: Request, lang: LangPath, address: str, actor: Visitor) -> Response:
    """Licence and price in words."""
    with ports_of(request).db.reading() as session:
        page = _load(request, session, actor, address)
    licence = zones.licence_in_words(page.asset.metadata.licence, lang)
    return _show(request, lang, actor, page, "terms", licence=licence)


@router.get("/assets/{address}/provenance")
def provenance_tab(request: Request, lang: LangPath, address: str, actor: Visitor) -> Response:
    """What was stated about it with receipts, what it was made from, and what was made from it."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        page = _load(request, session, actor, address)
        made = asset_view.lineage(session, actor=actor, asset_id=page.asset.id, lang=lang)
        said = provenance.history(session, ports.get(Ledger), page.asset.id)
    drawing = as_drawing(made.drawing) if made.drawing else ""
    return _show(
        request, lang, actor, page, "provenance", drawing=drawing, lineage=made.rows, statements=said
    )


@router.get("/assets/{address}/history")
def history(
    request: Request, lang: LangPath, address: str, actor: Visitor, cursor: Cursor = None
) -> Response:
    """Versions, and what changed from one to the next, the newest first."""
    with ports_of(request).db.reading() as session:
        page = _load(request, session, actor, address)
        found = asset_view.history(session, actor=actor, asset_id=page.asset.id, cursor=cursor)
    return _show(request, lang, actor, page, "history", history=found)


def _load(
    request: Request, session: Any, actor: Principal, address: str, most_files: int | None = 0
) -> AssetPage:
    """most_files: how many files the page shows; most tabs show none."""
    asset_id = id_in(address)
    if asset_id is None:
        raise NotFound(N_("There is no asset at this address."), hint=N_("Look for it in the catalogue."))
    now = ports_of(request).clock.now()
    return asset_view.asset_page(session, actor=actor, asset_id=asset_id, now=now, most_files=most_files)


def _show(
    request: Request,
    lang: Lang,
    actor: Principal,
    page: AssetPage,
    tab: str,
    *,
    status: int = 200,
    **context: Any,
) -> Response:
    own = allowed(actor, LIST_ASSET, Resource(org_id=page.asset.org_id, zone=page.asset.zone))
    return render(
        request,
        f"shelf/asset_{tab}.html",
        status=status,
        page=page,
        tab=tab,
        root=f"/{lang}/assets/{page.address}",
        canonical=f"{ports_of(request).base_url}/{lang}/assets/{page.address}",
        words=asset_words(page.asset.metadata, lang),
        fields=FIELDS_IN_WORDS,
        own=own,
        **context,
    )

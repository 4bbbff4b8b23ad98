"""The shelf as JSON: search and facets for everybody, listings for providers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from market.kit.auth import Principal
from market.kit.guards import api_guard
from market.kit.idempotency import OnceDep
from market.kit.paging import Page
from market.kit.ports import ports_of
from market.kit.problems import language_of
from market.kit.ratelimit import limited
from market.shelf import service
from market.shelf.schemas import CataloguePage, CatalogueQuery, FacetView, ListingIn, ListingView
from market.shelf.verbs import LIST_ASSET, READ_LISTING, SEARCH

router = APIRouter(prefix="/api/v1", tags=["shelf"])
SEARCHES = "120/minute"
Visitor = Annotated[Principal, Depends(api_guard(SEARCH))]
Asked = Annotated[CatalogueQuery, Query()]


@router.get(
    "/catalogue",
    response_model=CataloguePage,
    summary="Search what is on show",
    dependencies=[Depends(limited(SEARCHES, "search"))],
)
def search(request: Request, query: Asked, actor: Visitor) -> CataloguePage:
    """Words in Chinese, English or any of ASEAN's languages; all must occur. Pages go to the fiftieth."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        return service.search(
            session, actor=actor, query=query, lang=language_of(request), now=ports.clock.now()
        )


@router.get(
    "/catalogue/facets",
    response_model=Page[FacetView],
    summary="What the search can be narrowed by, with counts",
    dependencies=[Depends(limited(SEARCHES, "search"))],
)
def facets(request: Request, query: Asked, actor: Visitor) -> Page[FacetView]:
    """Each count says how many there would be with that value added; above a thousand it is capped."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        found = service.facets(
            session, actor=actor, query=query, lang=language_of(request), now=ports.clock.now()
        )
    return Page(items=found)


@router.get(
    "/assets/{asset_id}/listing", response_model=ListingView, summary="Your asset's listing and its gates"
)
def read_listing(
    request: Request, asset_id: UUID, actor: Annotated[Principal, Depends(api_guard(READ_LISTING))]
) -> ListingView:
    ports = ports_of(request)
    with ports.db.reading() as session:
        return service.listing(session, actor=actor, asset_id=asset_id, now=ports.clock.now())


@router.post(
    "/assets/{asset_id}/listing", status_code=201, response_model=ListingView, summary="Put an asset on show"
)
def list_asset(
    request: Request,
    asset_id: UUID,
    body: ListingIn,
    actor: Annotated[Principal, Depends(api_guard(LIST_ASSET))],
    once: OnceDep,
) -> Response:
    """Needs a valid certificate, a published offer, a grade below core data, and no hit on the negative list."""
    return once(
        actor,
        lambda session: service.list_asset(
            session, actor=actor, asset_id=asset_id, wanted=body, now=once.now
        ),
    )


@router.delete(
    "/assets/{asset_id}/listing", response_model=ListingView, summary="Take an asset off the shelf"
)
def delist_asset(
    request: Request, asset_id: UUID, actor: Annotated[Principal, Depends(api_guard(LIST_ASSET))]
) -> ListingView:
    """Licences that were given go on; the page stays and says that nothing new is given."""
    ports = ports_of(request)
    with ports.db.writing() as session:
        return service.delist_asset(session, actor=actor, asset_id=asset_id, now=ports.clock.now())

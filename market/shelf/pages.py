"""Pages of the shelf: home, catalogue, zones and providers. Assets, the studio and help have modules of their own."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from sqlmodel import Session
from starlette.responses import Response

from market.accounts import service as accounts
from market.kit.auth import ANONYMOUS, Principal
from market.kit.errors import NotFound
from market.kit.guards import BROWSE, page_guard
from market.kit.i18n import N_
from market.kit.pages import LangPath, page_router
from market.kit.ports import Ports, ports_of
from market.kit.ratelimit import limited
from market.kit.templating import as_drawing, render
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import HeadView
from market.shelf import service
from market.shelf.addresses import catalogue_address, chips, page_numbers
from market.shelf.drawing import draw_cities
from market.shelf.facets import BY_NAME, value_words
from market.shelf.indexing import ALL
from market.shelf.schemas import CatalogueQuery
from market.shelf.verbs import SEARCH
from market.zones import service as zones

router = page_router("shelf")
Visitor = Annotated[Principal, Depends(page_guard(BROWSE))]
Searcher = Annotated[Principal, Depends(page_guard(SEARCH))]
SEARCHES = "120/minute"
NEWEST = 6


def page_context(_request: Request) -> dict[str, Any]:
    """facet_words: a value of a facet in both languages, for lists of assets."""
    return {"facet_words": value_words}


@router.get("/")
def home(request: Request, lang: LangPath, actor: Visitor) -> Response:
    """What it is, a search, the newest, the state of the ledger, and ways in by city and industry."""
    ports = ports_of(request)
    now = ports.clock.now()
    with ports.db.reading() as session:
        newest = service.search(session, actor=ANONYMOUS, query=CatalogueQuery(), lang=lang, now=now)
        counts = service.counts(session)
    cities = {value: count for (facet, value), count in counts.items() if facet == "city"}
    names = {city.adcode: city.name for city in zones.cities()}
    industries = [
        (code, words.best(lang), counts.get(("industry", code), 0))
        for code, words in zones.industries().items()
    ]
    return render(
        request,
        "shelf/home.html",
        newest=newest.items[:NEWEST],
        total=counts.get(ALL, 0),
        head=_head(ports),
        cities=as_drawing(draw_cities(names, cities, lang)),
        industries=industries,
    )


@router.get("/catalogue", dependencies=[Depends(limited(SEARCHES, "search"))])
def catalogue(
    request: Request, lang: LangPath, query: Annotated[CatalogueQuery, Query()], actor: Searcher
) -> Response:
    """Search, facets and results. The address holds all of the state."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        found = service.browse(session, actor=actor, query=query, lang=lang, now=ports.clock.now())
    return render(
        request,
        "shelf/catalogue.html",
        query=query,
        found=found,
        facet_titles={name: facet.title for name, facet in BY_NAME.items()},
        chips=chips(lang, query),
        address=partial(catalogue_address, lang),
        numbers=page_numbers(found.page),
        all_address=f"/{lang}/catalogue",
    )


@router.get("/zones/{adcode}")
def zone(request: Request, lang: LangPath, adcode: str, actor: Visitor) -> Response:
    """A city's data zone: its registrar and what it has on show."""
    name = zones.code_list("places").get(adcode)
    if name is None:
        raise NotFound(
            N_("There is no data zone with the code %(adcode)s."),
            hint=N_("The zones are on the home page."),
            adcode=adcode[:12],
        )
    ports = ports_of(request)
    query = CatalogueQuery(city=[adcode])
    with ports.db.reading() as session:
        found = service.search(session, actor=actor, query=query, lang=lang, now=ports.clock.now())
        registrar = _registrar(session, adcode)
    return render(request, "shelf/zone.html", adcode=adcode, name=name, found=found, registrar=registrar)


@router.get("/providers/{org_id}")
def provider(request: Request, lang: LangPath, org_id: UUID, actor: Visitor) -> Response:
    """An organisation and what it has on show."""
    with ports_of(request).db.reading() as session:
        items = service.of_provider(session, org_id=org_id)
        found = accounts.org(session, org_id)
    return render(request, "shelf/provider.html", org=found, items=items)


def _registrar(session: Session, adcode: str) -> str | None:
    found = next((one for one in zones.zones(session) if one.adcode == adcode), None)
    return str(found.organisation) if found is not None and found.organisation else None


def _head(ports: Ports) -> HeadView | None:
    try:
        return provenance.head(ports.get(Ledger))
    except NotFound:
        return None

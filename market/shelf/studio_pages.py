"""The provider's page of a listing: its gates, and the buttons to show, pause and take off."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from market.catalog import service as catalog
from market.kit.auth import Principal
from market.kit.errors import Fault
from market.kit.forms import SubmittedDep, in_words
from market.kit.guards import page_guard
from market.kit.i18n import N_
from market.kit.pages import LangPath, page_router, redirect
from market.kit.ports import ports_of
from market.kit.templating import render
from market.shelf import service
from market.shelf.schemas import ListingIn
from market.shelf.verbs import LIST_ASSET, READ_LISTING

router = page_router("shelf")


class ListingForm(BaseModel):
    """sample: the box is ticked, or left out."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["LISTED", "PAUSED", "DELISTED"]
    sample: Literal["yes", ""] = ""


@router.get("/studio/listings/{asset_id}")
def show_listing(
    request: Request,
    lang: LangPath,
    asset_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(READ_LISTING))],
) -> Response:
    return _page(request, actor, asset_id, {})


@router.post("/studio/listings/{asset_id}")
def change_listing(
    request: Request,
    lang: LangPath,
    asset_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(LIST_ASSET))],
    form: SubmittedDep,
) -> Response:
    ports = ports_of(request)
    read, errors = form.read(ListingForm, lang)
    if read is None:
        return _page(request, actor, asset_id, errors, status=422)
    now = ports.clock.now()
    try:
        with ports.db.writing() as session:
            if read.action == "DELISTED":
                service.delist_asset(session, actor=actor, asset_id=asset_id, now=now)
            else:
                wanted = ListingIn(state=read.action, sample=read.sample == "yes")
                service.list_asset(session, actor=actor, asset_id=asset_id, wanted=wanted, now=now)
    except Fault as fault:
        if "errors" not in fault.params:
            raise
        return _page(request, actor, asset_id, {"form": in_words(fault, lang)}, status=409)
    said = {
        "LISTED": N_("The asset is on show."),
        "PAUSED": N_("The listing is paused; nobody finds the asset until you list it again."),
        "DELISTED": N_("The asset was taken off the shelf. Licences that were given go on."),
    }
    return redirect(f"/{lang}/studio/listings/{asset_id}", flash=said[read.action])


def _page(
    request: Request, actor: Principal, asset_id: UUID, errors: dict[str, str], status: int = 200
) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        view = service.listing(session, actor=actor, asset_id=asset_id, now=ports.clock.now())
        asset = catalog.asset(session, actor=actor, asset_id=asset_id)
    return render(request, "shelf/listing.html", status=status, listing=view, asset=asset, errors=errors)

"""Listings: put an asset on show, hide it for a while, take it off for good."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.catalog import service as catalog
from market.kit.auth import Principal, decide
from market.kit.i18n import N_, NN_
from market.shelf import repository
from market.shelf.errors import NotListable, WrongListingState
from market.shelf.indexing import Facts, facts_of, reindex
from market.shelf.models import Listing
from market.shelf.schemas import ListingIn, ListingState, ListingView, slug_of
from market.shelf.verbs import LIST_ASSET, READ_LISTING


def list_asset(
    session: Session, *, actor: Principal, asset_id: UUID, wanted: ListingIn, now: datetime
) -> ListingView:
    """Put an asset on show, or pause its listing. The same again changes nothing.

    Raises NotListable, which names each gate that is not passed, and WrongListingState.
    """
    decide(actor, LIST_ASSET, catalog.resource(session, asset_id))
    facts = facts_of(session, asset_id, now)
    found = repository.listing(session, asset_id, for_update=True)
    if wanted.state == "PAUSED":
        if found is None or found.state == ListingState.DELISTED:
            raise WrongListingState(
                N_("Only an asset that is on show can be paused."), hint=N_("List it first.")
            )
    else:
        _refuse_at_gates(facts)
    if found is None:
        found = Listing(
            asset_id=asset_id, org_id=facts.asset.org_id, state="LISTED", listed_at=now, changed_at=now
        )
    elif (found.state, found.sample_allowed) != (wanted.state, wanted.sample):
        found.revision += 1
        found.changed_at = now
        if found.state == ListingState.DELISTED:
            found.listed_at, found.delisted_at = now, None
    found.state, found.sample_allowed = wanted.state, wanted.sample
    session.add(found)
    session.flush()
    shown = reindex(session, asset_id, now)
    return _view(found, facts, shown)


def delist_asset(session: Session, *, actor: Principal, asset_id: UUID, now: datetime) -> ListingView:
    """Take an asset off the shelf. Licences that were given go on; its page stays as a tombstone."""
    decide(actor, LIST_ASSET, catalog.resource(session, asset_id))
    found = repository.listing(session, asset_id, for_update=True)
    if found is None:
        raise WrongListingState(N_("The asset was never on show."), hint=N_("There is nothing to take off."))
    if found.state != ListingState.DELISTED:
        found.state, found.revision = ListingState.DELISTED, found.revision + 1
        found.changed_at = found.delisted_at = now
        session.add(found)
        session.flush()
    shown = reindex(session, asset_id, now)
    return _view(found, facts_of(session, asset_id, now), shown)


def listing(session: Session, *, actor: Principal, asset_id: UUID, now: datetime) -> ListingView:
    """The listing of one's own asset with its gates, also before it was ever listed."""
    decide(actor, READ_LISTING, catalog.resource(session, asset_id))
    found = repository.listing(session, asset_id)
    shown = repository.document_of(session, asset_id) is not None
    return _view(found, facts_of(session, asset_id, now), shown)


def state_of(session: Session, asset_id: UUID) -> tuple[ListingState | None, datetime | None]:
    """For the asset's page: its listing's state, and when it was taken off."""
    found = repository.listing(session, asset_id)
    return (ListingState(found.state), found.delisted_at) if found else (None, None)


def sample_allowed(session: Session, asset_id: UUID) -> bool:
    """Whether the provider lets everybody see the first rows."""
    found = repository.listing(session, asset_id)
    return found is not None and found.sample_allowed


def _refuse_at_gates(facts: Facts) -> None:
    failed = [gate for gate in facts.gates if not gate.passed]
    if not failed:
        return
    raise NotListable(
        NN_(
            "One condition is not met; it is named below.",
            "%(count)s conditions are not met; each is named below.",
        ),
        hint=N_("Meet them and list the asset again. Nothing was changed."),
        where=failed[0].name,
        count=len(failed),
        errors=[
            {
                "where": gate.name,
                "detail": gate.detail.model_dump(),
                "hint": gate.hint.model_dump() if gate.hint else {},
            }
            for gate in failed
        ],
    )


def _view(found: Listing | None, facts: Facts, shown: bool) -> ListingView:
    return ListingView(
        asset_id=facts.asset.id,
        org_id=facts.asset.org_id,
        state=ListingState(found.state) if found else None,
        shown=shown,
        sample=found.sample_allowed if found else False,
        gates=facts.gates,
        address=f"/en/assets/{slug_of(facts.asset.metadata.title.en)}-{facts.asset.id}",
        listed_at=found.listed_at if found else None,
        changed_at=found.changed_at if found else None,
        delisted_at=found.delisted_at if found else None,
    )

"""Entitlements: started, looked up, metered, suspended; they expire by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from market.kit.auth import Principal, Resource, decide, nothing_there
from market.kit.i18n import N_
from market.kit.paging import Page, page_by_id, read_id
from market.kit.texts import LocalText
from market.licensing import repository
from market.licensing.errors import NotEntitled, RowQuotaExceeded, WrongContractState
from market.licensing.models import Contract, Entitlement
from market.licensing.schemas import (
    ContractState,
    EntitlementState,
    EntitlementView,
    Environment,
    OfferKind,
    OfferTerms,
    RequestState,
)
from market.licensing.verbs import ACTIVATE, READ_ENTITLEMENTS


def activate(session: Session, *, actor: Principal, contract_id: UUID, now: datetime) -> EntitlementView:
    """Start the licence of a contract that both sides signed. For jobs and orders; a second time changes nothing."""
    decide(actor, ACTIVATE, Resource())
    found = repository.contract(session, contract_id, for_update=True)
    if found is None:
        raise nothing_there()
    return view_of(start(session, found, now), now)


def start(session: Session, found: Contract, now: datetime) -> Entitlement:
    """The entitlement of a signed contract; the one that it has already, if any."""
    known = repository.entitlement_of(session, found.id)
    if known is not None:
        return known
    if found.state != ContractState.SIGNED:
        raise WrongContractState(
            N_("It is in the state %(state)s; a licence starts when both sides have signed."),
            state=found.state,
        )
    terms = terms_of(session, found)
    made = Entitlement(
        contract_id=found.id,
        contract=found.commitment,
        kind=found.kind,
        offer_id=found.offer_id,
        asset_id=found.asset_id,
        org_id=found.org_id,
        provider_org_id=found.provider_org_id,
        environment=sorted(terms.environment),
        starts_at=now,
        ends_at=now + timedelta(days=found.term_days),
        quota_rows=terms.quota_rows,
    )
    found.state = ContractState.IN_FORCE
    session.add_all([made, found])
    request = repository.request(session, found.request_id) if found.request_id else None
    if request is not None:
        request.state = RequestState.USED
        session.add(request)
    session.flush()
    return made


def entitlement_for(
    session: Session,
    *,
    actor: Principal,
    asset_id: UUID,
    now: datetime,
    environment: Environment | None = None,
) -> EntitlementView | None:
    """The entitlement under which one's organisation may use an asset now.

    An active one, of those that let the data be used in `environment` if there are any; else the latest; else None.
    """
    decide(actor, READ_ENTITLEMENTS, Resource(org_id=actor.acting_org))
    views = [
        view_of(row, now) for row in repository.entitlements_for_use(session, actor.acting_org, asset_id)
    ]
    active = [view for view in views if view.is_active]
    fitting = [view for view in active if environment in view.environment]
    return next(iter(fitting or active or views), None)


def entitlement(
    session: Session, *, actor: Principal, entitlement_id: UUID, now: datetime
) -> EntitlementView:
    """An entitlement, for either side."""
    return view_of(_load(session, actor, entitlement_id), now)


def standing(session: Session, *, entitlement_id: UUID, now: datetime) -> EntitlementView | None:
    """How an entitlement stands, for delivery, which holds a ticket in place of an actor."""
    row = repository.entitlement(session, entitlement_id)
    return view_of(row, now) if row else None


def entitlements_of(
    session: Session,
    *,
    actor: Principal,
    now: datetime,
    granted: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[EntitlementView]:
    """What one's organisation holds or, with `granted`, what it gave to others; newest first."""
    decide(actor, READ_ENTITLEMENTS, Resource(org_id=actor.acting_org))
    rows = repository.entitlements(
        session, actor.acting_org, granted=granted, before=read_id(cursor), limit=limit + 1
    )
    return page_by_id(rows, limit, lambda shown: [view_of(row, now) for row in shown])


def spend_rows(session: Session, *, entitlement_id: UUID, rows: int, now: datetime) -> int | None:
    """Count `rows` delivered rows. Returns how many are left, None for no limit. Raises RowQuotaExceeded, NotEntitled."""
    if rows < 0:
        raise ValueError("rows are counted up only")
    spent = repository.spend_rows(session, entitlement_id, rows, now)
    row = repository.entitlement(session, entitlement_id)
    if row is None:
        raise nothing_there()
    session.refresh(row)
    view = view_of(row, now)
    if spent:
        return view.rows_left
    if not view.is_active:
        raise NotEntitled(
            N_("The licence is in the state %(state)s."),
            hint=N_("See the asset's page for its offers."),
            state=view.state.value,
        )
    raise RowQuotaExceeded(
        N_("Rows left: %(left)s of %(quota)s. This needs %(rows)s."),
        hint=N_("Ask for fewer rows, or take another licence."),
        left=view.rows_left,
        quota=view.quota_rows,
        rows=rows,
    )


def suspend(session: Session, *, actor: Principal, entitlement_id: UUID, now: datetime) -> EntitlementView:
    """Stop a licence for the time being, as in a payment dispute."""
    return _switch(session, actor, entitlement_id, EntitlementState.ACTIVE, EntitlementState.SUSPENDED, now)


def restore(session: Session, *, actor: Principal, entitlement_id: UUID, now: datetime) -> EntitlementView:
    return _switch(session, actor, entitlement_id, EntitlementState.SUSPENDED, EntitlementState.ACTIVE, now)


def end_if_expired(session: Session, found: Contract, now: datetime) -> bool:
    """Let a contract whose licence ran out be over, in the columns too. False while the licence runs."""
    row = repository.entitlement_of(session, found.id)
    if row is None or now < row.ends_at:
        return False
    row.state, row.ended_at = EntitlementState.EXPIRED, row.ends_at
    found.state = ContractState.ENDED
    session.add_all([row, found])
    session.flush()
    return True


def view_of(row: Entitlement, now: datetime) -> EntitlementView:
    state = EntitlementState(row.state)
    expired = state in (EntitlementState.ACTIVE, EntitlementState.SUSPENDED) and now >= row.ends_at
    return EntitlementView(
        id=row.id,
        contract_id=row.contract_id,
        contract=row.contract,
        offer_id=row.offer_id,
        asset_id=row.asset_id,
        buyer_org=row.org_id,
        provider_org=row.provider_org_id,
        kind=OfferKind(row.kind),
        state=EntitlementState.EXPIRED if expired else state,
        environment=[Environment(one) for one in row.environment],
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        quota_rows=row.quota_rows,
        rows_used=row.rows_used,
        rows_left=row.quota_rows - row.rows_used if row.quota_rows is not None else None,
        ended_at=row.ends_at if expired else row.ended_at,
        reason=LocalText(**row.reason) if row.reason else None,
        revocation_leaf=row.revocation_leaf,
    )


def _load(session: Session, actor: Principal, entitlement_id: UUID) -> Entitlement:
    row = repository.entitlement(session, entitlement_id)
    mine = row is not None and actor.org_id in (row.org_id, row.provider_org_id)
    decide(actor, READ_ENTITLEMENTS, Resource(org_id=actor.org_id if mine else None))
    if row is None:
        raise nothing_there()
    return row


def _switch(
    session: Session,
    actor: Principal,
    entitlement_id: UUID,
    before: EntitlementState,
    after: EntitlementState,
    now: datetime,
) -> EntitlementView:
    decide(actor, ACTIVATE, Resource())
    row = repository.entitlement(session, entitlement_id, for_update=True)
    if row is None:
        raise nothing_there()
    if row.state == before:
        row.state = after
        session.add(row)
        session.flush()
    return view_of(row, now)


def terms_of(session: Session, found: Contract) -> OfferTerms:
    row = repository.revision(session, found.revision_id)
    if row is None:
        raise nothing_there()
    return OfferTerms.model_validate(row.conditions)

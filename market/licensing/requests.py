"""Access requests: a buyer says what data are for, the provider approves or refuses with a reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.kit.auth import Principal, Resource, decide, nothing_there
from market.kit.errors import InvalidInput
from market.kit.i18n import N_, NN_
from market.kit.paging import Page, page_by_id, read_id
from market.kit.texts import LocalText
from market.licensing import repository
from market.licensing.errors import (
    AlreadyRequested,
    NotOnRequest,
    OfferNotOpen,
    OwnOffer,
    RequestDecided,
    TooManyOpenRequests,
)
from market.licensing.models import AccessRequest
from market.licensing.offers import offer
from market.licensing.schemas import (
    AccessRequestView,
    NewAccessRequest,
    OfferKind,
    OfferState,
    OfferView,
    RequestDecision,
    RequestState,
)
from market.licensing.verbs import DECIDE_REQUEST, READ_REQUESTS, REQUEST_ACCESS

# An organisation's requests that wait at one time: enough for a project, too few to flood providers' queues.
MAX_PENDING = 50


def request_access(
    session: Session, *, actor: Principal, new: NewAccessRequest, now: datetime
) -> AccessRequestView:
    """Ask for access under an offer. Raises AlreadyRequested, NotOnRequest, OfferNotOpen, OwnOffer, TooManyOpenRequests."""
    org_id = actor.acting_org
    decide(actor, REQUEST_ACCESS, Resource(org_id=org_id))
    # Two requests of one organisation at once: the second waits here and then finds the first.
    repository.offer(session, new.offer_id, for_update=True)
    wanted = offer(session, actor=actor, offer_id=new.offer_id)
    _check_wanted(wanted, org_id, new)
    if repository.live_request(session, org_id, wanted.id) is not None:
        raise AlreadyRequested(
            N_("It waits for the provider's answer, or was approved."),
            hint=N_("See your requests; an approved one leads to the contract."),
        )
    if repository.count_pending(session, org_id) >= MAX_PENDING:
        raise TooManyOpenRequests(
            N_("At most %(limit)s requests may wait at a time."),
            hint=N_("Wait for answers before you ask for more."),
            limit=MAX_PENDING,
        )
    row = AccessRequest(
        offer_id=wanted.id,
        asset_id=wanted.asset_id,
        org_id=org_id,
        provider_org_id=wanted.provider_org,
        account_id=actor.account_id,
        purpose=new.purpose,
        description=new.description,
        answers=new.answers,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return view_of(row)


def decide_request(
    session: Session, *, actor: Principal, request_id: UUID, decision: RequestDecision, now: datetime
) -> AccessRequestView:
    """Approve or refuse a request to one's own offer. Deciding the same again changes nothing; otherwise RequestDecided."""
    row = repository.request(session, request_id, for_update=True)
    decide(actor, DECIDE_REQUEST, Resource(org_id=row.provider_org_id if row else None))
    if row is None:
        raise nothing_there()
    if row.state == decision.decision:
        return view_of(row)
    if row.state != RequestState.PENDING:
        raise RequestDecided(N_("It is in the state %(state)s."), state=row.state)
    if decision.decision == "REFUSED" and decision.reason is None:
        raise InvalidInput(
            N_("Say why, in Chinese or English, so that the buyer can act on it."), where="reason"
        )
    return _close(session, row, RequestState(decision.decision), actor, now, decision.reason)


def refuse(
    session: Session, row: AccessRequest, *, actor: Principal, reason: LocalText, now: datetime
) -> None:
    """The provider's no, to a request or to the contract that came of one."""
    _close(session, row, RequestState.REFUSED, actor, now, reason)


def withdraw_request(
    session: Session, *, actor: Principal, request_id: UUID, now: datetime
) -> AccessRequestView:
    """The buyer takes back a request that nobody has answered. A second time changes nothing; otherwise RequestDecided."""
    row = repository.request(session, request_id, for_update=True)
    decide(actor, REQUEST_ACCESS, Resource(org_id=row.org_id if row else None))
    if row is None:
        raise nothing_there()
    if row.state == RequestState.WITHDRAWN:
        return view_of(row)
    if row.state != RequestState.PENDING:
        raise RequestDecided(N_("It is in the state %(state)s."), state=row.state)
    return _close(session, row, RequestState.WITHDRAWN, actor, now)


def access_request(session: Session, *, actor: Principal, request_id: UUID) -> AccessRequestView:
    """A request, for either side."""
    row = repository.request(session, request_id)
    sides = (row.org_id, row.provider_org_id) if row else ()
    decide(actor, READ_REQUESTS, Resource(org_id=actor.org_id if actor.org_id in sides else None))
    if row is None:
        raise nothing_there()
    return view_of(row)


def access_requests(
    session: Session,
    *,
    actor: Principal,
    received: bool,
    state: RequestState | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[AccessRequestView]:
    """Requests that one's organisation received (as provider) or sent (as buyer), newest first."""
    decide(actor, READ_REQUESTS, Resource(org_id=actor.acting_org))
    rows = repository.requests(
        session,
        actor.acting_org,
        received=received,
        states=[state] if state else [],
        before=read_id(cursor),
        limit=limit + 1,
    )
    return page_by_id(rows, limit, lambda shown: [view_of(row) for row in shown])


def request_for(session: Session, *, actor: Principal, offer_id: UUID) -> AccessRequestView | None:
    """The newest request of one's organisation under an offer, for the page that says how it stands."""
    decide(actor, READ_REQUESTS, Resource(org_id=actor.acting_org))
    row = repository.latest_request(session, actor.acting_org, offer_id)
    return view_of(row) if row else None


def view_of(row: AccessRequest) -> AccessRequestView:
    return AccessRequestView(
        id=row.id,
        offer_id=row.offer_id,
        asset_id=row.asset_id,
        buyer_org=row.org_id,
        provider_org=row.provider_org_id,
        purpose=row.purpose,
        description=row.description,
        answers=row.answers,
        state=RequestState(row.state),
        reason=LocalText(**row.reason) if row.reason else None,
        created_at=row.created_at,
        decided_at=row.decided_at,
    )


def _check_wanted(wanted: OfferView, org_id: UUID, new: NewAccessRequest) -> None:
    if wanted.provider_org == org_id:
        raise OwnOffer(N_("You need no licence for your own data."))
    if wanted.state is not OfferState.PUBLISHED:
        raise OfferNotOpen(N_("Its provider withdrew it."))
    if wanted.kind is not OfferKind.REQUEST:
        raise NotOnRequest(N_("Make the contract directly."))
    if wanted.purposes and new.purpose not in wanted.purposes:
        raise InvalidInput(
            N_("This offer is for the purposes: %(purposes)s."),
            where="purpose",
            purposes=", ".join(wanted.purposes),
        )
    if len(new.answers) != len(wanted.questions) or not all(new.answers):
        raise InvalidInput(
            NN_("Answer the question of this offer.", "Answer each of the %(count)s questions."),
            where="answers",
            count=len(wanted.questions),
        )


def _close(
    session: Session,
    row: AccessRequest,
    state: RequestState,
    actor: Principal,
    now: datetime,
    reason: LocalText | None = None,
) -> AccessRequestView:
    row.state, row.decided_at, row.decided_by = state, now, actor.account_id
    row.reason = reason.model_dump() if reason else None
    session.add(row)
    session.flush()
    return view_of(row)

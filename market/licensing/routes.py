"""Offers, requests and contracts as JSON."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from market.kit.auth import Principal
from market.kit.guards import api_guard
from market.kit.idempotency import OnceDep
from market.kit.paging import Cursor, Limit, Page
from market.kit.ports import ports_of
from market.licensing import service
from market.licensing.schemas import (
    AccessRequestView,
    ContractSummary,
    ContractView,
    DeclineIn,
    NewAccessRequest,
    NewContract,
    NewOffer,
    OfferDraft,
    OfferView,
    RequestDecision,
    RequestState,
    SignedOffer,
    WithdrawalDraft,
)
from market.licensing.verbs import (
    DECIDE_REQUEST,
    DECLINE_CONTRACT,
    MAKE_CONTRACT,
    PUBLISH_OFFER,
    READ_CONTRACTS,
    READ_OFFERS,
    READ_OWN_OFFERS,
    READ_REQUESTS,
    REQUEST_ACCESS,
    SIGN_CONTRACT,
)
from market.provenance.gateway import Ledger
from market.provenance.signing import SignedBody

router = APIRouter(prefix="/api/v1", tags=["licensing"])


@router.get("/assets/{asset_id}/offers", response_model=Page[OfferView], summary="The offers of an asset")
def offers(
    request: Request,
    asset_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(READ_OFFERS))],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OfferView]:
    with ports_of(request).db.reading() as session:
        return service.offers_of(session, actor=actor, asset_id=asset_id, cursor=cursor, limit=limit)


@router.get("/offers", response_model=Page[OfferView], summary="Your organisation's offers")
def own_offers(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_OWN_OFFERS))],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OfferView]:
    with ports_of(request).db.reading() as session:
        return service.own_offers(session, actor=actor, cursor=cursor, limit=limit)


@router.get("/offers/{offer_id}", response_model=OfferView, summary="An offer")
def offer(
    request: Request, offer_id: UUID, actor: Annotated[Principal, Depends(api_guard(READ_OFFERS))]
) -> OfferView:
    with ports_of(request).db.reading() as session:
        return service.offer(session, actor=actor, offer_id=offer_id)


@router.post("/offers/drafts", status_code=201, response_model=OfferDraft, summary="Prepare an offer to sign")
def draft_offer(
    request: Request,
    body: NewOffer,
    actor: Annotated[Principal, Depends(api_guard(PUBLISH_OFFER))],
    once: OnceDep,
) -> Response:
    """With offer_id, the draft is a change of that offer. Nothing is public before the signature."""
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.draft_offer(session, actor=actor, ledger=ledger, new=body, now=once.now),
    )


@router.post("/offers", status_code=201, response_model=OfferView, summary="Publish a signed offer")
def publish_offer(
    request: Request,
    body: SignedOffer,
    actor: Annotated[Principal, Depends(api_guard(PUBLISH_OFFER))],
    once: OnceDep,
) -> Response:
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.publish_offer(session, actor=actor, ledger=ledger, signed=body, now=once.now),
    )


@router.post(
    "/offers/{offer_id}/withdrawal-drafts",
    status_code=201,
    response_model=WithdrawalDraft,
    summary="What to sign to withdraw an offer",
)
def draft_withdrawal(
    request: Request,
    offer_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(PUBLISH_OFFER))],
    once: OnceDep,
) -> Response:
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.draft_withdrawal(
            session, actor=actor, ledger=ledger, offer_id=offer_id, now=once.now
        ),
    )


@router.post("/offers/{offer_id}/withdrawal", response_model=OfferView, summary="Withdraw an offer")
def withdraw_offer(
    request: Request,
    offer_id: UUID,
    body: SignedBody,
    actor: Annotated[Principal, Depends(api_guard(PUBLISH_OFFER))],
    once: OnceDep,
) -> Response:
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.withdraw_offer(
            session, actor=actor, ledger=ledger, offer_id=offer_id, signed=body, now=once.now
        ),
        status=200,
    )


@router.post("/access-requests", status_code=201, response_model=AccessRequestView, summary="Ask for access")
def request_access(
    request: Request,
    body: NewAccessRequest,
    actor: Annotated[Principal, Depends(api_guard(REQUEST_ACCESS))],
    once: OnceDep,
) -> Response:
    return once(actor, lambda session: service.request_access(session, actor=actor, new=body, now=once.now))


@router.get("/access-requests", response_model=Page[AccessRequestView], summary="Access requests")
def access_requests(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_REQUESTS))],
    role: Annotated[
        Literal["provider", "buyer"], Query(description="Those you received, or those you sent.")
    ] = "provider",
    state: RequestState | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AccessRequestView]:
    with ports_of(request).db.reading() as session:
        return service.access_requests(
            session, actor=actor, received=role == "provider", state=state, cursor=cursor, limit=limit
        )


@router.get("/access-requests/{request_id}", response_model=AccessRequestView, summary="An access request")
def access_request(
    request: Request, request_id: UUID, actor: Annotated[Principal, Depends(api_guard(READ_REQUESTS))]
) -> AccessRequestView:
    with ports_of(request).db.reading() as session:
        return service.access_request(session, actor=actor, request_id=request_id)


@router.post(
    "/access-requests/{request_id}/decision",
    response_model=AccessRequestView,
    summary="Approve or refuse a request",
)
def decide_request(
    request: Request,
    request_id: UUID,
    body: RequestDecision,
    actor: Annotated[Principal, Depends(api_guard(DECIDE_REQUEST))],
    once: OnceDep,
) -> Response:
    return once(
        actor,
        lambda session: service.decide_request(
            session, actor=actor, request_id=request_id, decision=body, now=once.now
        ),
        status=200,
    )


@router.post(
    "/access-requests/{request_id}/withdrawal",
    response_model=AccessRequestView,
    summary="Withdraw a request",
)
def withdraw_request(
    request: Request,
    request_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(REQUEST_ACCESS))],
    once: OnceDep,
) -> Response:
    """The buyer takes back a request that nobody has answered yet."""
    return once(
        actor,
        lambda session: service.withdraw_request(session, actor=actor, request_id=request_id, now=once.now),
        status=200,
    )


@router.post("/contracts", status_code=201, response_model=ContractView, summary="Draw up a contract")
def prepare_contract(
    request: Request,
    body: NewContract,
    actor: Annotated[Principal, Depends(api_guard(MAKE_CONTRACT))],
    once: OnceDep,
) -> Response:
    """From an offer or an approved request. The reply holds what the buyer signs."""
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.prepare_contract(session, actor=actor, ledger=ledger, new=body, now=once.now),
    )


@router.get("/contracts", response_model=Page[ContractSummary], summary="Your contracts")
def contracts(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_CONTRACTS))],
    awaiting: Annotated[
        Literal["me"] | None, Query(description="me: only those that wait for your signature.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ContractSummary]:
    ports = ports_of(request)
    with ports.db.reading() as session:
        return service.contracts_of(
            session,
            actor=actor,
            now=ports.clock.now(),
            awaiting_me=awaiting is not None,
            cursor=cursor,
            limit=limit,
        )


@router.get("/contracts/{contract_id}", response_model=ContractView, summary="A contract and what to sign")
def contract(
    request: Request, contract_id: UUID, actor: Annotated[Principal, Depends(api_guard(READ_CONTRACTS))]
) -> ContractView:
    """`text` opens the commitment; `offer_terms` opens the statement of the offer, for the provider to compare."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        return service.contract(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            contract_id=contract_id,
            now=ports.clock.now(),
        )


@router.post(
    "/contracts/{contract_id}/signatures",
    status_code=201,
    response_model=ContractView,
    summary="Sign a contract",
)
def sign_contract(
    request: Request,
    contract_id: UUID,
    body: SignedBody,
    actor: Annotated[Principal, Depends(api_guard(SIGN_CONTRACT))],
    once: OnceDep,
) -> Response:
    """The buyer first, then the provider, each with its own key, over the same commitment."""
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.sign_contract(
            session, actor=actor, ledger=ledger, contract_id=contract_id, signed=body, now=once.now
        ),
    )


@router.post(
    "/contracts/{contract_id}/cancellation", response_model=ContractView, summary="Cancel a contract"
)
def cancel_contract(
    request: Request,
    contract_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(MAKE_CONTRACT))],
    once: OnceDep,
) -> Response:
    """The buyer steps back, as long as not both sides have signed."""
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.cancel_contract(
            session, actor=actor, ledger=ledger, contract_id=contract_id, now=once.now
        ),
        status=200,
    )


@router.post("/contracts/{contract_id}/refusal", response_model=ContractView, summary="Decline a contract")
def decline_contract(
    request: Request,
    contract_id: UUID,
    body: DeclineIn,
    actor: Annotated[Principal, Depends(api_guard(DECLINE_CONTRACT))],
    once: OnceDep,
) -> Response:
    """The provider does not sign what the buyer has signed, and says why. Nothing binds either side then."""
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.decline_contract(
            session,
            actor=actor,
            ledger=ledger,
            contract_id=contract_id,
            reason=body.reason,
            now=once.now,
        ),
        status=200,
    )

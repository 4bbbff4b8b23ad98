"""Licences as JSON: those one holds, those one granted, and how a provider ends one."""

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
from market.licensing.schemas import EntitlementView, RevocationDraft, RevocationIn
from market.licensing.verbs import READ_ENTITLEMENTS, REVOKE_ENTITLEMENT
from market.provenance.gateway import Ledger
from market.provenance.signing import SignedBody

router = APIRouter(prefix="/api/v1", tags=["licensing"])


@router.get("/entitlements", response_model=Page[EntitlementView], summary="Your licences")
def entitlements(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_ENTITLEMENTS))],
    role: Annotated[
        Literal["buyer", "provider"], Query(description="Those you hold, or those you granted.")
    ] = "buyer",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[EntitlementView]:
    ports = ports_of(request)
    with ports.db.reading() as session:
        return service.entitlements_of(
            session,
            actor=actor,
            now=ports.clock.now(),
            granted=role == "provider",
            cursor=cursor,
            limit=limit,
        )


@router.get("/entitlements/{entitlement_id}", response_model=EntitlementView, summary="A licence")
def entitlement(
    request: Request,
    entitlement_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(READ_ENTITLEMENTS))],
) -> EntitlementView:
    ports = ports_of(request)
    with ports.db.reading() as session:
        return service.entitlement(session, actor=actor, entitlement_id=entitlement_id, now=ports.clock.now())


@router.post(
    "/entitlements/{entitlement_id}/revocation-drafts",
    status_code=201,
    response_model=RevocationDraft,
    summary="What to sign to end a licence",
)
def prepare_revocation(
    request: Request,
    entitlement_id: UUID,
    body: RevocationIn,
    actor: Annotated[Principal, Depends(api_guard(REVOKE_ENTITLEMENT))],
    once: OnceDep,
) -> Response:
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.prepare_revocation(
            session, actor=actor, ledger=ledger, entitlement_id=entitlement_id, asked=body, now=once.now
        ),
    )


@router.post(
    "/entitlements/{entitlement_id}/revocation", response_model=EntitlementView, summary="End a licence"
)
def revoke_entitlement(
    request: Request,
    entitlement_id: UUID,
    body: SignedBody,
    actor: Annotated[Principal, Depends(api_guard(REVOKE_ENTITLEMENT))],
    once: OnceDep,
) -> Response:
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.revoke_entitlement(
            session, actor=actor, ledger=ledger, entitlement_id=entitlement_id, signed=body, now=once.now
        ),
        status=200,
    )

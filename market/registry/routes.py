"""Applications, decisions and certificates as JSON."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from market.kit.auth import Principal
from market.kit.guards import api_guard
from market.kit.idempotency import OnceDep
from market.kit.paging import Cursor, Limit, Page
from market.kit.ports import ports_of
from market.provenance.gateway import Ledger
from market.registry import certificates, decisions, service
from market.registry.schemas import (
    ApplicationView,
    CertificateView,
    DecisionDraft,
    DecisionIn,
    NewApplication,
    QueueState,
    SignedDecision,
)
from market.registry.verbs import (
    APPLY,
    DECIDE,
    READ_CERTIFICATE,
    READ_OWN_APPLICATIONS,
    READ_QUEUE,
    SEE_APPLICATION,
)

router = APIRouter(prefix="/api/v1", tags=["registry"])


@router.post(
    "/applications", status_code=201, response_model=ApplicationView, summary="Apply for registration"
)
def submit(
    request: Request,
    body: NewApplication,
    actor: Annotated[Principal, Depends(api_guard(APPLY))],
    once: OnceDep,
) -> Response:
    """Hand in a signed version for formal review; a returned one is handed in again."""
    return once(
        actor,
        lambda session: service.submit_application(
            session, actor=actor, version_id=body.version_id, now=once.now
        ),
    )


@router.get("/applications", response_model=Page[ApplicationView], summary="Your applications")
def mine(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_OWN_APPLICATIONS))],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ApplicationView]:
    with ports_of(request).db.reading() as session:
        return service.applications_of(session, actor=actor, cursor=cursor, limit=limit)


@router.get("/registry/queue", response_model=Page[ApplicationView], summary="What waits for the registrar")
def queue(
    request: Request,
    actor: Annotated[Principal, Depends(api_guard(READ_QUEUE))],
    state: QueueState = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ApplicationView]:
    with ports_of(request).db.reading() as session:
        return service.queue(session, actor=actor, state=state, cursor=cursor, limit=limit)


@router.get("/applications/{application_id}", response_model=ApplicationView, summary="An application")
def read(
    request: Request, application_id: UUID, actor: Annotated[Principal, Depends(api_guard(SEE_APPLICATION))]
) -> ApplicationView:
    with ports_of(request).db.reading() as session:
        return service.application(session, actor=actor, application_id=application_id)


@router.post(
    "/applications/{application_id}/withdrawal",
    response_model=ApplicationView,
    summary="Take an application back",
)
def withdraw(
    request: Request,
    application_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(APPLY))],
    once: OnceDep,
) -> Response:
    return once(
        actor,
        lambda session: service.withdraw_application(
            session, actor=actor, application_id=application_id, now=once.now
        ),
        status=200,
    )


@router.post(
    "/applications/{application_id}/decision-drafts",
    status_code=201,
    response_model=DecisionDraft,
    summary="What the registrar signs for a decision",
)
def prepare(
    request: Request,
    application_id: UUID,
    body: DecisionIn,
    actor: Annotated[Principal, Depends(api_guard(DECIDE))],
    once: OnceDep,
) -> Response:
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: decisions.prepare_decision(
            session, actor=actor, ledger=ledger, application_id=application_id, asked=body, now=once.now
        ),
    )


@router.post(
    "/applications/{application_id}/decisions",
    status_code=201,
    response_model=ApplicationView,
    summary="Decide, with signed statements",
)
def decide(
    request: Request,
    application_id: UUID,
    body: SignedDecision,
    actor: Annotated[Principal, Depends(api_guard(DECIDE))],
    once: OnceDep,
) -> Response:
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: decisions.decide_application(
            session, actor=actor, ledger=ledger, application_id=application_id, decided=body, now=once.now
        ),
    )


@router.get("/certificates/{code}", response_model=CertificateView, summary="A certificate by its query code")
def certificate(
    request: Request, code: str, actor: Annotated[Principal, Depends(api_guard(READ_CERTIFICATE))]
) -> CertificateView:
    ports = ports_of(request)
    with ports.db.reading() as session:
        return certificates.certificate(session, actor=actor, code=code, now=ports.clock.now())

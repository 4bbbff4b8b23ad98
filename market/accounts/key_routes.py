"""/api/v1: API keys and signing keys of an organisation."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from market.accounts import service, verbs
from market.accounts.schemas import ApiKeyView, NewApiKey, NewSigningKey, Rotation, WithdrawalReason
from market.accounts.secret_routes import shown_once
from market.kit.auth import Principal
from market.kit.guards import api_guard
from market.kit.idempotency import OnceDep
from market.kit.paging import Page
from market.kit.ports import ports_of
from market.provenance.gateway import Ledger
from market.provenance.schemas import KeyView
from market.provenance.verbs import BIND_KEY, WITHDRAW_KEY

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.get("/organisations/{org_id}/api-keys", summary="API keys", response_model=Page[ApiKeyView])
def list_api_keys(
    org_id: UUID, actor: Annotated[Principal, Depends(api_guard(verbs.READ_API_KEYS))], request: Request
) -> Page[ApiKeyView]:
    """Your own; all of the organisation's if you are an owner or administrator."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        return Page(items=service.api_keys_of(session, actor=actor, org_id=org_id, now=ports.clock.now()))


@router.post(
    "/organisations/{org_id}/api-keys",
    status_code=201,
    summary="Make an API key",
    response_model=ApiKeyView,
)
def create_api_key(
    org_id: UUID,
    body: NewApiKey,
    actor: Annotated[Principal, Depends(api_guard(verbs.CREATE_API_KEY))],
    once: OnceDep,
) -> Response:
    """The key is shown only in this answer; when the request is repeated, `key` is null."""
    return shown_once(
        once,
        actor,
        lambda session: service.create_api_key(session, actor=actor, org_id=org_id, new=body, now=once.now),
        field="key",
    )


@router.post(
    "/organisations/{org_id}/api-keys/{key_id}/rotation",
    status_code=201,
    summary="Replace an API key by a new one",
    response_model=ApiKeyView,
)
def rotate_api_key(
    org_id: UUID,
    key_id: UUID,
    body: Rotation,
    actor: Annotated[Principal, Depends(api_guard(verbs.CREATE_API_KEY))],
    once: OnceDep,
) -> Response:
    """The successor has the same scopes. The old key goes on working for the overlap, at most seven days."""
    return shown_once(
        once,
        actor,
        lambda session: service.rotate_api_key(
            session, actor=actor, org_id=org_id, key_id=key_id, rotation=body, now=once.now
        ),
        field="key",
    )


@router.delete(
    "/organisations/{org_id}/api-keys/{key_id}", summary="Revoke an API key", response_model=ApiKeyView
)
def revoke_api_key(
    org_id: UUID,
    key_id: UUID,
    actor: Annotated[Principal, Depends(api_guard(verbs.REVOKE_API_KEY))],
    request: Request,
) -> ApiKeyView:
    ports = ports_of(request)
    with ports.db.writing() as session:
        return service.revoke_api_key(
            session, actor=actor, org_id=org_id, key_id=key_id, now=ports.clock.now()
        )


@router.post(
    "/organisations/{org_id}/signing-keys",
    status_code=201,
    summary="Register a signing key",
    response_model=KeyView,
)
def bind_signing_key(
    org_id: UUID,
    body: NewSigningKey,
    actor: Annotated[Principal, Depends(api_guard(BIND_KEY))],
    once: OnceDep,
    request: Request,
) -> Response:
    """Send the public key and a signature by it that proves possession. The private key stays on your machine."""
    ledger = ports_of(request).get(Ledger)
    return once(
        actor,
        lambda session: service.bind_signing_key(
            session, actor=actor, ledger=ledger, org_id=org_id, new=body, now=once.now
        ),
    )


@router.delete(
    "/organisations/{org_id}/signing-keys/{kid}", summary="Withdraw a signing key", response_model=KeyView
)
def withdraw_signing_key(
    org_id: UUID,
    kid: str,
    actor: Annotated[Principal, Depends(api_guard(WITHDRAW_KEY))],
    request: Request,
    reason: Annotated[WithdrawalReason, Query(description="Becomes public.")] = "rotated",
) -> KeyView:
    """Nothing new can be signed with it from now on; what it signed before stays valid. The reason becomes public."""
    ports = ports_of(request)
    with ports.db.writing() as session:
        return service.withdraw_signing_key(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            org_id=org_id,
            kid=kid,
            reason=reason,
            now=ports.clock.now(),
        )

"""Revocation: the provider ends a licence before its term, by a signed statement, where the contract lets it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlmodel import Session

from ledger.errors import LedgerError
from ledger.statement import canonical_json, parse_canonical_json
from market.kit.auth import Principal, Resource, decide, nothing_there
from market.kit.i18n import N_
from market.kit.texts import LocalText
from market.licensing import repository
from market.licensing.documents import REVOCATION_FIELD, revocation_document
from market.licensing.entitlements import terms_of, view_of
from market.licensing.errors import EntitlementOver, RevocationNotAgreed
from market.licensing.models import Entitlement
from market.licensing.schemas import (
    ContractState,
    EntitlementState,
    EntitlementView,
    Revocation,
    RevocationDraft,
    RevocationIn,
)
from market.licensing.verbs import REVOKE_ENTITLEMENT
from market.provenance import service as provenance
from market.provenance.errors import StatementDiffers
from market.provenance.gateway import Ledger
from market.provenance.schemas import About
from market.provenance.signing import SignedBody, prepare, record_signed
from market.statements import commit


def prepare_revocation(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    entitlement_id: UUID,
    asked: RevocationIn,
    now: datetime,
) -> RevocationDraft:
    """What the provider signs to end a licence. Raises RevocationNotAgreed where the contract does not let it."""
    row = _revocable(session, actor, entitlement_id, now)
    document = revocation_document(
        ledger.origin, entitlement_id=row.id, contract_id=row.contract_id, reason=asked.reason
    )
    to_sign = prepare(
        session,
        ledger=ledger,
        kind="revocation",
        org_id=row.provider_org_id,
        subject_id=row.id,
        predicate={"contract": row.contract},
        commitments={REVOCATION_FIELD: commit(document)},
        now=now,
    )
    return RevocationDraft(entitlement_id=row.id, to_sign=to_sign)


def revoke_entitlement(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    entitlement_id: UUID,
    signed: SignedBody,
    now: datetime,
) -> EntitlementView:
    """Record the provider's signed revocation; the next request for data is refused."""
    leaf = provenance.read(ledger, signed.data).statement.leaf_hash.hex()
    known = repository.entitlement(session, entitlement_id)
    if known is not None and known.revocation_leaf == leaf and known.provider_org_id == actor.org_id:
        return view_of(known, now)
    row = _revocable(session, actor, entitlement_id, now, for_update=True)
    reason = _read_reason(signed)
    document = revocation_document(
        ledger.origin, entitlement_id=row.id, contract_id=row.contract_id, reason=reason
    )
    record_signed(
        session,
        actor=actor,
        ledger=ledger,
        signed=signed,
        kind="revocation",
        subject_id=row.id,
        predicate={"contract": row.contract},
        contents={REVOCATION_FIELD: canonical_json(document)},
        about=About(org_ids=[row.org_id, row.provider_org_id], asset_id=row.asset_id),
        now=now,
    )
    row.state, row.ended_at, row.revocation_leaf = EntitlementState.REVOKED, now, leaf
    row.reason = reason.model_dump()
    session.add(row)
    _end_contract(session, row.contract_id)
    session.flush()
    return view_of(row, now)


def _revocable(
    session: Session, actor: Principal, entitlement_id: UUID, now: datetime, *, for_update: bool = False
) -> Entitlement:
    row = repository.entitlement(session, entitlement_id, for_update=for_update)
    decide(actor, REVOKE_ENTITLEMENT, Resource(org_id=row.provider_org_id if row else None))
    found = repository.contract(session, row.contract_id) if row else None
    if row is None or found is None:
        raise nothing_there()
    if view_of(row, now).state in (EntitlementState.REVOKED, EntitlementState.EXPIRED):
        raise EntitlementOver(N_("It is in the state %(state)s."), state=view_of(row, now).state.value)
    if terms_of(session, found).revocation is Revocation.NEVER:
        raise RevocationNotAgreed(
            N_("The contract says that the provider may not end the licence before its term."),
            hint=N_("It ends on %(day)s."),
            day=row.ends_at.date().isoformat(),
        )
    return row


def _read_reason(signed: SignedBody) -> LocalText:
    opened = next((one for one in signed.opened if one.name == REVOCATION_FIELD), None)
    try:
        content: Any = parse_canonical_json(opened.content) if opened else None
        return LocalText.model_validate(content["reason"] if isinstance(content, dict) else None)
    except (LedgerError, ValidationError, KeyError) as error:
        raise StatementDiffers(
            N_("The revocation's text cannot be read."),
            hint=N_("Read again what is to be signed, and sign exactly that."),
            where="openings",
        ) from error


def _end_contract(session: Session, contract_id: UUID) -> None:
    found = repository.contract(session, contract_id)
    if found is not None:
        found.state = ContractState.ENDED
        session.add(found)

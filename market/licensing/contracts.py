"""Contracts: drawn up from an offer, with one commitment that both sides sign; the buyer first, then the provider."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from ledger.names import urn
from market.accounts import service as accounts
from market.catalog import service as catalog
from market.kit.auth import Principal, Resource, Via, decide, nothing_there, system
from market.kit.errors import InvalidInput
from market.kit.i18n import N_
from market.kit.ids import new_id
from market.kit.paging import Page, page_by_id, read_id
from market.kit.texts import LocalText
from market.licensing import entitlements, repository
from market.licensing.changes import tell_orders
from market.licensing.documents import contract_document
from market.licensing.errors import (
    ApprovalNeeded,
    LicenceAlreadyGranted,
    OfferNotOpen,
    OwnOffer,
    WrongContractState,
)
from market.licensing.models import AccessRequest, Contract, ContractText, Offer, OfferRevision
from market.licensing.requests import refuse
from market.licensing.schemas import (
    ContractState,
    ContractSummary,
    ContractView,
    NewContract,
    OfferKind,
    OfferState,
    OfferTerms,
    RequestState,
)
from market.licensing.signatures import load, summary_of, view_of
from market.licensing.verbs import DECLINE_CONTRACT, MAKE_CONTRACT, READ_CONTRACTS
from market.provenance.gateway import Ledger
from market.statements import commit

SIGN_WITHIN = timedelta(days=14)
_READER = system("contracts")


def prepare_contract(
    session: Session, *, actor: Principal, ledger: Ledger, new: NewContract, now: datetime
) -> ContractView:
    """Draw up a contract from what the offer says now. Nothing is signed yet.

    Raises OfferNotOpen, OwnOffer, ApprovalNeeded, LicenceAlreadyGranted, InvalidInput.
    """
    org_id = actor.acting_org
    decide(actor, MAKE_CONTRACT, Resource(org_id=org_id))
    request = _request(session, actor, new)
    offer_id = request.offer_id if request else new.offer_id
    found = repository.offer(session, offer_id, for_update=True) if offer_id else None
    row = repository.revision(session, found.revision_id) if found else None
    if found is None or row is None:
        raise nothing_there()
    _check_offer(found, org_id)
    request = request or _approved(session, found, org_id)
    _check_none_live(session, org_id, found, now)
    purpose = _purpose(row, new, request)
    made = _draw_up(session, ledger, found, row, org_id, request, purpose, now)
    return view_of(session, actor, ledger, made, now)


def cancel_contract(
    session: Session, *, actor: Principal, ledger: Ledger, contract_id: UUID, now: datetime
) -> ContractView:
    """The buyer steps back, as long as not both sides have signed."""
    found = repository.contract(session, contract_id, for_update=True)
    decide(actor, MAKE_CONTRACT, Resource(org_id=found.org_id if found else None))
    if found is None:
        raise nothing_there()
    if found.state not in (ContractState.AWAITING_BUYER, ContractState.AWAITING_PROVIDER):
        raise WrongContractState(
            N_("It is in the state %(state)s and can no longer be cancelled."), state=found.state
        )
    _cancel(session, found, now)
    return view_of(session, actor, ledger, found, now)


def decline_contract(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    contract_id: UUID,
    reason: LocalText,
    now: datetime,
) -> ContractView:
    """The provider does not sign what the buyer has signed. A second time changes nothing.

    An approval that led to the contract is taken back with it: it would let the buyer draw up the same one again.
    """
    found = repository.contract(session, contract_id, for_update=True)
    decide(actor, DECLINE_CONTRACT, Resource(org_id=found.provider_org_id if found else None))
    if found is None:
        raise nothing_there()
    if found.declined_at is None:
        if found.state != ContractState.AWAITING_PROVIDER:
            raise WrongContractState(
                N_(
                    "It is in the state %(state)s; only a contract that waits for your signature can be declined."
                ),
                state=found.state,
            )
        found.declined_at, found.reason = now, reason.model_dump()
        _cancel(session, found, now)
        request = repository.request(session, found.request_id, for_update=True) if found.request_id else None
        if request is not None:
            refuse(session, request, actor=actor, reason=reason, now=now)
    return view_of(session, actor, ledger, found, now)


def contract(
    session: Session, *, actor: Principal, ledger: Ledger, contract_id: UUID, now: datetime
) -> ContractView:
    """A contract with its text and, for the side whose turn it is, what to sign."""
    return view_of(session, actor, ledger, load(session, actor, contract_id, READ_CONTRACTS), now)


def contracts_of(
    session: Session,
    *,
    actor: Principal,
    now: datetime,
    awaiting_me: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[ContractSummary]:
    """Contracts of one's organisation, on either side, newest first; or only those that it has to sign."""
    org_id = actor.acting_org
    decide(actor, READ_CONTRACTS, Resource(org_id=org_id))
    rows = repository.contracts(
        session, org_id, read_id(cursor), limit + 1, awaiting=now if awaiting_me else None
    )
    return page_by_id(rows, limit, lambda shown: _summaries(session, shown))


def payable_contract(session: Session, *, actor: Principal, contract_id: UUID) -> ContractSummary:
    """A contract for its buyer, or for the platform, which fulfils orders; locked until the transaction ends."""
    found = repository.contract(session, contract_id, for_update=True)
    if actor.via is not Via.SYSTEM:
        decide(actor, READ_CONTRACTS, Resource(org_id=found.org_id if found else None))
    if found is None:
        raise nothing_there()
    return _summaries(session, [found])[0]


def awaiting_my_signature(session: Session, *, actor: Principal, now: datetime) -> list[ContractSummary]:
    return contracts_of(session, actor=actor, now=now, awaiting_me=True, limit=200).items


def live_contract_for(session: Session, *, actor: Principal, offer_id: UUID) -> ContractSummary | None:
    """The contract that one's organisation has, or is making, under an offer."""
    decide(actor, READ_CONTRACTS, Resource(org_id=actor.acting_org))
    found = repository.live_contract(session, actor.acting_org, offer_id)
    return _summaries(session, [found])[0] if found else None


def _summaries(session: Session, rows: Sequence[Contract]) -> list[ContractSummary]:
    granted = repository.entitlements_by_contract(session, [row.id for row in rows])
    return [summary_of(row, granted.get(row.id)) for row in rows]


def _request(session: Session, actor: Principal, new: NewContract) -> AccessRequest | None:
    if new.request_id is None:
        return None
    found = repository.request(session, new.request_id)
    if found is None or found.org_id != actor.org_id:
        raise nothing_there()
    if found.state != RequestState.APPROVED:
        raise ApprovalNeeded(
            N_("The request is in the state %(state)s."),
            hint=N_("Wait for the provider's approval, or make a new request."),
            state=found.state,
        )
    return found


def _approved(session: Session, found: Offer, org_id: UUID) -> AccessRequest | None:
    if found.kind != OfferKind.REQUEST:
        return None
    request = repository.live_request(session, org_id, found.id)
    if request is None or request.state != RequestState.APPROVED:
        raise ApprovalNeeded(
            N_("This offer is on request, and no request of yours is approved."),
            hint=N_("Send a request with your purpose; its approval leads to the contract."),
        )
    return request


def _check_offer(found: Offer, org_id: UUID) -> None:
    if found.org_id == org_id:
        raise OwnOffer(N_("You need no licence for your own data."))
    if found.state != OfferState.PUBLISHED:
        raise OfferNotOpen(N_("Its provider withdrew it."), hint=N_("See the asset's page for other offers."))


def _check_none_live(session: Session, org_id: UUID, found: Offer, now: datetime) -> None:
    """Refuse a second licence; but what lapsed or expired by the clock makes room."""
    live = repository.live_contract(session, org_id, found.id, for_update=True)
    if live is None:
        return
    if live.state in (ContractState.AWAITING_BUYER, ContractState.AWAITING_PROVIDER):
        if now < live.sign_before:
            raise LicenceAlreadyGranted(
                N_("The contract %(contract)s for this offer waits for a signature."),
                hint=N_("Sign it, or cancel it to start again."),
                contract=live.id,
            )
        _cancel(session, live, now)
    elif live.state == ContractState.SIGNED:
        raise LicenceAlreadyGranted(
            N_("The contract %(contract)s for this offer is signed and waits for payment."),
            hint=N_("Pay it under Orders."),
            contract=live.id,
        )
    elif not entitlements.end_if_expired(session, live, now):
        raise LicenceAlreadyGranted(
            N_("The contract %(contract)s for this offer is in force."),
            hint=N_("Find the data in your library."),
            contract=live.id,
        )


def _cancel(session: Session, found: Contract, now: datetime) -> None:
    found.state = ContractState.CANCELLED
    session.add(found)
    session.flush()
    tell_orders(session, found, now)


def _purpose(row: OfferRevision, new: NewContract, request: AccessRequest | None) -> dict[str, Any] | None:
    if request is not None:
        questions = OfferTerms.model_validate(row.conditions).questions
        return {
            "code": request.purpose,
            "description": request.description,
            "answers": request.answers,
            "questions": [question.model_dump() for question in questions],
        }
    allowed = OfferTerms.model_validate(row.conditions).purposes
    if new.purpose is None and allowed:
        raise InvalidInput(
            N_("Say what the data are for: this offer names its purposes."),
            where="purpose",
        )
    if allowed and new.purpose not in allowed:
        raise InvalidInput(
            N_("This offer is for the purposes: %(purposes)s."), where="purpose", purposes=", ".join(allowed)
        )
    return {"code": new.purpose, "description": new.description} if new.purpose else None


def _draw_up(
    session: Session,
    ledger: Ledger,
    found: Offer,
    row: OfferRevision,
    org_id: UUID,
    request: AccessRequest | None,
    purpose: dict[str, Any] | None,
    now: datetime,
) -> Contract:
    contract_id, sign_before = new_id(), now + SIGN_WITHIN
    names = accounts.org_names(session, [org_id, found.org_id])
    asset = _asset_part(session, ledger, found.asset_id)
    document = contract_document(
        ledger.origin,
        contract_id=contract_id,
        buyer=(org_id, names.get(org_id, LocalText(en="-"))),
        provider=(found.org_id, names.get(found.org_id, LocalText(en="-"))),
        asset=asset,
        offer_leaf=found.leaf or "",
        offer=json.loads(row.content),
        purpose=purpose,
        made_at=now,
        sign_before=sign_before,
    )
    sealed = commit(document)
    made = Contract(
        id=contract_id,
        kind=found.kind,
        offer_id=found.id,
        revision_id=row.id,
        offer_leaf=found.leaf or "",
        request_id=request.id if request else None,
        asset_id=found.asset_id,
        registration=asset["registration"],
        org_id=org_id,
        provider_org_id=found.org_id,
        price_minor=row.price_minor,
        currency=row.currency,
        term_days=row.term_days,
        commitment=sealed.hex,
        created_at=now,
        sign_before=sign_before,
    )
    session.add(made)
    session.flush()
    session.add(ContractText(contract_id=made.id, salt=sealed.salt, content=sealed.content))
    session.flush()
    return made


def _asset_part(session: Session, ledger: Ledger, asset_id: UUID) -> dict[str, Any]:
    asset = catalog.asset(session, actor=_READER, asset_id=asset_id)
    if asset.current_version_id is None:
        raise nothing_there()
    version = catalog.version(session, actor=_READER, version_id=asset.current_version_id)
    return {
        "id": urn(ledger.origin, "asset", asset_id),
        "title": asset.metadata.title.model_dump(),
        "version": version.version,
        "registration": version.leaf,
        "contentRoot": version.content_root,
    }

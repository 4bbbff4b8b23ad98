"""Signing a contract: each side states, with its own key, that it holds to the same commitment."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from ledger.names import urn
from market.kit.auth import Principal, Resource, Verb, decide, nothing_there
from market.kit.errors import NotFound
from market.kit.i18n import N_
from market.kit.money import Money
from market.kit.texts import LocalText
from market.licensing import entitlements, repository
from market.licensing.changes import tell_orders
from market.licensing.documents import CONTRACT_FIELD, OFFER_FIELD
from market.licensing.errors import ContractLapsed, OfferChanged, WrongContractState
from market.licensing.models import Contract, ContractText, Entitlement
from market.licensing.schemas import (
    ContractState,
    ContractSummary,
    ContractView,
    OfferKind,
    OfferState,
    Party,
    SignatureView,
)
from market.licensing.verbs import SIGN_CONTRACT
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import About
from market.provenance.signing import (
    NoSigningKey,
    SignedBody,
    ToSign,
    opening_body,
    prepare,
    record_signed,
)
from market.statements import resealed

_TURN: dict[str, Party] = {"AWAITING_BUYER": "buyer", "AWAITING_PROVIDER": "provider"}


def sign_contract(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    contract_id: UUID,
    signed: SignedBody,
    now: datetime,
) -> ContractView:
    """Record a side's signature and what follows from it, both or neither. The same signature again changes nothing.

    After the provider's: the licence starts, or, where there is a price, the contract waits for its payment.
    Raises WrongContractState, ContractLapsed, OfferChanged, StatementDiffers, and what recording raises.
    """
    found = load(session, actor, contract_id, SIGN_CONTRACT, for_update=True)
    party = party_of(actor, found.org_id, found.provider_org_id)
    leaf = provenance.read(ledger, signed.data).statement.leaf_hash.hex()
    if leaf == (found.buyer_leaf if party == "buyer" else found.provider_leaf):
        return view_of(session, actor, ledger, found, now)
    _check_turn(session, found, party, now)
    text = _text(session, found)
    record_signed(
        session,
        actor=actor,
        ledger=ledger,
        signed=signed,
        kind="contract",
        subject_id=found.id,
        predicate=_predicate(ledger, found, party or "buyer") | {CONTRACT_FIELD: found.commitment},
        contents={CONTRACT_FIELD: text.content},
        about=About(org_ids=[found.org_id, found.provider_org_id], asset_id=found.asset_id),
        now=now,
    )
    _take(session, found, party or "buyer", leaf, now)
    return view_of(session, actor, ledger, found, now)


def _take(session: Session, found: Contract, party: Party, leaf: str, now: datetime) -> None:
    """What a valid signature changes."""
    if party == "buyer":
        found.buyer_leaf, found.buyer_signed_at = leaf, now
        found.state = ContractState.AWAITING_PROVIDER
    else:
        found.provider_leaf, found.provider_signed_at = leaf, now
        found.state = ContractState.SIGNED
    session.add(found)
    session.flush()
    if found.state == ContractState.SIGNED and found.kind != OfferKind.PAID:
        entitlements.start(session, found, now)
    elif found.state == ContractState.SIGNED:
        tell_orders(session, found, now)


def load(
    session: Session, actor: Principal, contract_id: UUID, verb: Verb, *, for_update: bool = False
) -> Contract:
    """The contract, if the actor's organisation is a party; NotFound if not."""
    found = repository.contract(session, contract_id, for_update=for_update)
    party = party_of(actor, found.org_id, found.provider_org_id) if found else None
    decide(actor, verb, Resource(org_id=actor.org_id if party else None))
    if found is None:
        raise nothing_there()
    return found


def party_of(actor: Principal, buyer_org: UUID, provider_org: UUID) -> Party | None:
    if actor.org_id == buyer_org:
        return "buyer"
    return "provider" if actor.org_id == provider_org else None


def view_of(
    session: Session, actor: Principal, ledger: Ledger, found: Contract, now: datetime
) -> ContractView:
    text = _text(session, found)
    terms = repository.revision(session, found.revision_id)
    if terms is None:
        raise nothing_there()
    to_sign, key_missing = _to_sign(session, actor, ledger, found, text, now)
    summary = summary_of(found, repository.entitlement_of(session, found.id))
    return ContractView(
        **dict(summary),
        document=json.loads(text.content),
        text=opening_body(CONTRACT_FIELD, resealed(text.salt, text.content)),
        offer_terms=opening_body(OFFER_FIELD, resealed(terms.salt, terms.content)),
        to_sign=to_sign,
        key_missing=key_missing,
    )


def summary_of(found: Contract, granted: Entitlement | None) -> ContractSummary:
    price = Money(found.price_minor, found.currency) if found.price_minor and found.currency else None
    return ContractSummary(
        id=found.id,
        state=ContractState(found.state),
        kind=OfferKind(found.kind),
        asset_id=found.asset_id,
        offer_id=found.offer_id,
        offer_leaf=found.offer_leaf,
        request_id=found.request_id,
        buyer_org=found.org_id,
        provider_org=found.provider_org_id,
        price=price,
        term_days=found.term_days,
        commitment=found.commitment,
        registration=found.registration,
        awaits=_TURN.get(found.state),
        signatures=_signatures(found),
        entitlement_id=granted.id if granted else None,
        created_at=found.created_at,
        sign_before=found.sign_before,
        declined_at=found.declined_at,
        reason=LocalText(**found.reason) if found.reason else None,
    )


def _signatures(found: Contract) -> list[SignatureView]:
    sides: list[tuple[Party, UUID, str | None, datetime | None]] = [
        ("buyer", found.org_id, found.buyer_leaf, found.buyer_signed_at),
        ("provider", found.provider_org_id, found.provider_leaf, found.provider_signed_at),
    ]
    return [
        SignatureView(party=party, org_id=org_id, leaf=leaf, signed_at=at)
        for party, org_id, leaf, at in sides
        if leaf is not None and at is not None
    ]


def _to_sign(
    session: Session, actor: Principal, ledger: Ledger, found: Contract, text: ContractText, now: datetime
) -> tuple[ToSign | None, bool]:
    party = party_of(actor, found.org_id, found.provider_org_id)
    if party is None or _TURN.get(found.state) != party or now >= found.sign_before:
        return None, False
    try:
        return prepare(
            session,
            ledger=ledger,
            kind="contract",
            org_id=actor.acting_org,
            subject_id=found.id,
            predicate=_predicate(ledger, found, party),
            commitments={CONTRACT_FIELD: resealed(text.salt, text.content)},
            now=now,
        ), False
    except NoSigningKey:
        return None, True


def _predicate(ledger: Ledger, found: Contract, party: Party) -> dict[str, Any]:
    return {
        "asset": urn(ledger.origin, "asset", found.asset_id),
        "offer": found.offer_leaf,
        "party": party,
    }


def _check_turn(session: Session, found: Contract, party: Party | None, now: datetime) -> None:
    if party is None or _TURN.get(found.state) != party:
        raise WrongContractState(
            N_("It is in the state %(state)s; it does not wait for your signature."),
            hint=N_("The buyer signs first, then the provider."),
            state=found.state,
        )
    if now >= found.sign_before:
        raise ContractLapsed(
            N_("It could be signed until %(until)s."),
            hint=N_("Make a new contract from the offer."),
            until=found.sign_before.isoformat(timespec="seconds"),
        )
    offer = repository.offer(session, found.offer_id)
    if party == "buyer" and (
        offer is None or offer.state != OfferState.PUBLISHED or offer.leaf != found.offer_leaf
    ):
        raise OfferChanged(
            N_("The provider changed or withdrew the offer; nothing was signed."),
            hint=N_("Cancel this contract and make a new one from the offer as it is now."),
        )


def _text(session: Session, found: Contract) -> ContractText:
    text = repository.contract_text(session, found.id)
    if text is None:
        raise NotFound(N_("The text of this contract was erased; its signatures stay in the ledger."))
    return text

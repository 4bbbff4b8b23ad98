"""Offers: prepared, signed by their provider, published, changed and withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from ledger.names import urn
from market.catalog import service as catalog
from market.catalog.schemas import AssetMetadata, AssetState
from market.kit.auth import Principal, Resource, decide, nothing_there
from market.kit.i18n import N_
from market.kit.money import Money
from market.kit.paging import Page, page_by_id, read_id
from market.licensing import repository
from market.licensing.documents import OFFER_FIELD, offer_document, policy
from market.licensing.errors import NotOfferable, WrongOfferState
from market.licensing.models import Offer, OfferRevision
from market.licensing.schemas import (
    NewOffer,
    OfferDraft,
    OfferState,
    OfferTerms,
    OfferView,
    SignedOffer,
    WithdrawalDraft,
)
from market.licensing.verbs import PUBLISH_OFFER, READ_OFFERS, READ_OWN_OFFERS
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import About
from market.provenance.signing import SignedBody, ToSign, prepare, record_signed
from market.statements import commit, resealed
from market.zones import service as zones


def draft_offer(
    session: Session, *, actor: Principal, ledger: Ledger, new: NewOffer, now: datetime
) -> OfferDraft:
    """Prepare an offer, or a change to one, for its provider's signature. Nobody sees it before it is signed.

    Raises NotOfferable, WrongOfferState, NoSigningKey.
    """
    asset = catalog.asset(session, actor=actor, asset_id=new.asset_id)
    decide(actor, PUBLISH_OFFER, Resource(org_id=asset.org_id, zone=asset.zone))
    if asset.state is not AssetState.REGISTERED or asset.current_version_id is None:
        raise NotOfferable(
            N_("Register a version of the asset first; an offer is about registered data."),
            hint=N_("Sign a version on its page, or with: datawharf register."),
        )
    # What was signed counts, and so does what the provider has corrected since.
    for metadata in (catalog.described(session, version_id=asset.current_version_id), asset.metadata):
        _check_rules(metadata, new)
    found = _offer_for(session, actor, new, now)
    terms, number = new.conditions, found.revision + 1
    document = offer_document(
        ledger.origin,
        offer_id=found.id,
        asset_id=found.asset_id,
        org_id=found.org_id,
        number=number,
        terms=terms,
    )
    sealed = commit(document)
    row = OfferRevision(
        offer_id=found.id,
        number=number,
        price_minor=terms.price.minor if terms.price else None,
        currency=terms.price.currency if terms.price else None,
        term_days=terms.term_days,
        quota_rows=terms.quota_rows,
        conditions=terms.model_dump(mode="json"),
        salt=sealed.salt,
        content=sealed.content,
        created_at=now,
    )
    session.add(row)
    session.flush()
    to_sign = _to_sign(session, ledger, found, row, _action(found), now)
    return OfferDraft(draft_id=row.id, offer=view_of(found, row), to_sign=to_sign)


def publish_offer(
    session: Session, *, actor: Principal, ledger: Ledger, signed: SignedOffer, now: datetime
) -> OfferView:
    """Record the provider's signed offer and open it, both or neither. The same statement again changes nothing."""
    row = repository.revision(session, signed.draft_id)
    found = repository.offer(session, row.offer_id, for_update=True) if row else None
    decide(actor, PUBLISH_OFFER, Resource(org_id=found.org_id if found else None))
    if row is None or found is None:
        raise nothing_there()
    fact = provenance.read(ledger, signed.data)
    if row.leaf is not None and row.leaf == fact.statement.leaf_hash.hex():
        return view_of(found, row)
    if row.leaf is not None or row.number != found.revision + 1 or found.state == OfferState.WITHDRAWN:
        raise WrongOfferState(
            N_("The offer was published, changed or withdrawn meanwhile."),
            hint=N_("Prepare it again and sign what comes back."),
        )
    leaf = _record(session, actor, ledger, found, row, _action(found), signed, now)
    row.leaf = leaf
    found.state, found.leaf, found.revision, found.revision_id = (
        OfferState.PUBLISHED,
        leaf,
        row.number,
        row.id,
    )
    found.kind = OfferTerms.model_validate(row.conditions).kind
    found.published_at = found.published_at or now
    session.add_all([row, found])
    session.flush()
    catalog.announce_change(session, found.asset_id, now=now)
    return view_of(found, row)


def draft_withdrawal(
    session: Session, *, actor: Principal, ledger: Ledger, offer_id: UUID, now: datetime
) -> WithdrawalDraft:
    """What the provider signs to withdraw a published offer. Contracts that were made from it go on."""
    found, row = _own(session, actor, offer_id)
    _check_published(found)
    return WithdrawalDraft(offer_id=found.id, to_sign=_to_sign(session, ledger, found, row, "withdrawn", now))


def withdraw_offer(
    session: Session, *, actor: Principal, ledger: Ledger, offer_id: UUID, signed: SignedBody, now: datetime
) -> OfferView:
    """Record the signed withdrawal; from then on nobody can take the offer."""
    found, row = _own(session, actor, offer_id, for_update=True)
    fact = provenance.read(ledger, signed.data)
    if found.withdrawal == fact.statement.leaf_hash.hex():
        return view_of(found, row)
    _check_published(found)
    found.withdrawal = _record(session, actor, ledger, found, row, "withdrawn", signed, now)
    found.state = OfferState.WITHDRAWN
    session.add(found)
    session.flush()
    catalog.announce_change(session, found.asset_id, now=now)
    return view_of(found, row)


def offer(session: Session, *, actor: Principal, offer_id: UUID) -> OfferView:
    """An offer that is or was published; a draft is its provider's only."""
    found = repository.offer(session, offer_id)
    row = repository.revision(session, found.revision_id) if found else None
    decide(actor, READ_OFFERS, Resource())
    if found is None or row is None:
        raise nothing_there()
    return view_of(found, row)


def draft(session: Session, *, actor: Principal, ledger: Ledger, draft_id: UUID, now: datetime) -> OfferDraft:
    """A prepared offer again, for the page on which it is signed."""
    row = repository.revision(session, draft_id)
    found = repository.offer(session, row.offer_id) if row else None
    decide(actor, PUBLISH_OFFER, Resource(org_id=found.org_id if found else None))
    if row is None or found is None:
        raise nothing_there()
    to_sign = _to_sign(session, ledger, found, row, _action(found), now)
    return OfferDraft(draft_id=row.id, offer=view_of(found, row), to_sign=to_sign)


def offers_of(
    session: Session, *, actor: Principal, asset_id: UUID, cursor: str | None, limit: int
) -> Page[OfferView]:
    """The published offers of an asset that one may see, the oldest first."""
    decide(actor, READ_OFFERS, Resource())
    catalog.asset(session, actor=actor, asset_id=asset_id)
    rows = repository.published_of(session, [asset_id], after=read_id(cursor), limit=limit + 1)
    return page_by_id(rows, limit, lambda shown: _views(session, shown))


def published_offers(session: Session, *, asset_ids: Collection[UUID]) -> dict[UUID, list[OfferView]]:
    """The published offers of several assets, by asset, for lists of other slices."""
    result: dict[UUID, list[OfferView]] = {}
    for one in _views(session, repository.published_of(session, asset_ids)):
        result.setdefault(one.asset_id, []).append(one)
    return result


def own_offers(session: Session, *, actor: Principal, cursor: str | None, limit: int) -> Page[OfferView]:
    """One's organisation's offers, newest first."""
    decide(actor, READ_OWN_OFFERS, Resource(org_id=actor.acting_org))
    rows = repository.offers_of_org(session, actor.acting_org, read_id(cursor), limit + 1)
    return page_by_id(rows, limit, lambda shown: _views(session, shown))


def view_of(found: Offer, row: OfferRevision) -> OfferView:
    terms = OfferTerms.model_validate(row.conditions)
    return OfferView(
        **terms.model_dump(exclude={"price", "terms", "questions"}),
        terms=terms.terms,
        questions=terms.questions,
        price=price_of(row),
        id=found.id,
        asset_id=found.asset_id,
        provider_org=found.org_id,
        state=OfferState(found.state),
        revision=row.number,
        leaf=row.leaf,
        policy=policy(terms),
        published_at=found.published_at,
    )


def price_of(row: OfferRevision) -> Money | None:
    return Money(row.price_minor, row.currency) if row.price_minor is not None and row.currency else None


def _views(session: Session, rows: Sequence[Offer]) -> list[OfferView]:
    known = repository.revisions(session, [row.revision_id for row in rows if row.revision_id])
    return [view_of(row, known[row.revision_id]) for row in rows if row.revision_id]


def _offer_for(session: Session, actor: Principal, new: NewOffer, now: datetime) -> Offer:
    if new.offer_id is None:
        found = Offer(asset_id=new.asset_id, org_id=actor.acting_org, kind=new.kind, created_at=now)
        session.add(found)
        session.flush()
        return found
    found, _ = _own(session, actor, new.offer_id)
    if found.asset_id != new.asset_id:
        raise nothing_there()
    _check_published(found)
    return found


def _check_rules(metadata: AssetMetadata, new: NewOffer) -> None:
    """What the zones' rules say to such an offer: the licence is known, and nothing on the negative list forbids it."""
    zones.check_licence(new.licence)
    zones.refuse_if_listed(metadata.model_dump(), new.kind.value, new.purposes)


def _own(
    session: Session, actor: Principal, offer_id: UUID, *, for_update: bool = False
) -> tuple[Offer, OfferRevision]:
    found = repository.offer(session, offer_id, for_update=for_update)
    decide(actor, PUBLISH_OFFER, Resource(org_id=found.org_id if found else None))
    row = repository.revision(session, found.revision_id) if found else None
    if found is None or row is None:
        raise nothing_there()
    return found, row


def _check_published(found: Offer) -> None:
    if found.state != OfferState.PUBLISHED:
        raise WrongOfferState(
            N_("It is in the state %(state)s."), hint=N_("Make a new offer."), state=found.state
        )


def _action(found: Offer) -> str:
    return "published" if found.leaf is None else "changed"


def _predicate(ledger: Ledger, found: Offer, action: str) -> dict[str, Any]:
    predicate = {"asset": urn(ledger.origin, "asset", found.asset_id), "action": action}
    return predicate if found.leaf is None else predicate | {"previous": found.leaf}


def _to_sign(
    session: Session, ledger: Ledger, found: Offer, row: OfferRevision, action: str, now: datetime
) -> ToSign:
    return prepare(
        session,
        ledger=ledger,
        kind="offer",
        org_id=found.org_id,
        subject_id=found.id,
        predicate=_predicate(ledger, found, action),
        commitments={OFFER_FIELD: resealed(row.salt, row.content)},
        now=now,
    )


def _record(
    session: Session,
    actor: Principal,
    ledger: Ledger,
    found: Offer,
    row: OfferRevision,
    action: str,
    signed: SignedBody,
    now: datetime,
) -> str:
    sealed = resealed(row.salt, row.content)
    stated = record_signed(
        session,
        actor=actor,
        ledger=ledger,
        signed=signed,
        kind="offer",
        subject_id=found.id,
        predicate=_predicate(ledger, found, action) | {OFFER_FIELD: sealed.hex},
        contents={OFFER_FIELD: row.content},
        about=About(org_ids=[found.org_id], asset_id=found.asset_id),
        now=now,
    )
    return stated.leaf

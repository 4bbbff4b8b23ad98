"""Offers, requests, contracts and entitlements in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, update
from sqlmodel import Session, col, select

from market.licensing.models import (
    AccessRequest,
    Contract,
    ContractText,
    Entitlement,
    Offer,
    OfferRevision,
)


def offer(session: Session, offer_id: UUID, *, for_update: bool = False) -> Offer | None:
    return session.get(Offer, offer_id, with_for_update=True if for_update else None)


def revision(session: Session, revision_id: UUID | None) -> OfferRevision | None:
    return session.get(OfferRevision, revision_id) if revision_id is not None else None


def revisions(session: Session, ids: Iterable[UUID]) -> dict[UUID, OfferRevision]:
    query = select(OfferRevision).where(col(OfferRevision.id).in_(list(ids)))
    return {row.id: row for row in session.exec(query)}


def published_of(
    session: Session, asset_ids: Iterable[UUID], *, after: UUID | None = None, limit: int | None = None
) -> Sequence[Offer]:
    """Published offers, the oldest first, above `after`."""
    query = select(Offer).where(col(Offer.asset_id).in_(list(asset_ids)), Offer.state == "PUBLISHED")
    if after is not None:
        query = query.where(Offer.id > after)
    return session.exec(query.order_by(col(Offer.id)).limit(limit)).all()


def offers_of_org(session: Session, org_id: UUID, before: UUID | None, limit: int) -> Sequence[Offer]:
    """Published and withdrawn ones, newest first."""
    query = select(Offer).where(Offer.org_id == org_id, Offer.state != "DRAFT")
    if before is not None:
        query = query.where(Offer.id < before)
    return session.exec(query.order_by(col(Offer.id).desc()).limit(limit)).all()


def request(session: Session, request_id: UUID, *, for_update: bool = False) -> AccessRequest | None:
    return session.get(AccessRequest, request_id, with_for_update=True if for_update else None)


def live_request(session: Session, org_id: UUID, offer_id: UUID) -> AccessRequest | None:
    query = select(AccessRequest).where(
        AccessRequest.org_id == org_id,
        AccessRequest.offer_id == offer_id,
        col(AccessRequest.state).in_(("PENDING", "APPROVED")),
    )
    return session.exec(query).first()


def latest_request(session: Session, org_id: UUID, offer_id: UUID) -> AccessRequest | None:
    query = select(AccessRequest).where(AccessRequest.org_id == org_id, AccessRequest.offer_id == offer_id)
    return session.exec(query.order_by(col(AccessRequest.id).desc()).limit(1)).first()


def count_pending(session: Session, org_id: UUID) -> int:
    query = select(func.count()).where(AccessRequest.org_id == org_id, AccessRequest.state == "PENDING")
    return session.exec(query).one()


def requests(
    session: Session, org_id: UUID, *, received: bool, states: Sequence[str], before: UUID | None, limit: int
) -> Sequence[AccessRequest]:
    """Received or sent by an organisation, newest first."""
    side = AccessRequest.provider_org_id if received else AccessRequest.org_id
    query = select(AccessRequest).where(side == org_id)
    if states:
        query = query.where(col(AccessRequest.state).in_(list(states)))
    if before is not None:
        query = query.where(AccessRequest.id < before)
    return session.exec(query.order_by(col(AccessRequest.id).desc()).limit(limit)).all()


def contract(session: Session, contract_id: UUID, *, for_update: bool = False) -> Contract | None:
    return session.get(Contract, contract_id, with_for_update=True if for_update else None)


def contract_text(session: Session, contract_id: UUID) -> ContractText | None:
    return session.get(ContractText, contract_id)


def live_contract(
    session: Session, org_id: UUID, offer_id: UUID, *, for_update: bool = False
) -> Contract | None:
    query = select(Contract).where(
        Contract.org_id == org_id,
        Contract.offer_id == offer_id,
        col(Contract.state).not_in(("ENDED", "CANCELLED")),
    )
    return session.exec(query.with_for_update() if for_update else query).first()


def contracts(
    session: Session, org_id: UUID, before: UUID | None, limit: int, *, awaiting: datetime | None = None
) -> Sequence[Contract]:
    """Contracts of which the organisation is a party, newest first; with `awaiting`, those it has to sign at that time."""
    buys, provides = col(Contract.org_id) == org_id, col(Contract.provider_org_id) == org_id
    if awaiting is None:
        query = select(Contract).where(or_(buys, provides))
    else:
        query = select(Contract).where(
            or_(
                and_(buys, col(Contract.state) == "AWAITING_BUYER"),
                and_(provides, col(Contract.state) == "AWAITING_PROVIDER"),
            ),
            Contract.sign_before > awaiting,
        )
    if before is not None:
        query = query.where(Contract.id < before)
    return session.exec(query.order_by(col(Contract.id).desc()).limit(limit)).all()


def entitlement(session: Session, entitlement_id: UUID, *, for_update: bool = False) -> Entitlement | None:
    return session.get(Entitlement, entitlement_id, with_for_update=True if for_update else None)


def entitlement_of(session: Session, contract_id: UUID) -> Entitlement | None:
    return session.exec(select(Entitlement).where(Entitlement.contract_id == contract_id)).first()


def entitlements_by_contract(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, Entitlement]:
    query = select(Entitlement).where(col(Entitlement.contract_id).in_(list(contract_ids)))
    return {row.contract_id: row for row in session.exec(query)}


def entitlements_for_use(session: Session, org_id: UUID, asset_id: UUID) -> Sequence[Entitlement]:
    """All entitlements of a buyer to an asset: the one that runs longest first."""
    query = select(Entitlement).where(Entitlement.org_id == org_id, Entitlement.asset_id == asset_id)
    return session.exec(query.order_by(col(Entitlement.ends_at).desc(), col(Entitlement.id).desc())).all()


def entitlements(
    session: Session, org_id: UUID, *, granted: bool, before: UUID | None, limit: int
) -> Sequence[Entitlement]:
    """Held by an organisation, or granted by it; newest first."""
    side = Entitlement.provider_org_id if granted else Entitlement.org_id
    query = select(Entitlement).where(side == org_id)
    if before is not None:
        query = query.where(Entitlement.id < before)
    return session.exec(query.order_by(col(Entitlement.id).desc()).limit(limit)).all()


def spend_rows(session: Session, entitlement_id: UUID, rows: int, now: datetime) -> bool:
    """Count rows against the quota in one statement, so that two readers at once never pass it together."""
    quota, used = col(Entitlement.quota_rows), col(Entitlement.rows_used)
    spent = session.execute(
        update(Entitlement)
        .where(
            col(Entitlement.id) == entitlement_id,
            col(Entitlement.state) == "ACTIVE",
            col(Entitlement.starts_at) <= now,
            col(Entitlement.ends_at) > now,
            or_(quota.is_(None), used + rows <= quota),
        )
        .values(rows_used=used + rows)
        .execution_options(synchronize_session=False)
    )
    return bool(spent.rowcount)  # type: ignore[attr-defined]

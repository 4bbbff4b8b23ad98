"""Deliveries, releases and usage in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from market.delivery.models import Delivery, Release, UsageBatch, UsageEvent


def delivery_of(
    session: Session, entitlement_id: UUID, version_id: UUID, *, for_update: bool = False
) -> Delivery | None:
    query = select(Delivery).where(
        Delivery.entitlement_id == entitlement_id, Delivery.version_id == version_id
    )
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).first()


def is_released(session: Session, entitlement_id: UUID, version_id: UUID, day: date) -> bool:
    query = (
        select(Release)
        .join(Delivery, col(Delivery.id) == col(Release.delivery_id))
        .where(Delivery.entitlement_id == entitlement_id, Delivery.version_id == version_id)
        .where(Release.day == day)
    )
    return session.exec(query).first() is not None


def set_release_leaf(session: Session, delivery_id: UUID, day: date, leaf: str) -> None:
    session.execute(
        update(Release)
        .where(col(Release.delivery_id) == delivery_id, col(Release.day) == day)
        .values(leaf=leaf)
        .execution_options(synchronize_session=False)
    )


def deliveries(
    session: Session,
    org_id: UUID,
    *,
    provided: bool,
    before: UUID | None,
    limit: int,
    entitlement_id: UUID | None = None,
) -> Sequence[Delivery]:
    """Got by an organisation or, with `provided`, given by it; newest first."""
    side = Delivery.provider_org_id if provided else Delivery.org_id
    query = select(Delivery).where(side == org_id)
    if entitlement_id is not None:
        query = query.where(Delivery.entitlement_id == entitlement_id)
    if before is not None:
        query = query.where(Delivery.id < before)
    return session.exec(query.order_by(col(Delivery.id).desc()).limit(limit)).all()


def deliveries_under(session: Session, org_id: UUID, entitlement_ids: Collection[UUID]) -> Sequence[Delivery]:
    """What a buyer got under these licences, the oldest first."""
    query = select(Delivery).where(
        Delivery.org_id == org_id, col(Delivery.entitlement_id).in_(list(entitlement_ids))
    )
    return session.exec(query.order_by(col(Delivery.id))).all()


def releases_of(session: Session, delivery_ids: Collection[UUID]) -> Sequence[Release]:
    """The oldest first."""
    query = select(Release).where(col(Release.delivery_id).in_(list(delivery_ids)))
    return session.exec(query.order_by(col(Release.day))).all()


def open_events(session: Session, entitlement_id: UUID, before: datetime, limit: int) -> Sequence[UsageEvent]:
    """Events that are in no batch yet, locked, the oldest first."""
    query = (
        select(UsageEvent)
        .where(UsageEvent.entitlement_id == entitlement_id, col(UsageEvent.batch_id).is_(None))
        .where(UsageEvent.at < before)
        .order_by(col(UsageEvent.at), col(UsageEvent.id))
        .limit(limit)
        .with_for_update()
    )
    return session.exec(query).all()


def last_sequence(session: Session, entitlement_id: UUID) -> int:
    query = select(func.max(UsageBatch.sequence)).where(UsageBatch.entitlement_id == entitlement_id)
    return session.exec(query).one() or 0


def put_in_batch(session: Session, event_ids: Collection[UUID], batch_id: UUID) -> None:
    session.execute(
        update(UsageEvent)
        .where(col(UsageEvent.id).in_(list(event_ids)))
        .values(batch_id=batch_id)
        .execution_options(synchronize_session=False)
    )


def batches_of(
    session: Session, entitlement_id: UUID, before: UUID | None, limit: int
) -> Sequence[UsageBatch]:
    """The newest first, below `before`."""
    query = select(UsageBatch).where(UsageBatch.entitlement_id == entitlement_id)
    if before is not None:
        query = query.where(UsageBatch.id < before)
    return session.exec(query.order_by(col(UsageBatch.id).desc()).limit(limit)).all()

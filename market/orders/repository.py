"""Orders in the database."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from market.orders.models import Order

OVER = ("CANCELLED", "EXPIRED")


def order(session: Session, order_id: UUID, *, for_update: bool = False) -> Order | None:
    return session.get(Order, order_id, with_for_update=True if for_update else None)


def live_of_contract(session: Session, contract_id: UUID, *, for_update: bool = False) -> Order | None:
    query = select(Order).where(Order.contract_id == contract_id, col(Order.state).not_in(OVER))
    return session.exec(query.with_for_update() if for_update else query).first()


def latest_of_contract(session: Session, contract_id: UUID) -> Order | None:
    query = select(Order).where(Order.contract_id == contract_id)
    return session.exec(query.order_by(col(Order.id).desc()).limit(1)).first()


def of_org(session: Session, org_id: UUID, before: UUID | None, limit: int) -> Sequence[Order]:
    """Newest first."""
    query = select(Order).where(Order.org_id == org_id)
    if before is not None:
        query = query.where(Order.id < before)
    return session.exec(query.order_by(col(Order.id).desc()).limit(limit)).all()

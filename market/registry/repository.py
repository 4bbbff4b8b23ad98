"""Applications and certificates in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from market.kit.auth import HUB
from market.registry.models import Application, ApplicationStep, Certificate

OPEN = ("SUBMITTED", "ACCEPTED", "FORMAL_REVIEW")


def application(session: Session, application_id: UUID, *, for_update: bool = False) -> Application | None:
    query = select(Application).where(Application.id == application_id)
    return session.exec(query.with_for_update() if for_update else query).first()


def of_version(session: Session, version_id: UUID) -> Application | None:
    return session.exec(select(Application).where(Application.version_id == version_id)).first()


def of_org(session: Session, org_id: UUID, before: UUID | None, limit: int) -> Sequence[Application]:
    """Newest first, below `before`."""
    query = select(Application).where(Application.org_id == org_id)
    if before is not None:
        query = query.where(Application.id < before)
    return session.exec(query.order_by(col(Application.id).desc()).limit(limit)).all()


def queue(
    session: Session, zone: str, states: Iterable[str], after: UUID | None, limit: int
) -> Sequence[Application]:
    """Oldest first, above `after`; the hub sees all zones."""
    query = select(Application).where(col(Application.state).in_(list(states)))
    if zone != HUB:
        query = query.where(Application.zone == zone)
    if after is not None:
        query = query.where(Application.id > after)
    return session.exec(query.order_by(col(Application.id)).limit(limit)).all()


def steps(session: Session, application_id: UUID) -> Sequence[ApplicationStep]:
    query = select(ApplicationStep).where(ApplicationStep.application_id == application_id)
    return session.exec(query.order_by(col(ApplicationStep.id))).all()


def certificate_by_code(session: Session, code: str) -> Certificate | None:
    return session.exec(select(Certificate).where(Certificate.code == code)).first()


def certificate_of_application(session: Session, application_id: UUID) -> Certificate | None:
    return session.exec(select(Certificate).where(Certificate.application_id == application_id)).first()


def certificates_of_asset(session: Session, asset_id: UUID) -> Sequence[Certificate]:
    """Issued ones, newest first."""
    query = select(Certificate).where(Certificate.asset_id == asset_id, Certificate.state != "DRAFT")
    return session.exec(query.order_by(col(Certificate.issued_at).desc())).all()


def valid_certificates(session: Session, asset_ids: Iterable[UUID], today: date) -> dict[UUID, Certificate]:
    query = select(Certificate).where(
        col(Certificate.asset_id).in_(list(asset_ids)),
        Certificate.state == "VALID",
        Certificate.valid_until >= today,
    )
    return {row.asset_id: row for row in session.exec(query.order_by(col(Certificate.issued_at)))}

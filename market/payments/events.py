"""Notices of the gateway: verified, kept once, and handed on as a job. What they say is never believed, only looked up."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from market.kit.jobs import enqueue
from market.payments import repository
from market.payments.models import GatewayEventRow
from market.payments.schemas import EventView, GatewayEvent

# Wakes orders: {event_id}.
EVENT_TOPIC = "payment.event"
_ABOUT_CHECKOUTS = "checkout.session."


def record_event(
    session: Session, *, event: GatewayEvent, raw: bytes, signature: str, livemode: bool, now: datetime
) -> bool:
    """Keep a verified notice, once however often it comes. True if it is new.

    One of another mode (test or live) or of a connected account is kept for the record and goes no further.
    """
    accepted = event.livemode == livemode and event.account is None
    row = GatewayEventRow(
        id=event.id,
        type=event.type,
        object_id=event.object_id,
        livemode=event.livemode,
        account=event.account,
        standing="accepted" if accepted else "ignored",
        raw=raw,
        signature=signature,
        happened_at=event.created,
        received_at=now,
    )
    if not repository.add_event(session, row):
        return False
    if accepted and event.type.startswith(_ABOUT_CHECKOUTS):
        enqueue(session, EVENT_TOPIC, {"event_id": event.id}, now=now, key=event.id)
    return True


def event(session: Session, *, event_id: str) -> EventView | None:
    row = repository.event(session, event_id)
    if row is None:
        return None
    return EventView(
        id=row.id,
        type=row.type,
        object_id=row.object_id,
        accepted=row.standing == "accepted",
        received_at=row.received_at,
    )

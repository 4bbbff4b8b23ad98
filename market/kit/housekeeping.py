"""Once a day: forget replies and jobs that nobody will ask for again. Replies hold what was answered, so they go too."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from market.kit.idempotency import StoredReply
from market.kit.jobs import Effects, Handler, Job, Payload, enqueue
from market.kit.ports import Ports

TOPIC = "kit.tidy"
KEEP_REPLIES = timedelta(days=7)
KEEP_JOBS = timedelta(days=30)
EVERY = timedelta(days=1)


def handlers(ports: Ports) -> dict[str, Handler]:
    def tidy(_payload: Payload) -> Effects:
        def effects(session: Session) -> None:
            now = ports.clock.now()
            forget(session, now)
            ask_for_tidying(session, now + EVERY, delay=EVERY)

        return effects

    return {TOPIC: tidy}


def ask_for_tidying(session: Session, day: datetime, *, delay: timedelta = timedelta()) -> None:
    """Have the day's tidying done, once, however many workers ask."""
    enqueue(session, TOPIC, {}, now=day - delay, key=day.date().isoformat(), delay=delay)


def forget(session: Session, now: datetime) -> None:
    """Failed jobs stay until a person has dealt with them."""
    session.execute(delete(StoredReply).where(col(StoredReply.created_at) < now - KEEP_REPLIES))
    session.execute(delete(Job).where(col(Job.state) == "done", col(Job.finished_at) < now - KEEP_JOBS))

"""Old replies and finished jobs are forgotten once a day; what still matters stays."""

from __future__ import annotations

from sqlmodel import Session, select

from market.kit.housekeeping import TOPIC, ask_for_tidying
from market.kit.idempotency import StoredReply
from market.kit.jobs import Job
from tests.builders.marketplace import Marketplace


def _topics(session: Session, state: str) -> list[str]:
    return [job.topic for job in session.exec(select(Job).where(Job.state == state))]


def test_a_day_tidies_and_asks_for_the_next(small_market: Marketplace) -> None:
    small_market.party("harbour")
    small_market.drain()
    clock, db = small_market.clock, small_market.ports.db
    with db.reading() as session:
        assert session.exec(select(StoredReply)).first() is not None
    clock.advance(days=31)
    with db.writing() as session:
        session.add(
            Job(
                topic="any",
                key="gave-up",
                payload={},
                state="failed",
                run_at=clock.now(),
                created_at=clock.now(),
            )
        )
        ask_for_tidying(session, clock.now())
        ask_for_tidying(session, clock.now())
    assert small_market.drain() == 1
    with db.reading() as session:
        assert session.exec(select(StoredReply)).first() is None
        assert _topics(session, "done") == [TOPIC]
        assert _topics(session, "queued") == [TOPIC]
        assert _topics(session, "failed") == ["any"]
    clock.advance(days=1)
    assert small_market.drain() == 1

"""Jobs: wanted together with what wants them, done at least once, with effects exactly once, and never lost from sight."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from market.kit.db import Database
from market.kit.jobs import (
    FIRST_DELAY,
    LEASE,
    LONGEST_DELAY,
    MAX_ATTEMPTS,
    Effects,
    Handler,
    Job,
    Worker,
    backlog,
    due_since,
    enqueue,
    jobs_in,
    retry,
)
from tests.fakes.clock import FakeClock


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def ask(db: Database, clock: FakeClock, topic: str = "greet", key: str = "", **payload: Any) -> None:
    with db.writing() as session:
        enqueue(session, topic, payload, now=clock.now(), key=key)


def jobs(db: Database) -> list[Job]:
    with db.reading() as session:
        return list(session.exec(select(Job).order_by(Job.id)).all())  # type: ignore[arg-type]


def the_job(db: Database) -> Job:
    (job,) = jobs(db)
    return job


def leave_a_note(topic: str, now: datetime) -> Effects:
    """An effect that can be seen: another job."""
    return lambda session: enqueue(session, topic, {}, now=now)


def test_a_job_is_wanted_only_if_the_transaction_that_wants_it_is_committed(
    db: Database, clock: FakeClock
) -> None:
    class Undone(Exception):
        pass

    with pytest.raises(Undone), db.writing() as session:
        enqueue(session, "greet", {}, now=clock.now())
        raise Undone
    assert jobs(db) == []


def test_asking_twice_with_the_same_key_is_asking_once(db: Database, clock: FakeClock) -> None:
    for _ in range(3):
        ask(db, clock, key="a")
    ask(db, clock, key="b")
    ask(db, clock, topic="other", key="a")
    assert [job.key for job in jobs(db)] == ["greet:a", "greet:b", "other:a"]


def test_jobs_run_in_the_order_in_which_they_are_due(db: Database, clock: FakeClock) -> None:
    seen: list[int] = []
    for number in range(5):
        ask(db, clock, number=number)
        clock.advance(seconds=1)
    assert Worker(db, {"greet": lambda payload: seen.append(payload["number"])}, clock).drain() == 5
    assert seen == [0, 1, 2, 3, 4]


def test_a_job_waits_for_its_time(db: Database, clock: FakeClock) -> None:
    with db.writing() as session:
        enqueue(session, "greet", {}, now=clock.now(), delay=timedelta(minutes=5))
    worker = Worker(db, {"greet": lambda _: None}, clock)
    assert worker.drain() == 0
    clock.advance(minutes=5)
    assert worker.drain() == 1


def test_a_worker_leaves_alone_what_it_has_no_handler_for(db: Database, clock: FakeClock) -> None:
    ask(db, clock, topic="of another process")
    assert Worker(db, {"greet": lambda _: None}, clock).drain() == 0
    assert the_job(db).state == "queued"


def test_failures_are_retried_with_growing_delays_and_end_where_people_see_them(
    db: Database, clock: FakeClock
) -> None:
    def fail(_payload: object) -> None:
        raise OSError("the far end is away")

    ask(db, clock)
    worker, waits = Worker(db, {"greet": fail}, clock), []
    while worker.drain():
        job = the_job(db)
        assert job.last_error == "OSError: the far end is away"
        if job.state == "failed":
            break
        waits.append(job.run_at - clock.now())
        clock.advance(seconds=waits[-1].total_seconds())
    assert waits == [min(FIRST_DELAY * 2**n, LONGEST_DELAY) for n in range(MAX_ATTEMPTS - 1)]
    assert the_job(db).attempts == MAX_ATTEMPTS
    with db.reading() as session:
        assert [job.topic for job in jobs_in(session, "failed")] == ["greet"]
        assert backlog(session) == {"failed": 1}
        assert due_since(session, now=clock.now()) is None
    clock.advance(days=30)
    assert worker.drain() == 0


def test_a_person_can_have_a_failed_job_tried_again(db: Database, clock: FakeClock) -> None:
    broken = True

    def mend(_payload: object) -> None:
        if broken:
            raise OSError("broken")

    ask(db, clock)
    worker = Worker(db, {"greet": mend}, clock)
    while the_job(db).state != "failed":
        worker.drain()
        clock.advance(hours=2)
    broken = False
    with db.writing() as session:
        assert retry(session, the_job(db).id, now=clock.now())
    assert worker.drain() == 1
    job = the_job(db)
    assert (job.state, job.last_error, job.finished_at) == ("done", "", clock.now())
    with db.writing() as session:
        assert not retry(session, job.id, now=clock.now()), "only failed jobs can be tried again"


def test_effects_and_the_end_of_a_job_are_one_transaction(db: Database, clock: FakeClock) -> None:
    def half(_payload: object) -> Effects:
        def effects(session: Session) -> None:
            leave_a_note("note", clock.now())(session)
            raise OSError("in the middle of the effects")

        return effects

    ask(db, clock)
    Worker(db, {"greet": half}, clock).drain()
    job = the_job(db)
    assert (job.topic, job.state, job.attempts) == ("greet", "queued", 1), "no note, and it comes again"


def test_the_job_of_a_dead_worker_is_taken_up_after_its_lease(db: Database, clock: FakeClock) -> None:
    class Killed(BaseException):
        pass

    def die(_payload: object) -> None:
        raise Killed

    ask(db, clock)
    with pytest.raises(Killed):
        Worker(db, {"greet": die}, clock).run_one()
    assert the_job(db).state == "running"
    other = Worker(db, {"greet": lambda _: leave_a_note("note", clock.now())}, clock)
    assert other.drain() == 0, "its lease still runs"
    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert other.drain() == 1
    assert [(job.topic, job.state) for job in jobs(db)] == [("greet", "done"), ("note", "queued")]


def test_a_job_that_kills_every_worker_ends_as_failed(db: Database, clock: FakeClock) -> None:
    class Killed(BaseException):
        pass

    def die(_payload: object) -> None:
        raise Killed

    ask(db, clock)
    worker = Worker(db, {"greet": die}, clock)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            worker.run_one()
        clock.advance(seconds=LEASE.total_seconds() + 1)
    ask(db, clock, topic="next")
    ran: list[object] = []
    assert Worker(db, {"greet": die, "next": ran.append}, clock).drain() == 1
    assert [(job.topic, job.state) for job in jobs(db)] == [("greet", "failed"), ("next", "done")]
    assert "died" in jobs(db)[0].last_error


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_worker_that_outlived_its_lease_has_no_effects(db: Database, clock: FakeClock, ends: str) -> None:
    """The second worker's success is neither doubled nor undone by the first one, which comes late."""
    second = Worker(db, {"greet": lambda _: leave_a_note("second", clock.now())}, clock)

    def slow(_payload: object) -> Effects:
        clock.advance(seconds=LEASE.total_seconds() + 1)
        assert second.run_one()
        if ends == "badly":
            raise OSError("too late")
        return leave_a_note("first", clock.now())

    ask(db, clock)
    assert Worker(db, {"greet": slow}, clock).run_one()
    assert [(job.topic, job.state) for job in jobs(db)] == [("greet", "done"), ("second", "queued")]


def test_many_workers_at_once_do_each_job_once(db: Database, clock: FakeClock) -> None:
    done: list[int] = []
    for number in range(40):
        ask(db, clock, number=number)
    handlers: dict[str, Handler] = {"greet": lambda payload: done.append(payload["number"])}
    threads = [threading.Thread(target=Worker(db, handlers, clock).drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # A worker that lost the race for a job ends its drain early; what is left runs here.
    Worker(db, handlers, clock).drain()
    assert sorted(done) == list(range(40))


def test_a_running_worker_wakes_at_once_and_stops_when_told(db: Database, clock: FakeClock) -> None:
    ran = threading.Event()
    worker = Worker(db, {"greet": lambda _: ran.set()}, clock, poll_seconds=3600)
    worker.start()
    ask(db, clock)
    assert ran.wait(30), "it would have slept for an hour"
    worker.stop()
    assert worker._thread is not None
    assert not worker._thread.is_alive()


def test_the_oldest_waiting_job_is_known(db: Database, clock: FakeClock) -> None:
    first = clock.now()
    ask(db, clock)
    clock.advance(minutes=10)
    ask(db, clock)
    with db.reading() as session:
        assert due_since(session, now=clock.now()) == first

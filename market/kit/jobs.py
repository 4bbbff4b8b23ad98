"""Jobs: effects that leave a transaction by the outbox, and work that a lower slice asks of a higher one.

A job is a row written in the transaction that wants it. A worker claims it (a lease, so that a dead worker's job is
taken up again), does the slow part without a transaction, and applies the effects in the same transaction that marks
the job done. A failure is retried with back-off; after MAX_ATTEMPTS the job rests as `failed`, where people see it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Column, Index, func, or_
from sqlmodel import Field, Session, SQLModel, col, select

from market.kit.clock import Clock
from market.kit.db import Database, UtcDateTime, insert_new
from market.kit.ids import new_id

log = logging.getLogger("datawharf.jobs")

MAX_ATTEMPTS = 12
LEASE = timedelta(minutes=10)
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(hours=1)

Payload = dict[str, Any]
Effects = Callable[[Session], None]
Handler = Callable[[Payload], Effects | None]


class Job(SQLModel, table=True):
    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
        Index("ix_job_due", "state", "run_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    topic: str
    # A second enqueue with the same key is the same job.
    key: str = Field(unique=True)
    payload: Payload = Field(sa_column=Column(JSON, nullable=False))
    state: str = "queued"
    attempts: int = 0
    run_at: datetime = Field(sa_type=UtcDateTime)
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def enqueue(
    session: Session,
    topic: str,
    payload: Payload,
    *,
    now: datetime,
    key: str = "",
    delay: timedelta = timedelta(),
) -> None:
    """Ask for a job in the caller's transaction. key: makes the request idempotent."""
    key = f"{topic}:{key}" if key else str(new_id())
    session.info["enqueued"] = True
    insert_new(session, Job(topic=topic, key=key, payload=payload, run_at=now + delay, created_at=now))


def retry(session: Session, job_id: UUID, *, now: datetime) -> bool:
    """Put a failed job back in the queue. False if it is not a failed job."""
    job = session.get(Job, job_id)
    if job is None or job.state != "failed":
        return False
    job.state, job.attempts, job.run_at, job.leased_until = "queued", 0, now, None
    session.add(job)
    session.info["enqueued"] = True
    return True


def jobs_in(session: Session, state: str, limit: int = 200) -> Sequence[Job]:
    """Jobs in a state, newest last."""
    return session.exec(select(Job).where(Job.state == state).order_by(col(Job.id)).limit(limit)).all()


def backlog(session: Session) -> dict[str, int]:
    """Jobs by state, for the operator's page."""
    rows = session.exec(select(Job.state, func.count()).group_by(Job.state)).all()
    return dict(rows)


def due_since(session: Session, *, now: datetime) -> datetime | None:
    """Since when the oldest due job waits; None if none does. Old news mean that no worker keeps up."""
    waiting = select(func.min(Job.run_at)).where(Job.state == "queued", Job.run_at <= now)
    return session.exec(waiting).one()


class LeaseLost(Exception):
    """Another worker took the job up, since this one needed longer than its lease: what it did is thrown away."""


class Worker:
    """Runs jobs: in a thread of the server when embedded, or as a process of its own."""

    def __init__(
        self, db: Database, handlers: Mapping[str, Handler], clock: Clock, *, poll_seconds: float = 1.0
    ) -> None:
        self._db, self._handlers, self._clock, self._poll = db, dict(handlers), clock, poll_seconds
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        db.on_enqueue(self._wake.set)

    def start(self) -> None:
        self._thread = threading.Thread(target=self.run, name="datawharf-worker", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 30) -> None:
        """Finish the job at hand, then end."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                worked = self.run_one()
            except Exception:
                log.exception("the worker could not reach the queue; it tries again")
                worked = False
            if not worked:
                self._wake.wait(self._poll)

    def drain(self, limit: int = 1000) -> int:
        """Run what is due now, until nothing is. Returns how many jobs ran."""
        ran = 0
        while ran < limit and self.run_one():
            ran += 1
        return ran

    def run_one(self) -> bool:
        """Claim and run one due job. False if none is due."""
        job = self._claim()
        if job is None:
            return False
        try:
            handler = self._handlers[job.topic]
            effects = handler(job.payload)
            with self._db.writing() as session:
                self._finish(session, job)
                if effects is not None:
                    effects(session)
        except Exception as error:
            log.warning("job %s (%s) failed: %s", job.id, job.topic, error, exc_info=True)
            self._fail(job, error)
        return True

    def _claim(self) -> Job | None:
        now = self._clock.now()
        due = (
            select(Job)
            .where(col(Job.topic).in_(list(self._handlers)), Job.run_at <= now)
            .where(
                or_(col(Job.state) == "queued", (col(Job.state) == "running") & (col(Job.leased_until) < now))
            )
            .order_by(col(Job.run_at), col(Job.id))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._db.reading() as session:
            if session.exec(due).first() is None:
                return None  # no write lock for an empty queue
        with self._db.writing() as session:
            job = session.exec(due).first()
            if job is None:
                return None
            session.add(job)
            given_up = job.attempts >= MAX_ATTEMPTS
            if given_up:
                # Each of its workers died without a word; one more would only go the same way.
                job.state, job.finished_at, job.leased_until = "failed", now, None
                job.last_error = job.last_error or "its workers died while they were at it"
            else:
                job.state, job.attempts, job.leased_until = "running", job.attempts + 1, now + LEASE
        return self._claim() if given_up else job

    def _held(self, session: Session, job: Job) -> Job:
        """The job's row, locked, while this worker's claim on it stands."""
        row = session.get(Job, job.id, with_for_update=True)
        if row is None or (row.state, row.attempts) != ("running", job.attempts):
            raise LeaseLost(f"job {job.id} is another worker's by now")
        return row

    def _finish(self, session: Session, job: Job) -> None:
        row = self._held(session, job)
        row.state, row.finished_at, row.leased_until, row.last_error = "done", self._clock.now(), None, ""
        session.add(row)

    def _fail(self, job: Job, error: Exception) -> None:
        now = self._clock.now()
        if isinstance(error, LeaseLost):
            return
        with self._db.writing() as session:
            try:
                row = self._held(session, job)
            except LeaseLost:
                return
            row.last_error = f"{type(error).__name__}: {error}"[:2000]
            row.leased_until = None
            if row.attempts >= MAX_ATTEMPTS:
                row.state, row.finished_at = "failed", now
            else:
                row.state, row.run_at = (
                    "queued",
                    now + min(FIRST_DELAY * 2 ** (row.attempts - 1), LONGEST_DELAY),
                )
            session.add(row)

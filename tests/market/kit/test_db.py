"""Sessions on both engines: nothing is lost between threads, and a locked or full database says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pysqlite3.dbapi2 as sqlite3
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from market.kit.db import Database, UtcDateTime
from market.kit.errors import DatabaseBusy, InvalidInput, StorageFull
from market.kit.jobs import Job, enqueue

THREADS, EACH = 32, 10


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def counter(session: Session) -> Job:
    job = session.get(Job, COUNTER.id, with_for_update=True)
    assert job is not None
    return job


NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
COUNTER = Job(topic="counter", key="counter", payload={}, run_at=NOW, created_at=NOW)


@pytest.fixture
def counting(db: Database) -> Database:
    with db.writing() as session:
        session.add(Job(**COUNTER.model_dump()))
    return db


def test_no_update_is_lost_between_threads(counting: Database) -> None:
    failures: list[BaseException] = []

    def add() -> None:
        try:
            for _ in range(EACH):
                with counting.writing() as session:
                    job = counter(session)
                    job.attempts += 1
                    session.add(job)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=add) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    with counting.reading() as session:
        assert counter_value(session) == THREADS * EACH


def counter_value(session: Session) -> int:
    return int(
        session.connection().execute(text("SELECT attempts FROM job WHERE key = 'counter'")).scalar_one()
    )


def test_readers_see_whole_transactions_and_never_wait_for_a_writer(counting: Database) -> None:
    with counting.writing() as session:
        job = counter(session)
        job.attempts = 7
        session.add(job)
        session.flush()
        with counting.reading() as other:
            assert counter_value(other) == 0
    with counting.reading() as other:
        assert counter_value(other) == 7


def test_a_failure_inside_undoes_everything(counting: Database) -> None:
    with pytest.raises(ZeroDivisionError), counting.writing() as session:
        job = counter(session)
        job.attempts = 7
        session.add(job)
        session.flush()
        raise ZeroDivisionError
    with counting.reading() as session:
        assert counter_value(session) == 0


def test_rows_stay_readable_after_their_session(counting: Database) -> None:
    with counting.reading() as session:
        job = session.get(Job, COUNTER.id)
    assert job is not None
    assert job.topic == "counter"
    assert job.run_at == NOW
    assert job.run_at.tzinfo is not None


def test_times_come_back_aware_and_in_utc(db: Database) -> None:
    shifted = datetime(2026, 7, 1, 16, tzinfo=timezone(timedelta(hours=8)))
    with db.writing() as session:
        session.add(Job(topic="t", key="t", payload={}, run_at=shifted, created_at=shifted))
    with db.reading() as session:
        row = session.exec(select(Job)).one()
    assert row.run_at == NOW
    assert row.run_at.utcoffset() == timedelta()


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 7, 1), None)  # noqa: DTZ001


def test_constraints_bind_although_tables_do_not_validate(db: Database) -> None:
    with pytest.raises(Exception, match=r"ck_job_state|CHECK"), db.writing() as session:
        session.add(Job(topic="t", key="t", payload={}, state="lost", run_at=NOW, created_at=NOW))


def test_a_write_behind_a_held_lock_is_refused_after_the_wait(database_url: str) -> None:
    """Another process holds the lock: the refusal comes after the wait that was set, and says when to try again."""
    db = Database(database_url, lock_wait=0.3)
    with db.writing() as session:
        session.add(Job(**COUNTER.model_dump()))
    holder = _hold(db)
    try:
        began = time.monotonic()
        with pytest.raises(DatabaseBusy) as refused, db.writing() as session:
            job = counter(session)
            job.attempts = 1
            session.add(job)
        assert time.monotonic() - began >= 0.25
        assert refused.value.retry_after
        with db.reading() as session:
            assert counter_value(session) == 0
    finally:
        holder.close()
    with db.writing() as session:
        assert counter(session).attempts == 0
    db.close()


def _hold(db: Database) -> sqlite3.Connection | psycopg.Connection:
    """Take the write lock (of the counter's row, on PostgreSQL) on a connection of one's own."""
    if db.is_sqlite:
        assert db.engine.url.database is not None
        connection = sqlite3.connect(db.engine.url.database, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        return connection
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    held = psycopg.connect(url)
    held.execute("SELECT 1 FROM job WHERE key = 'counter' FOR UPDATE")
    return held


def test_an_exhausted_pool_is_busy_too(sqlite_url: str) -> None:
    db = Database(sqlite_url, lock_wait=0.2)
    connections = [db.engine.connect() for _ in range(20)]
    with pytest.raises(DatabaseBusy), db.reading() as session:
        counter_value(session)
    for connection in connections:
        connection.close()
    db.close()


def test_a_full_database_says_so_and_keeps_what_it_has(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    with db.writing() as session:
        session.add(Job(**COUNTER.model_dump()))
    with db.engine.connect() as connection:
        (pages,) = connection.execute(text("PRAGMA page_count")).one()
    bounded = Database(sqlite_url)
    _bound(bounded, pages + 4)
    with pytest.raises(StorageFull) as refused, bounded.writing() as session:
        session.add(Job(topic="t", key="t", payload={"much": "x" * 2_000_000}, run_at=NOW, created_at=NOW))
    assert refused.value.hint
    with bounded.reading() as session:
        assert counter_value(session) == 0
    for each in (db, bounded):
        each.close()


def _bound(db: Database, pages: int) -> None:
    event.listen(db.engine, "connect", lambda made, _: made.execute(f"PRAGMA max_page_count={pages}"))


def test_what_postgresql_cannot_store_is_the_callers_mistake(postgresql_url: str) -> None:
    db = Database(postgresql_url)
    with pytest.raises(InvalidInput), db.writing() as session:
        session.add(Job(topic="a\0b", key="t", payload={}, run_at=NOW, created_at=NOW))
    db.close()


def test_sqlite_is_set_up_to_keep_what_it_acknowledged(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    with db.reading() as session:
        found = {
            name: session.connection().execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    db.close()


def test_waking_after_a_commit_that_wants_a_job_only(db: Database) -> None:
    woken: list[int] = []
    db.on_enqueue(lambda: woken.append(1))
    with db.writing():
        pass
    assert woken == []
    with db.writing() as session:
        enqueue(session, "t", {}, now=NOW)
    assert woken == [1]


def test_a_database_in_a_folder_that_is_gone_is_not_silently_made(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'gone' / 'market.db'}")
    with pytest.raises(Exception, match="unable to open"), db.reading() as session:
        counter_value(session)
    db.close()


def test_what_a_failed_statement_was_given_stays_out_of_the_error(db: Database) -> None:
    """Errors go to the log, and parameters are people's words, hashes and contracts."""
    job = {"topic": "t", "payload": {}, "run_at": NOW, "created_at": NOW}
    with pytest.raises(IntegrityError) as failed, db.writing() as session:
        session.add(Job(key="twice", last_error="a person's words", **job))
        session.flush()
        session.add(Job(key="twice", last_error="a person's words", **job))
        session.flush()
    assert "a person's words" not in str(failed.value)

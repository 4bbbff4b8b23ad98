"""One log, several writers: whoever loaded it last owns it, and the others, however late they wake up, harm nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import Conflict, LedgerError, Malformed
from ledger.lease import Lease, LeaseRecord, format_lease, parse_lease
from ledger.log import Log
from ledger.stores.memory import MemoryLock
from tests.ledger.logs import NOW, ORIGIN, World, entries, make_signer
from tests.ledger.test_crashes import assert_sound
from tests.ledger.writer import open_log

ROOT = Path(__file__).parents[2]


class Interrupted:
    """A store of the first owner, before whose n-th call, counted over all its stores, something else happens."""

    def __init__(self, store: Any, before_call: Callable[[], None]) -> None:
        self._store, self._before_call = store, before_call

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found

        def call(*arguments: Any) -> Any:
            self._before_call()
            return found(*arguments)

        return call


class Race:
    """The first owner appends and publishes; before its `at`-th call to any store a second one does the same."""

    def __init__(self, size: int, at: int, growth: int = 3) -> None:
        self.world, self.at, self.calls = World(), at, 0
        self.acknowledged: dict[int, bytes] = dict(enumerate(entries(0, size)))
        self.seen: dict[int, bytes] = {}
        log = self.world.create(entries(0, size))
        self.note(log.publish(NOW))
        self.growth = growth

    def note(self, published: Any) -> None:
        assert self.seen.setdefault(published.size, published.root) == published.root

    def run(self) -> None:
        objects, lock, state = (
            Interrupted(store, self.count)
            for store in (self.world.objects, self.world.lock, self.world.state)
        )
        with suppress(LedgerError):
            log = Log.load(ORIGIN, objects, lock, make_signer(state))
            self.work(log, b"first")
            self.work(log, b"first again")

    def work(self, log: Log, name: bytes) -> None:
        new = [b"%s %d" % (name, number) for number in range(self.growth)]
        self.acknowledged.update(zip(log.append(new), new, strict=True))
        self.note(log.publish(NOW + log.size))

    def count(self) -> None:
        self.calls += 1
        if self.calls == self.at:
            self.work(self.world.load(), b"second")


@pytest.mark.parametrize("size", [254, 257])
def test_an_owner_that_slept_before_any_call_harms_nothing(size: int) -> None:
    at = 0
    while True:
        at += 1
        race = Race(size, at)
        race.run()
        if race.calls < at:
            break
        # Nothing went back in public, and no place was given away twice.
        newest = race.world.objects.stored["checkpoint"]
        assert newest == race.world.objects.stored[f"checkpoints/{max(race.seen)}"]
        log = race.world.load()
        assert {index: log.entry(index) for index in race.acknowledged} == race.acknowledged
        assert_sound(race.world, list(log.entries(0, log.size)), race.seen)
    assert at > 50


def foreign(beat: int = 1, milliseconds: int = 200, holder: str = "elsewhere:9:8:ab") -> LeaseRecord:
    return LeaseRecord(ORIGIN, holder, beat, milliseconds, "-")


def held_by(record: LeaseRecord) -> MemoryLock:
    lock = MemoryLock()
    lock.lease = format_lease(record)
    return lock


def test_a_silent_holder_is_taken_over_after_its_time() -> None:
    lock = held_by(foreign())
    started = time.monotonic()
    lease = Lease(lock, ORIGIN)
    lease.acquire()
    assert time.monotonic() - started >= 0.2
    lease.beat(now=True)
    assert not lease.wanted


def test_a_holder_that_beats_keeps_the_lease_and_hears_that_it_is_wanted() -> None:
    lock = held_by(foreign(milliseconds=30_000))

    def beat() -> None:
        while parse_lease(lock.lease or b"").wanted_by == "-":
            time.sleep(0.01)
        asked = parse_lease(lock.lease or b"")
        lock.swap_lease(
            lock.lease, format_lease(LeaseRecord(ORIGIN, asked.holder, 2, 30_000, asked.wanted_by))
        )

    holder = threading.Thread(target=beat)
    holder.start()
    with pytest.raises(Conflict, match="Another process is writing"):
        Lease(lock, ORIGIN).acquire()
    holder.join()
    assert parse_lease(lock.lease or b"").holder == "elsewhere:9:8:ab"


def test_a_released_lease_is_kept_a_while_for_the_one_that_asked() -> None:
    lock = held_by(LeaseRecord(ORIGIN, "-", 5, 600, "elsewhere:9:8:ab"))
    started = time.monotonic()
    Lease(lock, ORIGIN).acquire()
    assert time.monotonic() - started >= 0.2


def test_who_lost_the_lease_hears_of_it() -> None:
    lock = MemoryLock()
    first, second = Lease(lock, ORIGIN), Lease(lock, ORIGIN)
    first.acquire()
    second.acquire()
    with pytest.raises(Conflict, match="taken the log"):
        first.beat(now=True)
    first.release()
    second.beat(now=True)
    second.release()
    assert parse_lease(lock.lease or b"").holder == "-"


def test_a_lease_that_cannot_be_read_keeps_nobody_out() -> None:
    lock = MemoryLock()
    lock.lease = b"scribble"
    Lease(lock, ORIGIN).acquire()
    assert parse_lease(lock.lease).origin == ORIGIN
    with pytest.raises(Malformed):
        parse_lease(b"scribble")


@contextmanager
def writer(folder: Path, lines: int) -> Iterator[subprocess.Popen[str]]:
    """A process that appends and publishes, after it has acknowledged a few times."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.writer", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            for _ in range(lines):
                process.stdout.readline()
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def test_a_log_whose_writer_was_killed_is_taken_over_at_once(tmp_path: Path) -> None:
    with writer(tmp_path, 3) as process:
        process.kill()
        process.wait()
        log = open_log(tmp_path)
        assert list(log.entries(0, log.size)) == entries(0, log.size)
        log.close()


@pytest.mark.kill
@pytest.mark.parametrize("lines", [2, 5])
def test_a_log_whose_writer_was_stopped_is_taken_over_and_stays_so(tmp_path: Path, lines: int) -> None:
    with writer(tmp_path, lines) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        log = open_log(tmp_path)
        assert time.monotonic() - started < 60
        start = log.size
        log.append([b"by the new owner"] * 300)
        published = log.publish(NOW + 10_000)
        process.send_signal(signal.SIGCONT)
        said = process.stdout.read().splitlines()
        # It ends by itself, with the sentence that says why.
        assert process.wait() != 0
        assert "ledger.errors" in process.stderr.read()
        assert log.append([b"and still"]) == range(start + 300, start + 301)
        assert log.published == published
        assert list(log.entries(0, start)) == entries(0, start)
        for line in said:
            assert int(line.split()[1]) <= start
        log.close()


def test_a_log_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    with writer(tmp_path, 1) as process:
        with pytest.raises(Conflict, match="Another process is writing"):
            open_log(tmp_path)
        assert process.poll() is None

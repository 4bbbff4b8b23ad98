"""Nothing acknowledged is lost and no published checkpoint is contradicted, whichever write fails in whichever way."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger import durable
from ledger.errors import Conflict, LedgerError, StorageFailed
from ledger.fsck import fsck
from ledger.hashing import EMPTY_ROOT
from ledger.log import Log
from ledger.proofs import verify_consistency
from ledger.stores.memory import Outcome
from tests.ledger.logs import LOG_SIGNER, NOW, RECEIPT_KEY, World, entries, naive_files, naive_root
from tests.ledger.writer import open_log

OUTCOMES: list[Outcome] = ["lost", "persisted"]


def assert_sound(world: World, acknowledged: list[bytes], seen: dict[int, bytes]) -> Log:
    """Load the log again and hold it against all that anybody was ever told."""
    log = world.load()
    stored = list(log.entries(0, log.size))
    assert stored[: len(acknowledged)] == acknowledged
    assert log.head.root == naive_root(stored)
    newest = log.published
    for size, root in seen.items():
        assert newest is not None
        assert newest.size >= size
        verify_consistency(size, root, newest.size, newest.root, log.consistency(size, newest.size))
        assert log.checkpoint_at(size).root == root
    if newest is not None:
        report = fsck(world.objects, LOG_SIGNER.verifier, receipt_key=RECEIPT_KEY.public, head=log.head)
        assert report.problems == ()
        assert report.entries == log.size
    files = naive_files(stored)
    assert {path: world.objects.stored.get(path) for path in files} == files
    assert not list(world.objects.paths("staging/"))
    return log


def writes_of_a_commit(size: int, growth: int) -> int:
    world = World()
    log = world.create(entries(0, size))
    before = len(world.faults.writes)
    log.append(entries(size, size + growth))
    log.publish(NOW + 1)
    return len(world.faults.writes) - before


COMMITS = [(size, growth) for size in (254, 255, 256, 257, 258) for growth in (1, 3)]
SWEEP = [
    pytest.param(size, growth, write, outcome, id=f"{size}+{growth}-write{write}-{outcome}")
    for size, growth in COMMITS
    for write in range(1, writes_of_a_commit(size, growth) + 1)
    for outcome in OUTCOMES
]


@pytest.mark.parametrize(("size", "growth", "write", "outcome"), SWEEP)
def test_any_write_of_a_commit_may_fail(size: int, growth: int, write: int, outcome: Outcome) -> None:
    """The process dies at the failure; then again at the same place of the next life; then all is well."""
    world = World()
    acknowledged = entries(0, size)
    log = world.create(acknowledged)
    seen = {size: log.publish(NOW).root}
    world.faults.plan(write, outcome)
    with suppress(StorageFailed):
        log.append(entries(size, size + growth))
        acknowledged = entries(0, size + growth)
        seen[log.size] = log.publish(NOW + 1).root
    assert world.faults.pending == 0, "the planned failure never happened"
    log = assert_sound(world, acknowledged, seen)
    again = entries(log.size, size + growth)
    if again:
        assert log.append(again) == range(size, size + growth)
    published = log.publish(NOW + 2)
    assert published.root == naive_root(entries(0, size + growth))
    assert_sound(world, entries(0, size + growth), seen | {published.size: published.root})


def writes_of_a_creation() -> list[str]:
    world = World()
    world.create(entries(0, 257))
    return world.faults.writes


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("write", range(1, len(writes_of_a_creation()) + 1))
def test_a_creation_may_fail_at_any_write(write: int, outcome: Outcome) -> None:
    """Afterwards the log is either not there and can be created, or there and whole."""
    world = World()
    world.faults.plan(write, outcome)
    with suppress(StorageFailed):
        world.create(entries(0, 257))
    assert world.faults.pending == 0
    if world.lock.record is None:
        with pytest.raises(StorageFailed):
            world.load()
        world.create(entries(0, 257))
    else:
        with pytest.raises(Conflict):
            world.create(entries(0, 257))
    assert_sound(world, entries(0, 257), {})


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_failed_publication_is_finished_before_the_next(outcome: Outcome, crash: bool) -> None:
    """The list of published checkpoints, and so every receipt, is the same with and without the failure."""
    for write in range(2, 6):
        world = World()
        log = world.create(entries(0, 2))
        world.faults.plan(write, outcome)
        with pytest.raises(StorageFailed):
            log.publish(NOW)
        log.append(entries(2, 5))
        if crash:
            log = world.load()
        log.publish(NOW + 5)
        assert [log.checkpoint_covering(index).size for index in range(5)] == [2, 2, 5, 5, 5]


def test_a_failure_before_the_swap_leaves_the_log_usable() -> None:
    world = World()
    log = world.create(entries(0, 2))
    for outcome in OUTCOMES:
        world.faults.plan(1, outcome)
        with pytest.raises(StorageFailed):
            log.append([b"full disk"])
        assert log.size == 2
    assert log.append(entries(2, 3)) == range(2, 3)
    assert not list(world.objects.paths("staging/"))


def test_a_failure_after_the_swap_stops_the_log() -> None:
    world = World()
    log = world.create(entries(0, 2))
    world.faults.plan(3, "lost")
    for _ in range(2):
        with pytest.raises(StorageFailed):
            log.append(entries(2, 3))
    with pytest.raises(StorageFailed, match="load it again"):
        log.publish(NOW)
    assert list(world.load().entries(0, 9)) == entries(0, 3)


def test_a_signature_leaves_only_when_the_signers_state_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that stands in its file after a failed sync may be gone after a power cut, whoever has read it since."""
    log = open_log(tmp_path)
    sync_directory, synced = durable.sync_directory, list[Path]()

    def fail(path: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def count(path: Path) -> None:
        sync_directory(path)
        synced.append(path)

    monkeypatch.setattr(durable, "sync_directory", fail)
    for _ in range(2):
        with pytest.raises(StorageFailed, match="signer's state"):
            log.publish(NOW)
    monkeypatch.setattr(durable, "sync_directory", count)
    log.publish(NOW)
    # The signer's state is in the folder around the log's.
    assert tmp_path in synced
    log.close()


class LogMachine(RuleBasedStateMachine):
    """Appends, publications and crashes at any write with either outcome, in any order."""

    @initialize(genesis=st.sampled_from([0, 1, 2, 200, 255, 256]))
    def start(self, genesis: int) -> None:
        self.world = World()
        self.made = genesis
        self.acknowledged: list[bytes] = entries(0, genesis)
        self.seen: dict[int, bytes] = {}
        self.time = NOW
        self.log: Log | None = self.world.create(self.acknowledged)

    def attempt(self, call: Callable[[Log], None]) -> None:
        log = self.log
        assert log is not None
        try:
            call(log)
        except LedgerError:
            self.log = None

    @precondition(lambda self: self.log is not None)
    @rule(count=st.sampled_from([1, 2, 3, 100, 255, 256, 257]))
    def append(self, count: int) -> None:
        def call(log: Log) -> None:
            new = entries(self.made, self.made + count)
            self.made += count
            assert log.append(new) == range(len(self.acknowledged), len(self.acknowledged) + count)
            self.acknowledged += new

        self.attempt(call)

    @precondition(lambda self: self.log is not None)
    @rule()
    def publish(self) -> None:
        def call(log: Log) -> None:
            self.time += 1
            published = log.publish(self.time)
            self.seen[published.size] = published.root

        self.attempt(call)

    @rule(after=st.integers(1, 12), outcome=st.sampled_from(OUTCOMES))
    def break_a_write(self, after: int, outcome: Outcome) -> None:
        self.world.faults.plan(after, outcome)

    @rule(healthy=st.booleans())
    def crash_and_load(self, healthy: bool) -> None:
        if healthy:
            self.world.faults.clear()
        self.log = None
        try:
            log = self.world.load()
        except StorageFailed:
            assert not healthy
            return
        stored = list(log.entries(0, log.size))
        assert stored[: len(self.acknowledged)] == self.acknowledged
        # What was appended without an answer may be there; from now on it is known to be.
        self.acknowledged = stored
        self.log = log

    @invariant()
    def what_is_public_is_consistent(self) -> None:
        reader = Log.open_reader(LOG_SIGNER.name, self.world.objects, LOG_SIGNER.verifier)
        if reader.published is None:
            assert not self.seen
            return
        size, root = reader.size, reader.published.root
        if size in self.seen:
            assert self.seen[size] == root
            return
        assert root == naive_root(list(reader.entries(0, size)))
        for old, old_root in self.seen.items():
            verify_consistency(old, old_root, size, root, reader.consistency(old, size))
        self.seen[size] = root

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.faults.clear()
            assert_sound(self.world, self.acknowledged, self.seen)


TestLogMachine = LogMachine.TestCase
TestLogMachine.settings = settings(max_examples=100, stateful_step_count=25)


def test_the_empty_tree_has_the_root_of_nothing() -> None:
    assert naive_root([]) == EMPTY_ROOT

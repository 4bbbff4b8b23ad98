"""What the callers of a sequencer can rely on: one place for each entry, an answer only for what is public, order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import pytest

from ledger.checkpoint import Checkpoint
from ledger.errors import Conflict, Malformed, StorageFailed, Unavailable, Unverified
from ledger.hashing import leaf_hash
from ledger.kept import Published
from ledger.log import Log
from ledger.note import Verifier
from ledger.proofs import verify_inclusion
from ledger.sequencer import Limits, Sequenced, Sequencer
from ledger.stores.memory import Outcome
from tests.ledger.logs import NOW, ORIGIN, World, entries
from tests.ledger.test_crashes import assert_sound


@pytest.fixture
def world() -> World:
    made = World()
    made.create(entries(0, 2)).publish(NOW)
    return made


@contextmanager
def sequencing(world: World, limits: Limits | None = None) -> Iterator[Sequencer]:
    with Sequencer(world.load, limits, clock=lambda: NOW) as sequencer:
        yield sequencer


def results(futures: Sequence[Future[Sequenced]]) -> list[Sequenced]:
    return [future.result(60) for future in futures]


def test_every_caller_gets_a_place_of_its_own_and_a_checkpoint_that_covers_it(world: World) -> None:
    data = entries(2, 802)
    with sequencing(world) as sequencer, ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(sequencer.add, data))
    assert sorted(answer.index for answer in answers) == list(range(2, 802))
    log = world.load()
    for entry, answer in zip(data, answers, strict=True):
        assert log.entry(answer.index) == entry
        assert answer.published == log.checkpoint_covering(answer.index)
        path = log.inclusion(answer.index, answer.published.size)
        verify_inclusion(leaf_hash(entry), answer.index, answer.published.size, path, answer.published.root)
    # Sixteen callers shared commits: there are fewer checkpoints than entries.
    assert len([path for path in world.objects.paths("checkpoints/") if path.endswith(".links")]) < 802
    assert_sound(world, list(log.entries(0, 802)), {})


def test_the_order_of_one_caller_is_kept(world: World) -> None:
    limits = Limits(batch=7, batch_bytes=100)
    with sequencing(world, limits) as sequencer, ThreadPoolExecutor(4) as callers:

        def call(caller: int) -> list[int]:
            futures = [sequencer.submit(b"%d-%d" % (caller, number)) for number in range(60)]
            return [answer.index for answer in results(futures)]

        for indices in callers.map(call, range(4)):
            assert all(one < other for one, other in pairwise(indices))


class Appended:
    """A log that notes the batches it is given."""

    def __init__(self, world: World) -> None:
        self.batches: list[list[bytes]] = []
        self._world = world

    def load(self) -> Log:
        log = self._world.load()
        append = log.append

        def noted(batch: Sequence[bytes]) -> range:
            self.batches.append(list(batch))
            return append(batch)

        log.append = noted  # type: ignore[method-assign]
        return log


def test_a_commit_is_bounded_in_entries_and_bytes(world: World) -> None:
    appended, ready = Appended(world), threading.Event()

    def load() -> Log:
        ready.wait(60)
        return appended.load()

    with Sequencer(load, Limits(batch=5, batch_bytes=300)) as sequencer:
        small = [sequencer.submit(entry) for entry in entries(2, 14)]
        large = [sequencer.submit(bytes([number]) * 200) for number in range(3)]
        ready.set()
        results(small + large)
    assert [len(batch) for batch in appended.batches] == [5, 5, 3, 1, 1]


def test_the_same_entry_has_one_place_whoever_adds_it_and_however_often(world: World) -> None:
    with sequencing(world) as sequencer, ThreadPoolExecutor(8) as callers:
        first = set(callers.map(sequencer.add, [b"the same"] * 40))
        assert len(first) == 1
        # The second answer is the first one, checkpoint included, although the log has grown.
        sequencer.add(b"another")
        assert {sequencer.add(b"the same")} == first
        assert sequencer.add(entries(0, 1)[0]).index == 0
    with sequencing(world) as sequencer:
        assert {sequencer.add(b"the same")} == first
    assert world.load().size == 4


def test_an_entry_older_than_the_window_is_appended_again(world: World) -> None:
    for _ in range(2):
        with sequencing(world, Limits(remembered=10)) as sequencer:
            results([sequencer.submit(entry) for entry in entries(100, 110)])
    assert world.load().size == 12
    with sequencing(world, Limits(remembered=10)) as sequencer:
        assert sequencer.add(b"one more").index == 12
        assert sequencer.add(entries(101, 102)[0]).index == 3
        assert sequencer.add(entries(100, 101)[0]).index == 13
    with sequencing(world, Limits(remembered=2)) as sequencer:
        assert sequencer.add(entries(101, 102)[0]).index == 14


def test_too_many_waiting_callers_are_told_so(world: World) -> None:
    ready = threading.Event()

    def load() -> Log:
        ready.wait(60)
        return world.load()

    with Sequencer(load, Limits(waiting=3)) as sequencer:
        futures = [sequencer.submit(entry) for entry in entries(2, 5)]
        with pytest.raises(Unavailable, match="3 entries are waiting"):
            sequencer.submit(b"one too many")
        # Who waits for the same bytes takes no room.
        assert sequencer.submit(entries(2, 3)[0]) is futures[0]
        with pytest.raises(Unavailable, match="Add the same bytes again"):
            sequencer.add(entries(2, 3)[0], timeout=0.01)
        ready.set()
        assert [answer.index for answer in results(futures)] == [2, 3, 4]
        assert sequencer.add(b"room again").index == 5


def test_an_entry_that_no_log_takes_is_refused_at_once(world: World) -> None:
    with sequencing(world) as sequencer:
        with pytest.raises(Malformed, match="65535"):
            sequencer.submit(b"x" * 65_536)
        assert sequencer.add(b"x" * 65_535).index == 2


def test_who_waits_when_it_closes_is_told_and_nothing_answered_is_lost(world: World) -> None:
    reached, ready = threading.Event(), threading.Event()

    def load() -> Log:
        log = world.load()
        append = log.append

        def slow(batch: Sequence[bytes]) -> range:
            reached.set()
            ready.wait(60)
            return append(batch)

        log.append = slow  # type: ignore[method-assign]
        return log

    sequencer = Sequencer(load, Limits(batch=2), clock=lambda: NOW)
    futures = [sequencer.submit(entry) for entry in entries(2, 8)]
    assert reached.wait(60)
    closing = threading.Thread(target=sequencer.close)
    closing.start()
    ready.set()
    closing.join()
    answered = [future.result(0) for future in futures[:2]]
    assert [answer.index for answer in answered] == [2, 3]
    for future in futures[2:]:
        with pytest.raises(Unavailable, match="Add the same bytes again"):
            future.result(0)
    with pytest.raises(Unavailable, match="closed"):
        sequencer.submit(b"late")
    sequencer.close()
    assert list(world.load().entries(0, 9)) == entries(0, 4)


@pytest.mark.parametrize("outcome", ["lost", "persisted"])
def test_a_failing_store_loses_and_doubles_nothing(outcome: Outcome) -> None:
    """Whichever write fails, the callers notice nothing but the time."""
    for write in range(1, 13):
        world = World()
        world.create(entries(0, 254)).publish(NOW)
        with sequencing(world, Limits(batch=3)) as sequencer:
            assert sequencer.add(b"the log is open").index == 254
            world.faults.plan(write, outcome)
            data = entries(255, 263)
            answers = results([sequencer.submit(entry) for entry in data])
            assert world.faults.pending == 0
            assert [answer.index for answer in answers] == list(range(255, 263))
        log = assert_sound(world, [*entries(0, 254), b"the log is open", *data], {})
        assert log.size == 263
        assert [answer.published for answer in answers] == [
            log.checkpoint_covering(answer.index) for answer in answers
        ]


@pytest.mark.parametrize("kind", [StorageFailed, Conflict])
def test_callers_are_told_why_when_nothing_works_for_long(kind: type[Exception]) -> None:
    def load() -> Log:
        raise kind("The disk is gone.")

    with Sequencer(load, Limits(patience=0.1)) as sequencer:
        futures = [sequencer.submit(entry) for entry in entries(0, 3)]
        for future in futures:
            with pytest.raises(kind, match="The disk is gone"):
                future.result(60)
        with pytest.raises(kind, match="The disk is gone"):
            sequencer.add(b"again")


def test_a_log_that_another_took_over_is_loaded_again(world: World) -> None:
    with sequencing(world) as sequencer:
        assert sequencer.add(b"first").index == 2
        other = world.load()
        other.append([b"by the other", b"second"])
        other.publish(NOW)
        assert sequencer.add(b"third").index == 5
        assert sequencer.add(b"second").index == 4


class Witnesses:
    """Too few of them, for a while."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def look_back(self, note: bytes, checkpoint: Checkpoint, keys: Sequence[Verifier]) -> None:
        """It knows nothing that speaks against it."""

    def cosign(self, note: bytes, checkpoint: Checkpoint) -> bytes:
        self.failures -= 1
        if self.failures >= 0:
            raise Unverified(f"Too few witnesses cosigned {checkpoint.size} entries.")
        return note


def load_witnessed(world: World, witnesses: Witnesses) -> Callable[[], Log]:
    return lambda: Log.load(ORIGIN, world.objects, world.lock, world.signer(), cosigners=witnesses)


def test_callers_wait_until_enough_witnesses_cosigned(world: World) -> None:
    witnesses = Witnesses(3)
    with Sequencer(load_witnessed(world, witnesses)) as sequencer:
        answer = sequencer.add(b"witnessed")
    assert (answer.index, answer.published.size) == (2, 3)
    assert witnesses.failures < 0


def test_callers_do_not_wait_for_witnesses_for_ever(world: World) -> None:
    limits = Limits(patience=0.1)
    with (
        Sequencer(load_witnessed(world, Witnesses(10_000)), limits) as sequencer,
        pytest.raises(Unavailable, match="Too few witnesses cosigned 3 entries"),
    ):
        sequencer.add(b"witnessed")
    # It is in the log nevertheless, and whoever asks again gets its place.
    with sequencing(world) as sequencer:
        assert sequencer.add(b"witnessed").index == 2


def test_checkpoints_keep_their_distance_and_are_heard_of(world: World) -> None:
    heard: list[Published] = []
    limits = Limits(publish_every=0.2, linger=0)
    with Sequencer(world.load, limits, on_published=heard.append) as sequencer:
        sequencer.add(b"at once")
        results([sequencer.submit(entry) for entry in entries(3, 300)])
        sequencer.add(b"at once")
    assert heard[-1].size == 300
    assert [published.size for published in heard] == sorted({published.size for published in heard})
    assert len(heard) <= 3

"""Maps of processes that never write: the same bytes as the writer's, made in few steps, and only of what is published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint
from ledger.errors import Conflict, StorageFailed
from ledger.index.check import check_history
from ledger.index.history import parse_history
from ledger.index.state import IndexState, format_state
from ledger.indexer.claim import MapClaim
from ledger.indexer.follower import IndexFollower
from ledger.indexer.map import IndexMap
from ledger.indexer.prove import prove_history
from tests.ledger.index.worlds import TRUST, Indexed, asset, genesis, org, statement
from tests.ledger.logs import ORIGIN

KEYS = (asset(1), asset(2), org(1), "asset:none", "kind:urn:datawharf:predicate/registration/v1")


class Other:
    """A process that has nothing but the published files of both logs, and a map of its own."""

    def __init__(self, world: Indexed, file: Path | None = None) -> None:
        self.world = world
        self.map = IndexMap(ORIGIN, file)
        self.follower = IndexFollower(self.map)
        self.reader, self.index_reader = world.reader(), world.index_reader()
        self.steps = 0

    def advance(self, step: int = 4096) -> bool:
        self.steps += 1
        return self.follower.advance(self.reader, self.index_reader, step)

    def catch_up(self, step: int = 4096) -> None:
        while not self.advance(step):
            assert self.steps < 1000

    def prove(self, key: str) -> bytes:
        return prove_history(key, self.reader, self.index_reader, self.map)


@pytest.fixture
def world() -> Iterator[Indexed]:
    made = Indexed(genesis())
    made.follow()
    for number in range(12):
        made.publish(*(statement(number % 3, number=at) for at in range(number + 1)))
        made.follow()
    yield made
    made.map.close()


def test_a_process_that_never_wrote_proves_the_same_bytes(world: Indexed) -> None:
    other = Other(world)
    other.catch_up()
    assert other.steps == 1
    for key in KEYS:
        assert other.prove(key) == world.prove(key)
        assert check_history(other.prove(key), TRUST, key=key).ok
    world.publish(statement(1, number=99))
    world.follow()
    assert other.prove(asset(1)) != world.prove(asset(1))
    assert check_history(other.prove(asset(1)), TRUST).ok
    other.catch_up()
    assert other.prove(asset(1)) == world.prove(asset(1))


def test_steps_are_bounded_and_each_state_that_is_served_can_be_proved(world: Indexed) -> None:
    other = Other(world)
    other.catch_up()
    for number in range(12):
        world.publish(*(statement(1, number=100 + number + at) for at in range(4)))
        world.follow()
    before = other.map.size
    sizes = []
    while not other.advance(8):
        sizes.append(other.map.size - before)
        before = other.map.size
        report = check_history(other.prove(asset(1)), TRUST, key=asset(1))
        assert report.ok, [step.sentence() for step in report.steps]
        assert report.step("index_state").params["size"] == before
    assert sizes == [8] * 5
    assert other.prove(asset(1)) == world.prove(asset(1))


def test_from_nothing_it_passes_states_over_and_serves_none_until_it_has_caught_up(world: Indexed) -> None:
    other = Other(world)
    while not other.advance(20):
        with pytest.raises(Conflict, match="being made again"):
            other.prove(asset(1))
    assert other.steps < world.index_reader().size / 2
    assert other.prove(asset(1)) == world.prove(asset(1))


def test_a_checkpoint_larger_than_a_step_is_taken_whole(world: Indexed) -> None:
    world.publish(*(statement(5, number=at) for at in range(30)))
    world.follow()
    other = Other(world)
    other.catch_up(1)
    assert other.prove(asset(5)) == world.prove(asset(5))


@settings(max_examples=10, deadline=None)
@given(
    batches=st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=8),
    step=st.integers(1, 12),
    at=st.integers(0, 7),
)
def test_however_checkpoints_steps_and_publications_fall_the_bytes_are_the_same(
    batches: list[tuple[int, bool]], step: int, at: int
) -> None:
    world = Indexed(genesis())
    world.follow()
    other = Other(world)
    for number, (count, follow) in enumerate(batches):
        world.publish(*(statement(number % 3, number=each) for each in range(count)))
        if follow:
            world.follow()
        if number == at:
            other.catch_up(step)
    world.follow()
    other.catch_up(step)
    for key in (asset(1), "asset:none"):
        assert other.prove(key) == world.prove(key)


def test_an_index_with_another_root_is_refused_and_what_was_proved_stays(world: Indexed) -> None:
    other = Other(world)
    other.catch_up()
    good = other.prove(asset(1))
    world.publish(statement(1, number=200))
    head = world.log.head
    world.index_log.append([format_state(IndexState(head, bytes(32)))])
    world.index_log.publish(world.time)
    with pytest.raises(StorageFailed, match="is not what those entries lead to"):
        other.advance()
    assert other.prove(asset(1)) == good
    fresh = Other(world)
    with pytest.raises(StorageFailed, match="is not what those entries lead to"):
        fresh.advance()
    with pytest.raises(Conflict, match="being made again"):
        fresh.prove(asset(1))


def test_an_index_of_a_state_that_was_never_published_is_refused(world: Indexed) -> None:
    world.publish(statement(1, number=200))
    head = world.log.head
    world.index_log.append([format_state(IndexState(Checkpoint(ORIGIN, head.size, bytes(32)), bytes(32)))])
    world.index_log.publish(world.time)
    with pytest.raises(StorageFailed, match="not of a published checkpoint"):
        Other(world).advance()


def test_a_map_that_a_writer_left_behind_is_compared_before_it_is_served(
    world: Indexed, tmp_path: Path
) -> None:
    """It has a state that its process did not live to publish. Another one publishes the same, or something else."""
    left = Other(world, tmp_path / "left")
    left.catch_up()
    world.publish(statement(1, number=200))
    size = left.map.size
    reader = world.reader()
    left.map.apply(size, reader.entries(size, reader.size), world.log.head)
    assert left.advance()
    assert left.map.served < left.map.states
    assert check_history(left.prove(asset(1)), TRUST).ok
    world.follow()
    assert left.advance()
    assert left.prove(asset(1)) == world.prove(asset(1))


def test_a_map_of_another_index_is_never_served(world: Indexed, tmp_path: Path) -> None:
    left = Other(world, tmp_path / "left")
    left.catch_up()
    world.publish(statement(1, number=200))
    size = left.map.size
    left.map.apply(size, world.reader().entries(size, size + 1), world.log.head)
    world.index_log.append([format_state(IndexState(world.log.head, bytes(32)))])
    world.index_log.publish(world.time)
    with pytest.raises(StorageFailed, match="delete that"):
        left.advance()


def test_a_file_goes_on_where_the_process_before_left_it(world: Indexed, tmp_path: Path) -> None:
    first = Other(world, tmp_path / "map")
    first.catch_up()
    first.map.close()
    second = Other(world, tmp_path / "map")
    assert second.prove(asset(1)) == world.prove(asset(1))


def test_before_anything_is_published_there_is_nothing_to_do() -> None:
    world = Indexed(genesis())
    other = Other(world)
    assert other.advance()
    with pytest.raises(Conflict):
        other.prove(asset(1))
    world.follow()
    assert other.advance()
    assert parse_history(other.prove("asset:none")).indices == ()


def test_each_holder_in_a_folder_has_a_file_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "index"
    one, two = MapClaim.take(folder), MapClaim.take(folder)
    assert (one.path.name, two.path.name) == ("map.sqlite", "map-1.sqlite")
    one.release()
    three = MapClaim.take(folder)
    assert three.path == one.path
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed, match="cannot be made"):
        MapClaim.take(tmp_path / "file" / "below")
    two.release()
    three.release()


def test_a_lock_file_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "map.lock").mkdir()
    with pytest.raises(StorageFailed, match="beside the index's map"):
        MapClaim.take(tmp_path)

"""Following a log: one state for each published checkpoint, whatever fails and wherever the process ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import Conflict, StorageFailed
from ledger.index.check import check_history
from ledger.index.state import parse_state
from ledger.indexer.map import IndexMap
from ledger.indexer.writer import IndexWriter
from ledger.tiles import TILE_WIDTH
from tests.ledger.index.worlds import INDEX_ORIGIN, TRUST, Indexed, asset, genesis, statement
from tests.ledger.logs import ORIGIN


def states(world: Indexed) -> list[int]:
    reader = world.index_reader()
    return [parse_state(entry).log.size for entry in reader.entries(0, reader.size)]


def test_each_published_checkpoint_has_its_state_in_order() -> None:
    world = Indexed(genesis())
    world.follow()
    for number in range(3):
        world.publish(*(statement(asset_) for asset_ in range(number + 1)))
    world.follow()
    assert states(world) == [2, 3, 5, 8]
    world.follow()
    assert states(world) == [2, 3, 5, 8]


def test_the_states_do_not_depend_on_when_one_follows(tmp_path: Path) -> None:
    often, seldom = Indexed(genesis(), tmp_path / "often"), Indexed(genesis(), tmp_path / "seldom")
    for number in range(6):
        batch = [statement(number % 3, number=at) for at in range(TILE_WIDTH // 3)]
        often.publish(*batch)
        often.follow()
        often.restart()
        seldom.publish(*batch)
    seldom.follow()
    one, other = often.index_reader(), seldom.index_reader()
    assert list(one.entries(0, one.size)) == list(other.entries(0, other.size))
    assert one.size == 7


@pytest.mark.parametrize("outcome", ["lost", "persisted"])
def test_whatever_write_fails_the_published_state_can_be_proved_and_the_next_follow_finishes(
    tmp_path: Path, outcome: str
) -> None:
    for write in range(1, 40):
        world = Indexed(genesis(), tmp_path / f"{outcome}-{write}")
        world.follow()
        world.publish(statement(1), statement(2))
        world.publish(statement(1, number=1))
        world.index_world.faults.plan(write, outcome)  # type: ignore[arg-type]
        try:
            world.follow()
        except StorageFailed:
            assert check_history(world.prove(asset(1)), TRUST).ok
        else:
            if world.index_world.faults.pending:
                break
        world.index_world.faults.clear()
        world.restart()
        assert check_history(world.prove(asset(1)), TRUST).ok
        world.follow()
        assert states(world) == [2, 4, 5]
        report = check_history(world.prove(asset(1)), TRUST)
        assert report.history is not None
        assert report.history.indices == (2, 4)
    else:
        raise AssertionError("not every write was reached")
    assert write > 5


def test_wrong_bytes_in_the_log_never_reach_the_map() -> None:
    world = Indexed(genesis())
    world.follow()
    world.publish(statement(1), statement(2))
    path = "tile/entries/000.p/4"
    stored = world.log_world.objects.stored
    good = stored[path]
    stored[path] = good[:-1] + b"\x01"
    with pytest.raises(StorageFailed, match="nothing was indexed"):
        world.follow()
    assert (world.map.size, states(world)) == (2, [2])
    stored[path] = good
    world.follow()
    assert states(world) == [2, 4]


def test_a_lost_map_is_made_again_and_must_lead_to_what_was_published(tmp_path: Path) -> None:
    world = Indexed(genesis(), tmp_path / "map")
    world.publish(statement(1))
    world.follow()
    world.map.close()
    (tmp_path / "map").unlink()
    world.restart()
    with pytest.raises(Conflict, match="made again"):
        world.prove(asset(1))
    world.publish(statement(2))
    world.follow()
    assert check_history(world.prove(asset(2)), TRUST).ok
    assert states(world) == [2, 3, 4]


def test_an_index_log_with_another_root_is_not_continued(tmp_path: Path) -> None:
    world = Indexed(genesis(), tmp_path / "map")
    forged = world.map.apply(0, world.entries, world.log.head)
    assert forged.log.size == 2
    world.index_log.append([b"something else"])
    with pytest.raises(StorageFailed, match="not that of its index log"):
        IndexWriter(world.index_log, world.map)
    other = IndexWriter(world.index_log, IndexMap(ORIGIN))
    with pytest.raises(StorageFailed, match="Entry 0 of the index"):
        other.follow(world.reader(), world.time)


def test_a_log_that_went_back_is_not_followed() -> None:
    world, younger = Indexed(genesis()), Indexed(genesis())
    world.publish(statement(1))
    world.follow()
    with pytest.raises(StorageFailed, match="already"):
        world.writer.follow(younger.reader(), world.time)


def test_parts_of_different_logs_are_not_put_together(tmp_path: Path) -> None:
    world = Indexed(genesis(), tmp_path / "map")
    with pytest.raises(Conflict, match="not the index of"):
        IndexWriter(world.index_log, IndexMap("other.example/log"))
    with pytest.raises(Conflict, match="not of"):
        world.writer.follow(world.index_reader(), world.time)
    with pytest.raises(Conflict, match="another log"):
        IndexMap("other.example/log", tmp_path / "map")
    assert world.index_log.origin == INDEX_ORIGIN


def test_two_who_change_a_map_do_not_mix(tmp_path: Path) -> None:
    world = Indexed(genesis(), tmp_path / "map")
    other = IndexMap(ORIGIN, tmp_path / "map")
    world.follow()
    with pytest.raises(Conflict, match="another process"):
        other.apply(0, world.entries, world.log.head)
    assert other.size == 2


def test_a_map_that_is_no_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "map").write_bytes(b"not SQLite at all" * 100)
    with pytest.raises(StorageFailed, match="delete the file"):
        IndexMap(ORIGIN, tmp_path / "map")

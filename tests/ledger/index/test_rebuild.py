"""An index that is made again agrees with an honest one, and names the first entry of any other that differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint
from ledger.errors import Malformed, StorageFailed, Unverified
from ledger.hashing import root_of
from ledger.index.check import check_history
from ledger.index.state import IndexState, format_state, parse_state
from ledger.indexer.map import IndexMap
from ledger.indexer.rebuild import Rebuilt, announced_key, rebuild
from ledger.reader import LogView
from tests.ledger.index.worlds import INDEX_SIGNER, TRUST, Indexed, asset, genesis, statement
from tests.ledger.logs import LOG_SIGNER, ORIGIN, naive_root


def published(world: Indexed) -> Indexed:
    for number in range(3):
        world.publish(statement(1, number=number), statement(2 + number))
    return world


def rebuilt(world: Indexed, path: Path | None = None) -> Rebuilt:
    reader, index_reader = world.reader(), world.index_reader()
    assert reader.published is not None
    assert index_reader.published is not None
    return rebuild(reader, reader.published, index_reader, index_reader.published, path=path)


def honest_states() -> list[IndexState]:
    world = published(Indexed(genesis()))
    world.follow()
    reader = world.index_reader()
    return [parse_state(entry) for entry in reader.entries(0, reader.size)]


def with_index(*entries: bytes) -> Indexed:
    """The same log under an index of somebody's own invention."""
    world = published(Indexed(genesis()))
    world.index_log.append(entries)
    world.index_log.publish(world.time)
    return world


def test_an_honest_index_agrees_to_its_last_root() -> None:
    world = published(Indexed(genesis()))
    world.follow()
    found = rebuilt(world)
    assert (found.size, found.states, found.difference) == (8, 4, None)
    report = check_history(world.prove(asset(1)), TRUST, rebuilt=found.map_root)
    assert report.step("rebuilt").outcome == "passed"


def test_anybody_can_do_it_with_the_public_files_and_keys() -> None:
    world = published(Indexed(genesis()))
    world.follow()
    view = LogView(world.log_world.objects, LOG_SIGNER.verifier)
    index_view = LogView(world.index_world.objects, INDEX_SIGNER.verifier)
    signed, index_signed = view.refresh(), index_view.refresh()
    assert signed is not None
    assert index_signed is not None
    progress: list[tuple[int, int]] = []
    found = rebuild(
        view, signed, index_view, index_signed, on_progress=lambda done, of: progress.append((done, of))
    )
    assert found.difference is None
    assert progress == [(2, 8), (4, 8), (6, 8), (8, 8)]


def test_an_index_that_is_behind_agrees_as_far_as_it_goes() -> None:
    world = Indexed(genesis())
    world.follow()
    published(world)
    found = rebuilt(world)
    assert (found.size, found.states, found.difference) == (2, 1, None)


def test_the_first_difference_is_named_with_its_cause() -> None:
    good = honest_states()
    raw = [format_state(state) for state in good]
    other_map = format_state(IndexState(good[1].log, bytes(32)))
    other_root = format_state(IndexState(Checkpoint(ORIGIN, 4, root_of([bytes(32)])), good[1].map_root))
    elsewhere = format_state(
        IndexState(Checkpoint("elsewhere.example", 4, good[1].log.root), good[1].map_root)
    )
    beyond = format_state(IndexState(Checkpoint(ORIGIN, 9, bytes(32)), bytes(32)))
    for wrong, cause in (
        (b"no state", "unreadable"),
        (other_map, "map"),
        (other_root, "root"),
        (elsewhere, "other_log"),
        (beyond, "beyond"),
        (raw[2], "skipped"),
        (raw[0], "order"),
    ):
        found = rebuilt(with_index(raw[0], wrong, *raw[2:]))
        assert found.difference is not None
        assert (found.difference.ordinal, found.difference.cause) == (1, cause)
        assert found.difference.sentence("en").startswith("Entry 1 of the index")
        assert found.difference.sentence("zh").startswith("索引第 1 条")


def test_an_entry_that_is_left_out_of_the_map_shows() -> None:
    """What it is all for: the operator's map lacks one entry, and its history verifies all the same."""
    world = published(Indexed(genesis()))
    lying = IndexMap(ORIGIN)
    hidden = [b"" if index == 4 else entry for index, entry in enumerate(world.entries)]
    fake = Checkpoint(ORIGIN, 8, naive_root(hidden))
    root = lying.apply(0, hidden, fake).map_root
    honest = honest_states()
    world.index_log.append([format_state(state) for state in honest[:3]])
    world.index_log.append([format_state(IndexState(honest[3].log, root))])
    world.index_log.publish(world.time)
    found = rebuilt(world)
    assert found.difference is not None
    assert (found.difference.ordinal, found.difference.cause) == (3, "map")
    assert found.difference.params["found"] == root.hex()
    assert found.difference.params["made"] == honest[3].map_root.hex() == found.map_root.hex()


def test_files_that_do_not_lead_to_the_signed_roots_are_the_stores_fault() -> None:
    world = published(Indexed(genesis()))
    world.follow()
    stored = world.index_world.objects.stored
    path = "tile/entries/000.p/4"
    good = stored[path]
    stored[path] = good[:-1] + b"x"
    with pytest.raises(StorageFailed, match="signed root"):
        rebuilt(world)
    stored[path] = good
    stored = world.log_world.objects.stored
    bundle = stored["tile/entries/000.p/8"]
    stored["tile/entries/000.p/8"] = bundle[:-1] + b"\x01"
    with pytest.raises(StorageFailed, match="do not lead"):
        rebuilt(world)


def test_logs_that_do_not_belong_together_are_refused() -> None:
    world = published(Indexed(genesis()))
    reader = world.reader()
    assert reader.published is not None
    with pytest.raises(Malformed, match="not the index"):
        rebuild(reader, reader.published, reader, reader.published)


def test_the_map_that_was_made_can_be_kept(tmp_path: Path) -> None:
    world = published(Indexed(genesis()))
    world.follow()
    found = rebuilt(world, tmp_path / "map")
    kept = IndexMap(ORIGIN, tmp_path / "map")
    assert (kept.size, kept.root) == (8, found.map_root)


def test_the_platform_names_the_index_and_nobody_else_does() -> None:
    world = published(Indexed(genesis()))
    assert (
        announced_key(LogView(world.log_world.objects, LOG_SIGNER.verifier), LOG_SIGNER.verifier)
        == INDEX_SIGNER.verifier
    )
    for entries in ([statement(1), *genesis()], genesis()[:1], genesis()[1:]):
        other = Indexed(entries)
        with pytest.raises(Unverified, match="names the key"):
            announced_key(LogView(other.log_world.objects, LOG_SIGNER.verifier), LOG_SIGNER.verifier)

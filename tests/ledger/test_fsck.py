"""fsck derives everything again and names the first wrong byte range."""

from __future__ import annotations

import random

import pytest

from ledger.fsck import FsckReport, fsck
from ledger.hashing import leaf_hash, node_hash
from ledger.keys import SigningKey
from ledger.note import NoteSigner
from tests.ledger.logs import COSIGNER, LOG_SIGNER, NOW, ORIGIN, RECEIPT_KEY, World, entries

ENTRY = 2 + 20


@pytest.fixture
def world() -> World:
    world = World()
    log = world.create(entries(0, 2))
    for stop in (3, 200, 256, 300, 700):
        log.append(entries(log.size, stop))
        log.publish(NOW + stop)
    return world


def run(world: World) -> FsckReport:
    return fsck(
        world.objects, LOG_SIGNER.verifier, cosigner=COSIGNER.verifier, receipt_key=RECEIPT_KEY.public
    )


def flip(world: World, path: str, at: int) -> None:
    data = bytearray(world.objects.stored[path])
    data[at] ^= 1
    world.objects.stored[path] = bytes(data)


def test_a_sound_log_is_clean(world: World) -> None:
    progress: list[tuple[int, int]] = []
    report = fsck(
        world.objects,
        LOG_SIGNER.verifier,
        receipt_key=RECEIPT_KEY.public,
        on_progress=lambda done, all_: progress.append((done, all_)),
    )
    assert report.ok
    assert (report.entries, report.checkpoints) == (700, 5)
    assert progress == [(256, 700), (512, 700), (700, 700)]


@pytest.mark.parametrize("entry", [0, 1, 130, 255, 256, 699])
def test_a_flipped_byte_in_an_entry_is_named(world: World, entry: int) -> None:
    path = "tile/entries/002.p/188" if entry >= 512 else f"tile/entries/{entry // 256:03}"
    start = entry % 256 * ENTRY
    flip(world, path, start + 2 + 6)
    first = run(world).problems[0]
    assert (first.path, first.start, first.stop) == (path, start, start + ENTRY)
    assert f"Entry {entry} is not the one that was signed" in first.sentence


@pytest.mark.parametrize("entry", [0, 130, 255, 699])
def test_a_flipped_byte_in_a_tile_is_named(world: World, entry: int) -> None:
    path = "tile/0/002.p/188" if entry >= 512 else "tile/0/000"
    start = entry % 256 * 32
    flip(world, path, start + 5)
    first = run(world).problems[0]
    assert (first.path, first.start, first.stop) == (path, start, start + 32)
    assert "not that of the entries below" in first.sentence


def test_a_flipped_byte_in_an_upper_tile_is_named(world: World) -> None:
    flip(world, "tile/1/000.p/2", 40)
    first = run(world).problems[0]
    assert (first.path, first.start, first.stop) == ("tile/1/000.p/2", 32, 64)


@pytest.mark.parametrize("high", [True, False])
def test_a_damaged_length_is_named_where_it_stands(world: World, high: bool) -> None:
    flip(world, "tile/entries/001", 7 * ENTRY + (0 if high else 1))
    report = run(world)
    assert report.problems[0].path == "tile/entries/001"
    assert report.problems[0].start == 7 * ENTRY


def test_a_cut_bundle_is_named(world: World) -> None:
    path = "tile/entries/000"
    world.objects.stored[path] = world.objects.stored[path][:-1]
    first = run(world).problems[0]
    assert (first.path, first.start, first.stop) == (path, 255 * ENTRY, 256 * ENTRY - 1)


@pytest.mark.parametrize("path", ["tile/0/000.p/200", "tile/entries/000.p/3", "tile/0/001.p/44"])
def test_partial_files_of_published_sizes_are_checked(world: World, path: str) -> None:
    flip(world, path, 0)
    assert run(world).problems[0].path == path


@pytest.mark.parametrize(
    "path",
    ["tile/entries/000", "tile/0/001", "tile/1/000.p/2", "tile/0/002.p/188", "checkpoint", "checkpoints/700"],
)
def test_a_missing_file_is_named(world: World, path: str) -> None:
    del world.objects.stored[path]
    assert run(world).problems[0].path == path


def test_a_partial_file_may_go_once_the_full_one_is_there(world: World) -> None:
    del world.objects.stored["tile/0/000.p/200"]
    del world.objects.stored["tile/entries/000.p/200"]
    assert run(world).ok


@pytest.mark.parametrize("end", ["", ".cose"])
def test_a_damaged_kept_checkpoint_is_named(world: World, end: str) -> None:
    path = f"checkpoints/256{end}"
    flip(world, path, len(world.objects.stored[path]) - 8)
    report = run(world)
    assert [problem.path for problem in report.problems] == [path]


def test_another_key_signs_nothing(world: World) -> None:
    stranger = NoteSigner(ORIGIN, SigningKey.from_seed(bytes(32)))
    report = fsck(world.objects, stranger.verifier)
    assert report.problems[0].path == "checkpoint"
    assert report.entries == 0


def test_history_rewritten_with_all_its_tiles_is_still_noticed(world: World) -> None:
    """Whoever has the disk can make tiles fit; the signed roots say from which entry on they lie."""
    forged = World()
    log = forged.create([*entries(0, 250), b"forged".ljust(20, b"."), *entries(251, 700)])
    assert log.size == 700
    for path, data in forged.objects.stored.items():
        world.objects.stored[path] = data
    problems = run(world).problems
    signed = [problem for problem in problems if problem.path.startswith("checkpoints/")]
    assert [problem.path for problem in signed] == ["checkpoints/256", "checkpoints/300", "checkpoints/700"]
    assert "the entries 200 to 255" in signed[0].sentence


def test_any_flipped_bit_of_any_file_is_noticed(world: World) -> None:
    rng = random.Random(3)
    sound = dict(world.objects.stored)
    for path in sorted(sound):
        if path.endswith(".links"):
            continue
        for _ in range(3):
            flip(world, path, rng.randrange(len(sound[path])))
            assert path in {problem.path for problem in run(world).problems}, path
            world.objects.stored = dict(sound)


def test_hashes_of_entries_and_nodes_do_not_mix() -> None:
    left, right = leaf_hash(b"l"), leaf_hash(b"r")
    assert node_hash(left, right) != leaf_hash(left + right)

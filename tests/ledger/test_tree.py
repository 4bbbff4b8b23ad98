"""Roots, proofs and tiles of small trees, exhaustively; bad proofs; other implementations as judges."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scitt_cose import merkle

from ledger.errors import Malformed, StorageFailed, Unverified
from ledger.hashing import EMPTY_ROOT, CompactRange, leaf_hash, node_hash, root_of
from ledger.proofs import (
    prove_consistency,
    prove_inclusion,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from ledger.tiles import (
    ENTRIES,
    TileCoord,
    TileReader,
    bundles_for_growth,
    decode_bundle,
    encode_bundle,
    format_tile_path,
    parse_tile_path,
    tile_at,
    tiles_for_growth,
)
from ledger.tree import consistency_ranges, root_at
from tests.ledger import vectors
from tests.ledger.market_in_a_box import ListReader

ENTRIES_OF_SMALL_TREES = [bytes([number]) * number for number in range(40)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES_OF_SMALL_TREES]
READER = ListReader(LEAVES)
ROOTS = [root_of(LEAVES[:size]) for size in range(len(LEAVES) + 1)]


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


def test_every_way_to_a_root_agrees() -> None:
    growing = CompactRange()
    for size, root in enumerate(ROOTS):
        assert growing.root() == root == by_definition(LEAVES[:size]) == root_at(size, READER)
        assert CompactRange(size, growing.hashes()).root() == root
        assert growing.size == size
        if size < len(LEAVES):
            growing.append(LEAVES[size])


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_compact_range_resumes(first: int, second: int) -> None:
    start = CompactRange()
    start.extend(LEAVES[:first])
    resumed = CompactRange(first, start.hashes())
    resumed.extend(LEAVES[first : first + second])
    assert resumed.root() == ROOTS[min(first + second, 40)]


def test_a_compact_range_needs_as_many_hashes_as_its_size_says() -> None:
    for size, hashes in ((3, [b""]), (0, [b""]), (-1, [])):
        with pytest.raises(ValueError):
            CompactRange(size, hashes)


@pytest.mark.parametrize("size", range(1, 34))
def test_inclusion_of_every_entry_and_no_other(size: int) -> None:
    for index in range(size):
        path = prove_inclusion(index, size, READER)
        verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])
        assert root_from_inclusion(LEAVES[index], index, size, path) == ROOTS[size]
        for other in range(size):
            if other != index:
                refuses(verify_inclusion, LEAVES[index], other, size, path, ROOTS[size])
                refuses(verify_inclusion, LEAVES[other], index, size, path, ROOTS[size])
        for wrong in {size - 1, size + 1, size // 2} - {size}:
            if root_of_proof(LEAVES[index], index, wrong, path) is not None:
                refuses(verify_inclusion, LEAVES[index], index, wrong, path, ROOTS[wrong])
        damage_path(path, partial(verify_damaged_inclusion, index, size))


def verify_damaged_inclusion(index: int, size: int, path: list[bytes]) -> None:
    verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])


def verify_damaged_consistency(old: int, new: int, path: list[bytes]) -> None:
    verify_consistency(old, ROOTS[old], new, ROOTS[new], path)


def root_of_proof(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    try:
        return root_from_inclusion(leaf, index, size, path)
    except Unverified:
        return None


@pytest.mark.parametrize("new", range(1, 34))
def test_consistency_of_every_pair_of_sizes(new: int) -> None:
    for old in range(1, new + 1):
        path = prove_consistency(old, new, READER)
        verify_consistency(old, ROOTS[old], new, ROOTS[new], path)
        if old < new:
            refuses(verify_consistency, new, ROOTS[new], old, ROOTS[old], path)
            refuses(verify_consistency, old, ROOTS[new], new, ROOTS[old], path)
        refuses(verify_consistency, old, bytes(32), new, ROOTS[new], path)
        refuses(verify_consistency, old, ROOTS[old], new, bytes(32), path)
        refuses(verify_consistency, old, ROOTS[old], old - 1, ROOTS[old - 1], path)
        damage_path(path, partial(verify_damaged_consistency, old, new))


@pytest.mark.parametrize("new", range(1, 33))
def test_the_ranges_of_a_consistency_path_are_what_both_trees_are_made_of(new: int) -> None:
    for old in range(1, new + 1):
        ranges = consistency_ranges(old, new)
        hashes = [by_definition(LEAVES[begin:end]) for begin, end in ranges]
        seeded = ranges[0] == (0, old)
        assert prove_consistency(old, new, READER) == hashes[seeded:]
        covered = sorted(ranges)
        assert covered[0][0] == 0
        assert covered[-1][1] == new
        assert all(left[1] == right[0] for left, right in pairwise(covered))
        assert any(end == old for _, end in covered)


def test_consistency_with_the_empty_tree() -> None:
    assert prove_consistency(0, 5, READER) == []
    verify_consistency(0, EMPTY_ROOT, 5, ROOTS[5], [])
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    refuses(verify_consistency, 0, ROOTS[1], 5, ROOTS[5], [])
    refuses(verify_consistency, 0, EMPTY_ROOT, 5, ROOTS[5], [bytes(32)])
    refuses(verify_consistency, 0, bytes(32), 0, bytes(32), [])


def refuses(verify: Callable[..., Any], *arguments: Any) -> None:
    with pytest.raises(Unverified):
        verify(*arguments)


def damage_path(path: list[bytes], verify: Callable[[list[bytes]], None]) -> None:
    """Each bit of each hash flipped (every 13th, to be quick), each hash dropped, doubled, moved or cut."""
    bad: list[list[bytes]] = [[*path, bytes(32)], [bytes(32), *path], [*path, b""], [b"", *path]]
    for at, sibling in enumerate(path):
        for bit in range(at % 13, 256, 13):
            flipped = bytearray(sibling)
            flipped[bit // 8] ^= 1 << bit % 8
            bad.append([*path[:at], bytes(flipped), *path[at + 1 :]])
        bad.append(path[:at] + path[at + 1 :])
        bad.append([*path[:at], sibling, *path[at:]])
        bad.append([*path[:at], sibling[:31], *path[at + 1 :]])
        bad.append([*path[:at], sibling + b"\x00", *path[at + 1 :]])
    if len(path) > 1:
        bad.append(path[::-1])
    for wrong in bad:
        with pytest.raises(Unverified):
            verify(wrong)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13, 40])
def test_an_independent_implementation_agrees(size: int) -> None:
    entries = [entry.hex() for entry in ENTRIES_OF_SMALL_TREES[:size]]
    assert merkle.merkle_root(entries) == ROOTS[size].hex()
    for index in range(size):
        path = [sibling.hex() for sibling in prove_inclusion(index, size, READER)]
        assert merkle.inclusion_proof(entries, index) == path
    for old in range(1, size):
        assert merkle.consistency_proof(entries, old, size) == [
            sibling.hex() for sibling in prove_consistency(old, size, READER)
        ]


def test_merkletools_agrees_when_it_is_given_the_prefixes() -> None:
    tools = pytest.importorskip("merkletools")

    class Prefixed(tools.MerkleTools):  # type: ignore[misc, name-defined]
        """The library knows no prefixes: leaves are hashed before, nodes get theirs here."""

        def __init__(self) -> None:
            super().__init__()
            self.hash_function = lambda value: sha256(b"\x01" + value)

    for size in range(1, len(LEAVES)):
        tree = Prefixed()
        tree.add_leaf([leaf.hex() for leaf in LEAVES[:size]])
        tree.make_tree()
        assert tree.get_merkle_root() == ROOTS[size].hex()
        for index in range(size):
            path = [next(iter(step.values())) for step in tree.get_proof(index)]
            assert path == [sibling.hex() for sibling in prove_inclusion(index, size, READER)]


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 5), (5, 5), (6, 5)])
def test_there_is_no_proof_for_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(Malformed):
        prove_inclusion(index, size, READER)
    refuses(verify_inclusion, LEAVES[0], index, size, [], ROOTS[0])


def test_there_is_no_consistency_with_the_future() -> None:
    for old, new in ((6, 5), (-1, 5)):
        with pytest.raises(Malformed):
            prove_consistency(old, new, READER)


def test_a_proof_takes_one_read() -> None:
    reader = ListReader(LEAVES)
    prove_inclusion(21, 39, reader)
    prove_consistency(21, 39, reader)
    root_at(39, reader)
    assert reader.reads == 3


def test_a_node_is_not_taken_for_an_entry() -> None:
    """The prefixes keep apart what a tree without them confuses."""
    node = node_hash(LEAVES[0], LEAVES[1])
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node
    refuses(
        verify_inclusion, leaf_hash(LEAVES[0] + LEAVES[1]), 0, 2, [node_hash(LEAVES[2], LEAVES[3])], ROOTS[4]
    )


def tiles_of(leaves: list[bytes], growth: list[int]) -> dict[str, bytes]:
    """The hash tiles of a log that grew through these sizes."""
    reader = ListReader(leaves)
    files: dict[str, bytes] = {}
    for old, new in pairwise([0, *growth]):
        for tile in tiles_for_growth(old, new):
            coords = [(8 * tile.level, tile.index * 256 + position) for position in range(tile.width)]
            assert format_tile_path(tile) not in files
            files[format_tile_path(tile)] = b"".join(reader.read_hashes(coords))
    return files


BIG = [sha256(number.to_bytes(4, "big")).digest() for number in range(1300)]


def test_proofs_from_tiles_are_those_of_the_whole_tree() -> None:
    growth = [1, 3, 255, 256, 257, 700, 1024, 1300]
    files = tiles_of(BIG, growth)
    whole = ListReader(BIG)
    for size in growth:
        reader = TileReader(files.get, size)
        assert root_at(size, reader) == root_of(BIG[:size])
        for index in {0, size // 2, size - 1}:
            assert prove_inclusion(index, size, reader) == prove_inclusion(index, size, whole)
        for old in growth:
            if old <= size:
                assert prove_consistency(old, size, reader) == prove_consistency(old, size, whole)


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one() -> None:
    files = tiles_of(BIG, [700, 1300])
    assert files.pop("tile/0/002.p/188")
    reader = TileReader(files.get, 700)
    assert root_at(700, reader) == root_of(BIG[:700])


def test_missing_and_cut_tiles_are_the_store_s_fault() -> None:
    files = tiles_of(BIG, [700])
    for path in ("tile/0/002.p/188", "tile/0/000", "tile/1/000.p/2"):
        for broken in (None, files[path][:-1], files[path] + bytes(32), b""):
            changed = {name: data for name, data in {**files, path: broken}.items() if data is not None}
            reader = TileReader(changed.get, 700)
            with pytest.raises(StorageFailed, match=path):
                for index in (0, 699):
                    prove_inclusion(index, 700, reader)


def test_nothing_beyond_the_size_is_read() -> None:
    reader = TileReader(lambda path: pytest.fail(path), 10)
    for level, index in ((0, 10), (1, 5), (3, 1), (4, 0), (-1, 0), (0, -1)):
        with pytest.raises(Malformed):
            reader.read_hashes([(level, index)])


def test_the_tiles_of_a_log_of_seventy_thousand() -> None:
    tiles = tiles_for_growth(0, 70_000)
    by_level = {level: [tile.width for tile in tiles if tile.level == level] for level in range(4)}
    assert by_level == {0: [256] * 273 + [112], 1: [256, 17], 2: [1], 3: []}
    assert tiles_for_growth(0, 256) == [TileCoord(0, 0), TileCoord(1, 0, 1)]
    assert tiles_for_growth(256, 256) == []
    assert tiles_for_growth(255, 256) == [TileCoord(0, 0), TileCoord(1, 0, 1)]
    assert tiles_for_growth(256, 300) == [TileCoord(0, 1, 44)]
    assert bundles_for_growth(250, 513) == [
        TileCoord(ENTRIES, 0),
        TileCoord(ENTRIES, 1),
        TileCoord(ENTRIES, 2, 1),
    ]
    assert bundles_for_growth(7, 7) == []
    assert tile_at(0, 273, 70_000) == TileCoord(0, 273, 112)
    with pytest.raises(Malformed):
        tile_at(0, 274, 70_000)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 300_000), min_size=2, max_size=6).map(sorted))
def test_growth_in_steps_writes_what_growth_at_once_writes(sizes: list[int]) -> None:
    stepwise = {tile for old, new in pairwise(sizes) for tile in tiles_for_growth(old, new)}
    at_once = set(tiles_for_growth(sizes[0], sizes[-1]))
    assert at_once <= stepwise
    for tile in stepwise - at_once:
        assert tile.width < 256


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (TileCoord(0, 0), "tile/0/000"),
        (TileCoord(0, 1234067), "tile/0/x001/x234/067"),
        (TileCoord(63, 1, 255), "tile/63/001.p/255"),
        (TileCoord(ENTRIES, 999), "tile/entries/999"),
        (TileCoord(ENTRIES, 1000, 5), "tile/entries/x001/000.p/5"),
        (TileCoord(0, 273, 112), "tile/0/273.p/112"),
    ],
)
def test_paths_of_tiles(tile: TileCoord, path: str) -> None:
    assert format_tile_path(tile) == path
    assert parse_tile_path(path) == tile


@given(st.integers(-1, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_paths_of_tiles_read_back(level: int, index: int, width: int) -> None:
    tile = TileCoord(level, index, width)
    assert parse_tile_path(format_tile_path(tile)) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/001/234",
        "tile/0/x000/001",
        "tile/0/x001/x234",
        "tile/0/x001/234/",
        "/tile/0/000",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/",
        "tile/0/000.p/5/",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/entry/000",
        "tile/entries/-01",
        "tile/8/0/001",
        "tile/0/" + "x999/" * 7 + "999",
        "tile/0/../000",
        "tile//000",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(Malformed):
        parse_tile_path(path)


def test_tiles_that_do_not_exist_have_no_path() -> None:
    for tile in (
        TileCoord(64, 0),
        TileCoord(-2, 0),
        TileCoord(0, -1),
        TileCoord(0, 0, 0),
        TileCoord(0, 0, 257),
    ):
        with pytest.raises(ValueError):
            format_tile_path(tile)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_read_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == entries


def test_bundles_hold_the_longest_entry_and_no_longer_one() -> None:
    longest = bytes(65_535)
    assert decode_bundle(encode_bundle([longest, b""])) == [longest, b""]
    with pytest.raises(Malformed):
        encode_bundle([longest + b"x"])


def test_cut_and_overfull_bundles_are_refused() -> None:
    good = vectors.WORDS_BUNDLE_OF_3
    whole = {5, 10}
    for end in range(len(good)):
        if end in whole:
            assert len(decode_bundle(good[:end])) == end // 5
        else:
            with pytest.raises(Malformed):
                decode_bundle(good[:end])
    with pytest.raises(Malformed):
        decode_bundle(b"\x00\x00" * 257)
    for count in (0, 257):
        with pytest.raises(ValueError):
            encode_bundle([b""] * count)

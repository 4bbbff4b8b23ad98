"""Proofs in trees of any size: all leaves are alike, so that a tree of 2^62 of them takes no more than one hash a level."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Unverified
from ledger.hashing import leaf_hash, node_hash
from ledger.proofs import (
    MAX_PATH,
    path_sides,
    prove_consistency,
    prove_inclusion,
    root_from_consistency,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from ledger.tree import root_at

LEAF = leaf_hash(b"the same")
LEVELS = [LEAF]
for _ in range(63):
    LEVELS.append(node_hash(LEVELS[-1], LEVELS[-1]))

sizes = st.integers(1, 1 << 62) | st.integers(1, 300) | st.integers(0, 62).map(lambda level: 1 << level)


class SameLeaves:
    """The hashes of a tree whose leaves are all alike."""

    def read_hashes(self, coords: Sequence[tuple[int, int]]) -> list[bytes]:
        return [LEVELS[level] for level, _ in coords]


READER = SameLeaves()


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    """An index and the size of a tree that has it, often at an end."""
    size = draw(sizes)
    return draw(st.integers(0, size - 1) | st.sampled_from((0, size - 1))), size


@given(places())
def test_every_entry_of_a_tree_of_any_size_is_proved(place: tuple[int, int]) -> None:
    index, size = place
    path, root = prove_inclusion(index, size, READER), root_at(size, READER)
    assert len(path) <= MAX_PATH
    verify_inclusion(LEAF, index, size, path, root)
    for wrong in (path[:-1], [*path, LEAF], [*path[:-1], path[-1][:31]] if path else [b""]):
        if wrong != path:
            with pytest.raises(Unverified):
                root_from_inclusion(LEAF, index, size, wrong)


@pytest.mark.parametrize("size", [0, 1, 4, 7])
@pytest.mark.parametrize("length", range(5))
def test_the_first_index_behind_a_tree_has_no_path_of_any_length(size: int, length: int) -> None:
    with pytest.raises(Unverified):
        root_from_inclusion(LEAF, size, size, [LEAF] * length)


@given(places())
def test_the_sides_of_a_path_lead_to_the_root(place: tuple[int, int]) -> None:
    index, size = place
    path, current = prove_inclusion(index, size, READER), LEAF
    sides = path_sides(index, size, len(path))
    assert len(sides) == len(path)
    for is_left, sibling in zip(sides, path, strict=True):
        current = node_hash(sibling, current) if is_left else node_hash(current, sibling)
    assert current == root_at(size, READER)


@given(places())
def test_every_tree_continues_every_earlier_one(place: tuple[int, int]) -> None:
    old, new = place
    path = prove_consistency(old, new, READER)
    roots = root_at(old, READER), root_at(new, READER)
    verify_consistency(old, roots[0], new, roots[1], path)
    for wrong in ([*path, LEAF], path[1:]):
        if wrong != path:
            with pytest.raises(Unverified):
                verify_consistency(old, roots[0], new, roots[1], wrong)
    if 0 < old < new:
        assert root_from_consistency(old, roots[0], new, path) == roots[1]


def test_a_path_of_two_sides() -> None:
    """Entry 5 of 7 stands to the right of 4, to the left of 6, and to the right of the first four."""
    assert path_sides(5, 7, 3) == [True, False, True]
    assert path_sides(6, 7, 2) == [True, True]
    assert path_sides(0, 1, 0) == []


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (4, 4), (5, 4), (-1, 3)])
def test_only_a_larger_tree_continues_one_with_entries_by_a_path(old: int, new: int) -> None:
    with pytest.raises(Unverified):
        root_from_consistency(old, LEAF, new, [])

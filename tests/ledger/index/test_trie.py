"""The map's trie against the words of its definition, in batches of any order."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Unverified
from ledger.hashing import leaf_hash, root_of
from ledger.index.trie import Leaf, commit_indices, root_of_leaves, root_of_path, search
from ledger.indexer.pages import PAGE_LEAVES, find, update

# Few different bytes, so that keys share long prefixes and pages split deep.
KEYS = st.binary(min_size=32, max_size=32) | st.lists(
    st.sampled_from([0x00, 0x01, 0x10, 0x80, 0xFF]), min_size=32, max_size=32
).map(bytes)
LEAVES = st.dictionaries(KEYS, st.binary(min_size=32, max_size=32), min_size=1, max_size=60)


class Pages(dict[str, bytes]):
    read = dict.get
    write = dict.__setitem__


def naive_root(lists: dict[bytes, bytes], bit: int = 0) -> bytes:
    """From the definition, bit by bit, with every key looked at again at each."""
    if len(lists) == 1:
        ((key, commitment),) = lists.items()
        return sha256(b"datawharf/index-leaf/v1\n" + key + commitment).digest()
    sides = [
        {
            key: value
            for key, value in lists.items()
            if (int.from_bytes(key, "big") >> (255 - bit) & 1) == side
        }
        for side in (0, 1)
    ]
    if not sides[0] or not sides[1]:
        return naive_root(lists, bit + 1)
    left, right = (naive_root(side, bit + 1) for side in sides)
    return sha256(b"datawharf/index-node/v1\n" + bytes([bit]) + left + right).digest()


def sorted_leaves(lists: dict[bytes, bytes]) -> list[Leaf]:
    return [Leaf(key, lists[key]) for key in sorted(lists)]


@given(LEAVES)
def test_the_root_is_that_of_the_definition(lists: dict[bytes, bytes]) -> None:
    assert root_of_leaves(sorted_leaves(lists)) == naive_root(lists)


def test_a_list_is_committed_to_with_its_count_and_rfc_6962_root() -> None:
    root = root_of(leaf_hash(index.to_bytes(8, "big")) for index in (3, 5, 9))
    assert (
        commit_indices([3, 5, 9])
        == sha256(b"datawharf/index-list/v1\n" + (3).to_bytes(8, "big") + root).digest()
    )


@given(LEAVES, st.randoms(use_true_random=False), st.integers(1, 20))
def test_the_root_does_not_depend_on_order_or_batches(
    lists: dict[bytes, bytes], random: Random, batch: int
) -> None:
    leaves = sorted_leaves(lists)
    shuffled = random.sample(leaves, len(leaves))
    pages = Pages()
    root = b""
    for start in range(0, len(shuffled), batch):
        # First with an earlier list, which the right one then takes the place of.
        early = sorted(Leaf(leaf.key, bytes(32)) for leaf in shuffled[start : start + 1])
        update(pages, early)
        root = update(pages, sorted(shuffled[start : start + batch]))
    assert root == naive_root(lists)


@given(LEAVES, KEYS)
def test_every_key_is_proved_present_or_absent_and_never_both(
    lists: dict[bytes, bytes], stranger: bytes
) -> None:
    leaves, pages = sorted_leaves(lists), Pages()
    root = update(pages, leaves)
    for key in (*lists, stranger):
        leaf, path = find(pages, key)
        assert (leaf, path) == search(leaves, key)
        assert root_of_path(key, leaf, path) == root
        assert (leaf.key == key) == (key in lists)
        assert leaf.list == lists[leaf.key]


@given(LEAVES, st.data())
def test_no_bit_of_a_proof_can_be_changed(lists: dict[bytes, bytes], data: st.DataObject) -> None:
    leaves = sorted_leaves(lists)
    key = data.draw(st.sampled_from(sorted(lists)))
    leaf, path = search(leaves, key)
    whole = leaf.key + leaf.list + b"".join(bytes([bit]) + sibling for bit, sibling in path)
    flipped = bytearray(whole)
    place = data.draw(st.integers(0, 8 * len(whole) - 1))
    flipped[place // 8] ^= 1 << place % 8
    steps = [(flipped[at], bytes(flipped[at + 1 : at + 33])) for at in range(64, len(flipped), 33)]
    try:
        found = root_of_path(key, Leaf(bytes(flipped[:32]), bytes(flipped[32:64])), steps)
    except Unverified:
        return
    assert found != root_of_leaves(leaves)


def test_a_path_that_no_trie_has_is_refused() -> None:
    low, high = bytes(32), b"\xff" * 32
    leaf, sibling = Leaf(low, bytes(32)), bytes(32)
    for path in (
        [(3, sibling), (3, sibling)],
        [(3, sibling), (4, sibling)],
        [(256, sibling)],
        [(3, b"short")],
    ):
        with pytest.raises(Unverified):
            root_of_path(low, leaf, path)
    with pytest.raises(Unverified, match="another place"):
        root_of_path(high, leaf, [(0, sibling)])


@pytest.mark.parametrize("size", [31, 33])
def test_each_key_and_commitment_has_32_bytes(size: int) -> None:
    right, wrong = bytes(32), bytes(size)
    for key, leaf in (
        (wrong, Leaf(right, right)),
        (right, Leaf(wrong, right)),
        (right, Leaf(right, wrong)),
    ):
        with pytest.raises(Unverified, match="32 bytes"):
            root_of_path(key, leaf, [])


def test_pages_split_when_they_are_full_and_not_before() -> None:
    leaves = sorted(Leaf(sha256(bytes([number])).digest(), bytes(32)) for number in range(PAGE_LEAVES + 1))
    pages = Pages()
    update(pages, leaves[:PAGE_LEAVES])
    assert list(pages) == [""]
    update(pages, leaves[PAGE_LEAVES:])
    assert len(pages) > 1
    assert pages[""][:1] == b"I"

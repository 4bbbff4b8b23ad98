"""RFC 6962 roots and proof paths (sections 2.1, 2.1.1, 2.1.2), over a one-method reader of stored hashes.

A coordinate is (level, index): the complete subtree over the leaves [index << level, (index + 1) << level).
Paths are lists of 32-byte hashes, the leaf's sibling first and the child of the root last.
"""

from collections.abc import Sequence
from typing import Protocol

from ledger.errors import Malformed
from ledger.hashing import EMPTY_ROOT, node_hash


class HashReader(Protocol):
    """Where the hashes of complete subtrees come from."""

    def read_hashes(self, coords: Sequence[tuple[int, int]]) -> list[bytes]:
        """The 32-byte hashes at `coords`, in that order; StorageFailed if one cannot be had."""
        ...


def root_at(size: int, reader: HashReader) -> bytes:
    """Root of the first `size` leaves; `EMPTY_ROOT` for 0."""
    if size == 0:
        return EMPTY_ROOT
    return _hashes_of_ranges([(0, size)], reader)[0]


def inclusion_path(index: int, size: int, reader: HashReader) -> list[bytes]:
    """Proof that leaf `index` is in the tree of the first `size`; Malformed unless 0 <= index < size."""
    if not 0 <= index < size:
        raise Malformed(f"There is no entry {index} in a tree of {size} entries.")
    begin, end = 0, size
    siblings = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((begin, middle))
            begin = middle
    return _hashes_of_ranges(siblings[::-1], reader)


def consistency_path(old: int, new: int, reader: HashReader) -> list[bytes]:
    """Proof that the tree of `old` leaves is a prefix of that of `new`; Malformed unless 0 <= old <= new.

    Empty for old = new and for old = 0.
    """
    ranges = consistency_ranges(old, new)
    return _hashes_of_ranges(ranges[1:] if ranges[:1] == [(0, old)] else ranges, reader)


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The ranges of leaves that both trees are put together from, in the order of the path; Malformed as above.

    None for old = 0. Where the older tree is one of them, (0, old), it comes first, and the path leaves it out.
    """
    if not 0 <= old <= new:
        raise Malformed(f"A tree of {new} entries has no earlier state of {old} entries.")
    if old == 0:
        return []
    begin, end = 0, new
    ranges = []
    while old < end:
        middle = begin + _split(end - begin)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    ranges.append((begin, end))
    return ranges[::-1]


def _split(count: int) -> int:
    """The largest power of two strictly below `count` (count > 1)."""
    return 1 << ((count - 1).bit_length() - 1)


def _complete_subtrees(begin: int, end: int) -> list[tuple[int, int]]:
    """Coordinates of the complete subtrees of [begin, end), largest first; `begin` is aligned."""
    coords = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        coords.append((level, begin >> level))
        begin += 1 << level
    return coords


def _hashes_of_ranges(ranges: list[tuple[int, int]], reader: HashReader) -> list[bytes]:
    """The RFC 6962 hash of each range, with a single read for all of them."""
    parts = [_complete_subtrees(begin, end) for begin, end in ranges]
    stored = iter(reader.read_hashes([coord for part in parts for coord in part]))
    hashes = []
    for part in parts:
        *left, current = [next(stored) for _ in part]
        for sibling in reversed(left):
            current = node_hash(sibling, current)
        hashes.append(current)
    return hashes

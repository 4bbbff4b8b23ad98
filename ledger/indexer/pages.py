"""The trie of the map in pages, one for each prefix of hex digits that has more keys below it than fit in one.

    "L" || up to 32 leaves (key hash 32 || list 32), sorted
    "I" || uint16 bitmap of the next digits that have keys (0 the highest bit) || the hash of each of those subtrees

Pages follow from the set of keys, and a page never becomes smaller. To change a leaf, the pages on the way to it are
read and written, each hashed in a few steps: the cost grows with the logarithm of the number of keys.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from ledger.errors import StorageFailed
from ledger.hashing import HASH_SIZE
from ledger.index.trie import BITS, Leaf, Step, bit_of, node_hash, root_of_leaves, search

PAGE_LEAVES = 32
DIGIT_BITS = 4

_WIDTH = 1 << DIGIT_BITS
_LEAVES, _INNER = b"L", b"I"
_LEAF_SIZE = 2 * HASH_SIZE

Children = Sequence[bytes | None]


class Pages(Protocol):
    """Where pages are kept, by their prefix in hex digits."""

    def read(self, prefix: str) -> bytes | None:
        """The page, or None where there is none."""

    def write(self, prefix: str, body: bytes) -> None:
        """Put the page in place of the one that was there."""


def update(pages: Pages, leaves: Sequence[Leaf], prefix: str = "") -> bytes:
    """Put sorted `leaves` below `prefix`, in place of those with the same keys; return the subtree's hash."""
    body = pages.read(prefix)
    if body is not None and body[:1] == _INNER:
        children = _parse_children(body, prefix)
        return _descend(pages, prefix, children, leaves)
    merged = leaves if body is None else _merge(_parse_leaves(body, prefix), leaves)
    if len(merged) > PAGE_LEAVES:
        return _descend(pages, prefix, [None] * _WIDTH, merged)
    pages.write(prefix, _LEAVES + b"".join([leaf.key + leaf.list for leaf in merged]))
    return root_of_leaves(merged)


def find(pages: Pages, key: bytes) -> tuple[Leaf, list[Step]]:
    """The leaf that looking up `key` ends in, and its path to the root; StorageFailed if a page is missing."""
    steps: list[Step] = []
    prefix = ""
    while True:
        body = pages.read(prefix)
        if body is None:
            raise _damaged(prefix)
        if body[:1] == _LEAVES:
            leaf, lowest = search(_parse_leaves(body, prefix), key)
            return leaf, lowest + steps[::-1]
        digit, inner = _choose(_parse_children(body, prefix), key, DIGIT_BITS * len(prefix))
        steps += inner
        prefix += f"{digit:x}"


def _descend(pages: Pages, prefix: str, children: list[bytes | None], leaves: Sequence[Leaf]) -> bytes:
    for digit, below in _by_digit(leaves, len(prefix)):
        children[digit] = update(pages, below, f"{prefix}{digit:x}")
    pages.write(prefix, _format_children(children))
    root = _combine(children, DIGIT_BITS * len(prefix))
    assert root is not None
    return root


def _choose(children: Children, key: bytes, bit: int) -> tuple[int, list[Step]]:
    """The digit under which looking up `key` goes on, and the steps there, downwards."""
    steps: list[Step] = []
    start, width = 0, len(children)
    while width > 1:
        width //= 2
        sides = (children[start : start + width], children[start + width : start + 2 * width])
        hashes = [_combine(side, bit + 1) for side in sides]
        side = bit_of(key, bit)
        other = hashes[1 - side]
        if hashes[side] is None:
            side = 1 - side
        elif other is not None:
            steps.append((bit, other))
        start += side * width
        bit += 1
    return start, steps


def _combine(children: Children, bit: int) -> bytes | None:
    """Hash over neighbouring subtrees, which part at `bit` first; an empty side leaves the other as it is."""
    if len(children) == 1:
        return children[0]
    middle = len(children) // 2
    left, right = _combine(children[:middle], bit + 1), _combine(children[middle:], bit + 1)
    if left is None or right is None:
        return right if left is None else left
    return node_hash(bit, left, right)


def _by_digit(leaves: Sequence[Leaf], place: int) -> Iterator[tuple[int, list[Leaf]]]:
    byte, shift = place // 2, 0 if place % 2 else DIGIT_BITS
    groups: dict[int, list[Leaf]] = {}
    for leaf in leaves:
        groups.setdefault(leaf.key[byte] >> shift & (_WIDTH - 1), []).append(leaf)
    yield from groups.items()


def _merge(old: Sequence[Leaf], new: Sequence[Leaf]) -> list[Leaf]:
    merged = {leaf.key: leaf for leaf in old}
    merged.update((leaf.key, leaf) for leaf in new)
    return [merged[key] for key in sorted(merged)]


def _parse_leaves(body: bytes, prefix: str) -> list[Leaf]:
    leaves = [
        Leaf(body[at : at + HASH_SIZE], body[at + HASH_SIZE : at + _LEAF_SIZE])
        for at in range(1, len(body), _LEAF_SIZE)
    ]
    whole = body[:1] == _LEAVES and 0 < len(leaves) <= PAGE_LEAVES and len(leaves[-1].list) == HASH_SIZE
    if not whole or any(left.key >= right.key for left, right in pairwise(leaves)):
        raise _damaged(prefix)
    if not all(leaf.key.hex().startswith(prefix) for leaf in (leaves[0], leaves[-1])):
        raise _damaged(prefix)
    return leaves


def _parse_children(body: bytes, prefix: str) -> list[bytes | None]:
    present = int.from_bytes(body[1:3], "big")
    whole = body[:1] == _INNER and present and len(body) == 3 + present.bit_count() * HASH_SIZE
    if not whole or len(prefix) * DIGIT_BITS >= BITS:
        raise _damaged(prefix)
    at = 3
    children: list[bytes | None] = []
    for digit in range(_WIDTH):
        if present >> (_WIDTH - 1 - digit) & 1:
            children.append(body[at : at + HASH_SIZE])
            at += HASH_SIZE
        else:
            children.append(None)
    return children


def _damaged(prefix: str) -> StorageFailed:
    return StorageFailed(
        f"The page {prefix!r} of the index's map is missing or damaged; delete its file to make it again."
    )


def _format_children(children: Children) -> bytes:
    present = sum(1 << (_WIDTH - 1 - digit) for digit, child in enumerate(children) if child is not None)
    return _INNER + present.to_bytes(2, "big") + b"".join(child for child in children if child is not None)

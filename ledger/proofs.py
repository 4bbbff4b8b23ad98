"""Checking RFC 6962 proofs: RFC 9162 sections 2.1.3.2 (inclusion) and 2.1.4.2 (consistency).

A path is a sequence of 32-byte hashes, leaf's sibling first. Its length follows from index and sizes alone,
and a path of any other length is refused before a hash is computed. Sizes and roots must come from a verified
checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import Unverified
from ledger.hashing import EMPTY_ROOT, HASH_SIZE, node_hash
from ledger.tree import consistency_path as prove_consistency
from ledger.tree import inclusion_path as prove_inclusion

__all__ = [
    "MAX_PATH",
    "Located",
    "prove_consistency",
    "prove_inclusion",
    "root_from_consistency",
    "root_from_inclusion",
    "verify_consistency",
    "verify_inclusion",
]

MAX_PATH = 63
"""The longest path of a tree whose size fits 63 bits."""


@dataclass(frozen=True, slots=True)
class Located:
    """An entry's bytes with its index and path of 32-byte hashes, as receipts and histories carry it; not verified."""

    entry: bytes
    index: int
    path: tuple[bytes, ...]


def root_from_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that `path` leads to from `leaf_hash`; Unverified if it cannot be a path of (index, size)."""
    if not 0 <= index < size:
        raise Unverified(f"There is no entry {index} in a tree of {size} entries.")
    inner, border = _shape(index, size)
    _check_path(path, inner + border, f"entry {index} in a tree of {size}")
    if len(leaf_hash) != HASH_SIZE:
        raise Unverified("A leaf hash has exactly 32 bytes.")
    current = leaf_hash
    for step, sibling in enumerate(path):
        if step < inner and not index >> step & 1:
            current = node_hash(current, sibling)
        else:
            current = node_hash(sibling, current)
    return current


def verify_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Return if the leaf is entry `index` of the tree (size, root), else raise Unverified."""
    if root_from_inclusion(leaf_hash, index, size, path) != root:
        raise Unverified(f"The proof for entry {index} does not lead to the root of {size} entries.")


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Return if the tree (new_size, new_root) only appends to (old_size, old_root), else raise Unverified.

    Equal sizes need equal roots and an empty path; old size 0 needs the empty root and an empty path.
    """
    if not 0 <= old_size <= new_size:
        raise Unverified(f"A tree of {new_size} entries cannot continue one of {old_size} entries.")
    if (old_size == 0 and old_root != EMPTY_ROOT) or (new_size == 0 and new_root != EMPTY_ROOT):
        raise Unverified("A tree without entries has the root SHA-256 of nothing, and no other.")
    if old_size in (0, new_size):
        _check_path(path, 0, f"{old_size} to {new_size} entries")
        if old_size == new_size and old_root != new_root:
            raise Unverified(f"Two different roots are claimed for the same {new_size} entries.")
        return
    if root_from_consistency(old_size, old_root, new_size, path) != new_root:
        raise Unverified(f"The proof does not lead to the root of the newer tree of {new_size} entries.")


def root_from_consistency(old_size: int, old_root: bytes, new_size: int, path: Sequence[bytes]) -> bytes:
    """The root of `new_size` entries that `path` leads to from (old_size, old_root), 0 < old_size < new_size.

    Unverified if it cannot be such a path, or does not lead to the older root either.
    """
    if not 0 < old_size < new_size:
        raise Unverified(f"There is no such proof from {old_size} to {new_size} entries.")
    seen_old, seen_new = _roots_from_consistency(old_size, old_root, new_size, path)
    if seen_old != old_root:
        raise Unverified(f"The proof does not lead to the root of the older tree of {old_size} entries.")
    return seen_new


def _roots_from_consistency(
    old: int, old_root: bytes, new: int, path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Both roots that `path` leads to, for 0 < old < new."""
    inner, border = _shape(old - 1, new)
    shift = (old & -old).bit_length() - 1
    inner -= shift
    seeded = old == 1 << shift
    _check_path(path, inner + border + (not seeded), f"{old} to {new} entries")
    rest = list(path)
    seen_old = seen_new = old_root if seeded else rest.pop(0)
    mask = (old - 1) >> shift
    for step, sibling in enumerate(rest):
        if step >= inner or mask >> step & 1:
            seen_old = node_hash(sibling, seen_old)
            seen_new = node_hash(sibling, seen_new)
        else:
            seen_new = node_hash(seen_new, sibling)
    return seen_old, seen_new


def _shape(index: int, size: int) -> tuple[int, int]:
    """How many siblings lie below and on the right border of the tree, on the way up from leaf `index`."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _check_path(path: Sequence[bytes], length: int, what: str) -> None:
    if len(path) != length:
        raise Unverified(f"The proof for {what} has {len(path)} hashes instead of {length}.")
    if any(len(sibling) != HASH_SIZE for sibling in path):
        raise Unverified(f"The proof for {what} contains something that is not a 32-byte hash.")


def path_sides(index: int, size: int, length: int) -> list[bool]:
    """For each of a path's `length` steps, whether its hash stands to the left of ours (RFC 9162 section 2.1.3.2).

    Who draws a path, or recomputes it with somebody else's code, needs to know; the size must be a verified one.
    """
    sides: list[bool] = []
    node, last = index, size - 1
    for _ in range(length):
        # On the right border it stays there, so levels without a sibling need no skipping.
        sides.append(node & 1 == 1 or node == last)
        node, last = node >> 1, last >> 1
    return sides

"""RFC 6962 section 2.1 hashing.

    empty tree   SHA-256("")
    leaf         SHA-256(0x00 || entry bytes)
    node         SHA-256(0x01 || left 32 || right 32)
    tree of n    node(tree of the first k, tree of the rest), k = largest power of two strictly below n

A lone right-most node is promoted unchanged, never duplicated. Hashes are raw 32-byte strings.
"""

from collections.abc import Iterable
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry, 32 bytes."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an interior node over its two 32-byte children."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The root of a growing list of leaf hashes, in memory proportional to the logarithm of their number.

    Holds the roots of the complete subtrees that the list decomposes into, largest first.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Resume from `size` leaves and the `hashes()` of such a range; ValueError if the two disagree."""
        self._hashes = list(hashes)
        self._size = size
        if size < 0 or len(self._hashes) != size.bit_count():
            raise ValueError(f"A range of {size} leaves does not have {len(self._hashes)} subtree hashes.")

    @property
    def size(self) -> int:
        """Number of leaves appended so far."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add one 32-byte leaf hash on the right."""
        hashes, size, current = self._hashes, self._size, leaf
        while size & 1:
            current = sha256(b"\x01" + hashes.pop() + current).digest()
            size >>= 1
        hashes.append(current)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add 32-byte leaf hashes on the right, in order."""
        for leaf in leaves:
            self.append(leaf)

    def hashes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, largest (left-most) first; one per set bit of `size`."""
        return tuple(self._hashes)

    def root(self) -> bytes:
        """RFC 6962 root of all leaves so far; `EMPTY_ROOT` of none."""
        if not self._hashes:
            return EMPTY_ROOT
        *left, current = self._hashes
        for sibling in reversed(left):
            current = node_hash(sibling, current)
        return current


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """RFC 6962 root over 32-byte leaf hashes."""
    range_ = CompactRange()
    range_.extend(leaf_hashes)
    return range_.root()

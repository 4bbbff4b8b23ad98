"""The hashes of the map from key hashes to lists: a compressed binary trie, each node of which has two children.

    list    SHA-256("datawharf/index-list/v1" LF || uint64 count || RFC 6962 root over the indices, uint64 each)
    leaf    SHA-256("datawharf/index-leaf/v1" LF || key hash 32 || list 32)
    node    SHA-256("datawharf/index-node/v1" LF || bit 1 || left 32 || right 32)
    root    the one node or leaf at the top; SHA-256("datawharf/index-empty/v1" LF) of no keys

Integers are big-endian. `bit` (0 to 255, most significant first) is the first in which two keys below the node differ;
the left side has it 0. So the trie follows from the set of keys, in whatever order they came.

Looking up a key means: at each node take the side that its bit says, and compare at the leaf. That ends in exactly one
leaf of any tree that a root commits to, also a badly made one, so no root proves a key both present and absent.
A path is the steps from the leaf upwards, each the bit of a node and the hash of its other side.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.errors import Unverified
from ledger.hashing import HASH_SIZE, leaf_hash, root_of

BITS = 256
EMPTY_MAP = sha256(b"datawharf/index-empty/v1\n").digest()

_LIST = b"datawharf/index-list/v1\n"
_LEAF = b"datawharf/index-leaf/v1\n"
_NODE = b"datawharf/index-node/v1\n"

Step = tuple[int, bytes]
"""A node on the way up: the bit at which it parts, and the hash of the side that is not ours."""


@dataclass(frozen=True, slots=True, order=True)
class Leaf:
    """A key hash with the commitment to its list, 32 bytes each."""

    key: bytes
    list: bytes

    @property
    def hash(self) -> bytes:
        """Hash of the leaf, 32 bytes."""
        return sha256(_LEAF + self.key + self.list).digest()


def list_leaf(index: int) -> bytes:
    """RFC 6962 leaf hash of an index in a list."""
    return leaf_hash(index.to_bytes(8, "big"))


def commit_list(count: int, root: bytes) -> bytes:
    """Commitment to a list of `count` indices with the RFC 6962 `root`, 32 bytes."""
    return sha256(_LIST + count.to_bytes(8, "big") + root).digest()


def commit_indices(indices: Sequence[int]) -> bytes:
    """Commitment to the list of these indices, in this order."""
    return commit_list(len(indices), root_of(map(list_leaf, indices)))


def node_hash(bit: int, left: bytes, right: bytes) -> bytes:
    """Hash of a node that parts at `bit`, over its two sides."""
    return sha256(_NODE + bytes((bit,)) + left + right).digest()


def root_of_leaves(leaves: Sequence[Leaf]) -> bytes:
    """Hash of the trie of these leaves, which are sorted and have different keys; ValueError without any."""
    if not leaves:
        raise ValueError("A trie without leaves has no node.")
    if len(leaves) == 1:
        return leaves[0].hash
    bit, middle = _parting(leaves)
    return node_hash(bit, root_of_leaves(leaves[:middle]), root_of_leaves(leaves[middle:]))


def search(leaves: Sequence[Leaf], key: bytes) -> tuple[Leaf, list[Step]]:
    """The leaf that looking up `key` ends in, and the path to it within the trie of these sorted leaves."""
    path: list[Step] = []
    while len(leaves) > 1:
        bit, middle = _parting(leaves)
        left, right = leaves[:middle], leaves[middle:]
        leaves, other = (right, left) if bit_of(key, bit) else (left, right)
        path.append((bit, root_of_leaves(other)))
    return leaves[0], path[::-1]


def root_of_path(key: bytes, leaf: Leaf, path: Iterable[Step]) -> bytes:
    """The root under which looking up `key` by `path` ends in `leaf`.

    Unverified if no trie has such a path: its bits must fall on the way up, and the leaf's key must take the same sides.
    """
    if len(key) != HASH_SIZE or len(leaf.key) != HASH_SIZE or len(leaf.list) != HASH_SIZE:
        raise Unverified("A key of the map has exactly 32 bytes, and so has the commitment to its list.")
    current, below = leaf.hash, BITS
    for bit, sibling in path:
        if not 0 <= bit < below or len(sibling) != HASH_SIZE:
            raise Unverified("The path through the map has a step that no trie has.")
        if bit_of(key, bit) != bit_of(leaf.key, bit):
            raise Unverified("The path through the map leads to another place than that of the key.")
        current = node_hash(bit, sibling, current) if bit_of(key, bit) else node_hash(bit, current, sibling)
        below = bit
    return current


def bit_of(key: bytes, bit: int) -> int:
    """Bit `bit` of a key hash, most significant first."""
    return key[bit >> 3] >> (7 - (bit & 7)) & 1


def _parting(leaves: Sequence[Leaf]) -> tuple[int, int]:
    """The first bit in which sorted keys differ, and how many of them have it 0."""
    first, last = leaves[0].key, leaves[-1].key
    bit = BITS - (int.from_bytes(first, "big") ^ int.from_bytes(last, "big")).bit_length()
    return bit, bisect_left(leaves, 1, key=lambda leaf: bit_of(leaf.key, bit))

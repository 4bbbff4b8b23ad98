"""Many hashes of RFC 6962 section 2.1 in one call, which is how a log makes them and fsck makes them again.

    frames   entries as in an entry bundle, one behind the other: uint16 big-endian length || bytes
    hashes   32 bytes each, one behind the other

In this interpreter a call for each hash costs more than the hash. `bulk_hashes.c` does without, and takes two messages at
a time through the SHA instructions of x86-64. It is compiled when the package is installed, if there is a compiler
(`hatch_build.py`); where it was not, or the processor lacks the instructions, or a sample comes out otherwise than by
hashlib, Python does the same work. Nothing but the speed differs (docs/adr/0011).
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from struct import iter_unpack
from typing import TYPE_CHECKING, Protocol

from ledger.errors import Malformed
from ledger.hashing import HASH_SIZE

if TYPE_CHECKING:
    import ctypes

LIBRARY = Path(__file__).with_suffix(".native")
"""A shared library; the suffix keeps Python from taking it for a module."""

# Copies of a begun hash are the quickest way to hash many short messages here; nothing is ever added to these two.
_begin_leaf = sha256(b"\x00").copy
_begin_node = sha256(b"\x01").copy
_FRAME_HEADER = 2

# Lengths before, at and behind the places where padding and blocks end, hashed two by two, the longer one first or last;
# the odd one at the end has no company.
_SAMPLE = (
    *(0, 1, 53, 54, 55, 56, 62, 63, 64, 117, 118, 119, 300, 0, 0, 300),
    *(700, 1_000, 1_000, 700, 65_535, 2, 64, 513, 1_100, 191, 300),
)


class BulkHashes(Protocol):
    """One way to make many hashes."""

    def hash_frames(self, frames: bytes, count: int) -> bytes:
        """See `hash_frames` of the module."""

    def hash_levels(self, hashes: bytes, levels: int) -> bytes:
        """See `hash_levels` of the module."""


def hash_frames(frames: bytes, count: int) -> bytes:
    """The leaf hashes of exactly `count` framed entries; Malformed if these are more, fewer, or cut."""
    return chosen().hash_frames(frames, count)


def hash_levels(hashes: bytes, levels: int) -> bytes:
    """The nodes `levels` levels above `hashes`, each over 2^levels neighbours; ValueError if these do not come out even."""
    return chosen().hash_levels(hashes, levels)


def hash_complete(hashes: bytes) -> bytes:
    """The root of a complete subtree out of its leaves or nodes of one level, whose number is a power of two."""
    return hash_levels(hashes, (len(hashes) // HASH_SIZE).bit_length() - 1)


@cache
def chosen() -> BulkHashes:
    """The quicker way that works here; decided once in each process."""
    compiled = Compiled.load(LIBRARY)
    return Interpreted() if compiled is None else compiled


class Interpreted:
    """By hashlib, a hash at a time."""

    def hash_frames(self, frames: bytes, count: int) -> bytes:
        hashes: list[bytes] = []
        whole, from_bytes = memoryview(frames), int.from_bytes
        position, size = 0, len(frames)
        while position < size and len(hashes) < count:
            start = position + _FRAME_HEADER
            position = start + from_bytes(frames[position:start], "big")
            leaf = _begin_leaf()
            leaf.update(whole[start:position])
            hashes.append(leaf.digest())
        if len(hashes) != count or position != size:
            raise _not_so_many(count)
        return b"".join(hashes)

    def hash_levels(self, hashes: bytes, levels: int) -> bytes:
        _demand_whole_subtrees(hashes, levels)
        for _ in range(levels):
            nodes: list[bytes] = []
            for (pair,) in iter_unpack("64s", hashes):
                node = _begin_node()
                node.update(pair)
                nodes.append(node.digest())
            hashes = b"".join(nodes)
        return hashes


class Compiled:
    """By the compiled library; other threads run meanwhile."""

    def __init__(self, library: ctypes.CDLL) -> None:
        """Of a library whose `bulk_hashes_supported` says yes."""
        import ctypes

        self._buffer = ctypes.create_string_buffer
        self._frames = library.bulk_hash_frames
        self._frames.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_char_p)
        self._frames.restype = ctypes.c_int64
        self._levels = library.bulk_hash_levels
        self._levels.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_char_p)
        self._levels.restype = None

    @classmethod
    def load(cls, path: Path) -> Compiled | None:
        """The library at `path`, or None if it is not there, cannot work here, or hashes a sample wrongly."""
        try:
            # Not every Python was built with it.
            import ctypes

            library = ctypes.CDLL(str(path))
            if not library.bulk_hashes_supported():
                return None
            made = cls(library)
            return made if made._agrees_with(Interpreted()) else None
        except (ImportError, OSError, AttributeError, Malformed):
            return None

    def hash_frames(self, frames: bytes, count: int) -> bytes:
        # Each entry has two bytes at least, which keeps a wrong number from asking for much memory.
        if not 0 <= count <= len(frames) // _FRAME_HEADER:
            raise _not_so_many(count)
        hashes = self._buffer(count * HASH_SIZE)
        if self._frames(frames, len(frames), count, hashes) != len(frames):
            raise _not_so_many(count)
        return hashes.raw

    def hash_levels(self, hashes: bytes, levels: int) -> bytes:
        _demand_whole_subtrees(hashes, levels)
        if levels == 0 or not hashes:
            return hashes
        pairs = len(hashes) // (2 * HASH_SIZE)
        nodes = self._buffer(pairs * HASH_SIZE)
        self._levels(hashes, pairs, levels, nodes)
        return nodes.raw[: len(hashes) >> levels]

    def _agrees_with(self, other: BulkHashes) -> bool:
        filling = bytes(range(251)) * 262
        entries = [(bytes((number,)) + filling)[:length] for number, length in enumerate(_SAMPLE)]
        frames = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
        leaves = other.hash_frames(frames, len(_SAMPLE))
        if self.hash_frames(frames, len(_SAMPLE)) != leaves:
            return False
        subtrees = leaves[: 24 * HASH_SIZE]
        return all(
            self.hash_levels(subtrees, levels) == other.hash_levels(subtrees, levels) for levels in range(4)
        )


def _demand_whole_subtrees(hashes: bytes, levels: int) -> None:
    if levels < 0 or len(hashes) % (HASH_SIZE << levels):
        raise ValueError(f"{len(hashes)} bytes of hashes have no nodes {levels} levels above.")


def _not_so_many(count: int) -> Malformed:
    return Malformed(f"These are not {count} framed entries.")

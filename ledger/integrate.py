"""Growing a log's tiles by a batch of entries, from the right edge of its tree alone.

The edge holds, for each level, the hashes of the one partial tile there, and the bytes of the one partial entry
bundle: at most 255 hashes a level and 255 entries, whatever the size of the log. Integrating is a pure function
from (edge, batch) to (new edge, root, objects to write), so writing again after a crash gives the same bytes.
C2SP tlog-tiles: a partial tile is never hashed into the level above; a full one is, as one hash.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ledger.bulk_hashes import hash_complete, hash_frames, hash_levels
from ledger.errors import StorageFailed
from ledger.hashing import HASH_SIZE, CompactRange
from ledger.head import split_frames
from ledger.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TileCoord,
    format_tile_path,
    read_tile,
    tile_at,
)

_TILE_SIZE = TILE_WIDTH * HASH_SIZE

Read = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Edge:
    """Right edge of a tree of `size` leaves: `levels[l]` = concatenated hashes of the partial tile there."""

    size: int
    levels: tuple[bytes, ...]
    bundle: tuple[bytes, ...]
    """Framed entries of the partial bundle."""

    @property
    def root(self) -> bytes:
        """RFC 6962 root of the tree."""
        return root_of_levels(self.size, self.levels)


EMPTY_EDGE = Edge(0, (), ())


@dataclass(frozen=True, slots=True)
class Growth:
    """What a batch does to a log: the new edge, its root, and the objects that the new tree needs."""

    edge: Edge
    root: bytes
    objects: dict[str, bytes]


def grow(edge: Edge, framed: Sequence[bytes]) -> Growth:
    """Integrate framed entries behind `edge`: tiles and bundles, full ones and the partial ones at the end."""
    objects: dict[str, bytes] = {}
    bundle = _grow_bundles(edge, framed, objects)
    leaves = hash_frames(b"".join(framed), len(framed))
    levels, tiles = grow_tiles(edge.size, edge.levels, leaves)
    objects.update((format_tile_path(tile), hashes) for tile, hashes in tiles.items())
    grown = Edge(edge.size + len(framed), levels, bundle)
    return Growth(grown, grown.root, objects)


def grow_tiles(
    size: int, levels: Sequence[bytes], leaves: bytes
) -> tuple[tuple[bytes, ...], dict[TileCoord, bytes]]:
    """Add concatenated leaf hashes to a tree of `size` leaves with partial tiles `levels`.

    Return its new partial tiles, and every tile, full or partial, that the new tree has and the old one lacked.
    """
    tiles: dict[TileCoord, bytes] = {}
    grown: list[bytes] = []
    added = leaves
    while added or len(grown) < len(levels):
        level = len(grown)
        hashes = (levels[level] if level < len(levels) else b"") + added
        first = (size >> TILE_HEIGHT * level) // TILE_WIDTH
        full = len(hashes) // _TILE_SIZE
        for number in range(full):
            tiles[TileCoord(level, first + number)] = hashes[number * _TILE_SIZE : (number + 1) * _TILE_SIZE]
        rest = hashes[full * _TILE_SIZE :]
        if rest and added:
            tiles[TileCoord(level, first + full, len(rest) // HASH_SIZE)] = rest
        grown.append(rest)
        added = hash_levels(hashes[: full * _TILE_SIZE], TILE_HEIGHT)
    return tuple(grown), tiles


def root_of_levels(size: int, levels: Sequence[bytes]) -> bytes:
    """RFC 6962 root of a tree of `size` leaves out of its partial tiles, lowest level first."""
    subtrees: list[bytes] = []
    for hashes in reversed(levels):
        subtrees += _complete_subtrees(hashes)
    return CompactRange(size, subtrees).root()


def read_edge(read: Read, size: int) -> Edge:
    """The right edge of the first `size` entries, out of the store; StorageFailed if a file of it is missing."""
    levels = []
    level = 0
    while size >> TILE_HEIGHT * level:
        count = size >> TILE_HEIGHT * level
        partial = count % TILE_WIDTH
        levels.append(read_tile(read, tile_at(level, count // TILE_WIDTH, size)) if partial else b"")
        level += 1
    partial = size % TILE_WIDTH
    framed: list[bytes] = []
    if partial:
        framed = split_frames(read_tile(read, tile_at(ENTRIES, size // TILE_WIDTH, size)))[:partial]
    return Edge(size, tuple(levels), tuple(framed))


def check_last_bundle(read: Read, size: int) -> None:
    """`StorageFailed` unless the last bundle's entries hash to the last level-0 tile."""
    if size == 0:
        return
    last = (size - 1) // TILE_WIDTH
    bundle = tile_at(ENTRIES, last, size)
    entries = split_frames(read_tile(read, bundle))[: bundle.width]
    hashes = hash_frames(b"".join(entries), len(entries))
    if hashes != read_tile(read, tile_at(0, last, size)):
        raise StorageFailed(f"The ledger's file {format_tile_path(bundle)} does not fit the tile above it.")


def _grow_bundles(edge: Edge, framed: Sequence[bytes], objects: dict[str, bytes]) -> tuple[bytes, ...]:
    combined = (*edge.bundle, *framed)
    first = edge.size // TILE_WIDTH
    full = len(combined) // TILE_WIDTH
    for number in range(full):
        entries = combined[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
        objects[format_tile_path(TileCoord(ENTRIES, first + number))] = b"".join(entries)
    rest = combined[full * TILE_WIDTH :]
    if rest and framed:
        objects[format_tile_path(TileCoord(ENTRIES, first + full, len(rest)))] = b"".join(rest)
    return rest


def _complete_subtrees(hashes: bytes) -> Iterator[bytes]:
    """Roots of the complete subtrees that up to 255 hashes decompose into, largest first."""
    start, count = 0, len(hashes) // HASH_SIZE
    while count:
        height = count.bit_length() - 1
        stop = start + (HASH_SIZE << height)
        yield hash_complete(hashes[start:stop])
        start, count = stop, count - (1 << height)

"""C2SP tlog-tiles: the static files that a log is (c2sp.org/tlog-tiles, tile height 8).

    tile/<L>/<N>[.p/<W>]         W (or 256) hashes of 32 bytes;
                                 hash i = MTH of the 256^L leaves from (N*256+i)*256^L
    tile/entries/<N>[.p/<W>]     entry bundle: up to 256 times (uint16 big-endian length || entry bytes)
    <N>                          groups of 3 digits, all but the last prefixed by x: 1234067 -> x001/x234/067

Full tiles are 8,192 bytes. A partial tile has 1 to 255 hashes, is never hashed into the level above, and may
be gone once the full tile exists, so readers fall back to the full one.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ledger.bulk_hashes import hash_complete
from ledger.errors import Malformed, StorageFailed
from ledger.hashing import HASH_SIZE

TILE_HEIGHT = 8
TILE_WIDTH = 256
MAX_ENTRY_SIZE = 65_535
ENTRIES = -1
"""The `level` that stands for entry bundles in a TileCoord."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9]|[1-5][0-9]|6[0-3])/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class TileCoord:
    """A tile: its level (`ENTRIES` for entry bundles), its number there, its width in hashes or entries."""

    level: int
    index: int
    width: int = TILE_WIDTH


def format_tile_path(tile: TileCoord) -> str:
    """Path of a tile below the log's prefix, such as `tile/0/x001/234.p/5` or `tile/entries/000`."""
    if not (ENTRIES <= tile.level <= 63 and tile.index >= 0 and 1 <= tile.width <= TILE_WIDTH):
        raise ValueError(f"{tile} is not a tile.")
    digits = str(tile.index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    level = "entries" if tile.level == ENTRIES else str(tile.level)
    return f"tile/{level}/{number}" + ("" if tile.width == TILE_WIDTH else f".p/{tile.width}")


def parse_tile_path(path: str) -> TileCoord:
    """The tile that `path` names; Malformed for any path that `format_tile_path` would not give."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise Malformed(f"{path[:80]!r} is not the path of a tile.")
    level = ENTRIES if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("x", "").replace("/", ""))
    width = int(match["width"] or TILE_WIDTH)
    if index >= 1 << 63 or width > TILE_WIDTH or format_tile_path(TileCoord(level, index, width)) != path:
        raise Malformed(f"{path[:80]!r} is not the canonical path of a tile.")
    return TileCoord(level, index, width)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Bytes of an entry bundle of 1 to 256 entries; Malformed if one of them is over 65,535 bytes."""
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise ValueError(f"A bundle holds 1 to 256 entries, not {len(entries)}.")
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_SIZE:
            raise Malformed(f"An entry has {len(entry)} bytes; the ledger takes at most {MAX_ENTRY_SIZE}.")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_bundle(data: bytes) -> list[bytes]:
    """The 1 to 256 entries of a bundle; Malformed if it is empty, cut, or longer than that."""
    entries: list[bytes] = []
    position = 0
    while position < len(data):
        start = position + 2
        position = start + int.from_bytes(data[position:start], "big")
        if start > len(data) or position > len(data):
            raise Malformed(f"The entry bundle ends within its entry {len(entries)}.")
        entries.append(data[start:position])
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise Malformed(f"The entry bundle has {len(entries)} entries instead of 1 to 256.")
    return entries


def tiles_for_growth(old_size: int, new_size: int) -> list[TileCoord]:
    """Hash tiles that a tree of `new_size` leaves has and one of `old_size` lacked, lowest level first."""
    tiles: list[TileCoord] = []
    level = 0
    while new_size > old_size:
        tiles += _grown(level, old_size, new_size)
        level, old_size, new_size = level + 1, old_size >> TILE_HEIGHT, new_size >> TILE_HEIGHT
    return tiles


def bundles_for_growth(old_size: int, new_size: int) -> list[TileCoord]:
    """Entry bundles that a log of `new_size` entries has and one of `old_size` lacked."""
    return list(_grown(ENTRIES, old_size, new_size))


def tile_at(level: int, index: int, size: int) -> TileCoord:
    """Tile `index` of `level`, as wide as a tree of `size` leaves has it; Malformed if it has none."""
    width = (size >> TILE_HEIGHT * max(level, 0)) - index * TILE_WIDTH
    if index < 0 or width < 1:
        raise Malformed(f"A tree of {size} entries has no tile {index} at level {level}.")
    return TileCoord(level, index, min(width, TILE_WIDTH))


def _grown(level: int, old: int, new: int) -> Iterable[TileCoord]:
    if new > old:
        for index in range(old // TILE_WIDTH, new // TILE_WIDTH):
            yield TileCoord(level, index)
        if new % TILE_WIDTH:
            yield TileCoord(level, new // TILE_WIDTH, new % TILE_WIDTH)


def read_tile(read: Callable[[str], bytes | None], tile: TileCoord) -> bytes:
    """Bytes of a tile, from its full successor if the partial one is gone; StorageFailed if neither is there.

    Hash tiles come cut to the width asked for; a bundle may hold more entries than asked for.
    """
    data = read(format_tile_path(tile))
    if data is None and tile.width < TILE_WIDTH:
        data = read(format_tile_path(replace(tile, width=TILE_WIDTH)))
        if data is not None and tile.level != ENTRIES:
            data = data[: tile.width * HASH_SIZE]
    if data is None:
        raise StorageFailed(f"The ledger's file {format_tile_path(tile)} is missing.")
    if tile.level != ENTRIES and len(data) != tile.width * HASH_SIZE:
        raise StorageFailed(f"The ledger's file {format_tile_path(tile)} does not hold {tile.width} hashes.")
    return data


class TileReader:
    """A HashReader over the tiles of a tree of `size` leaves; keeps each tile it has read.

    `read` gives the bytes at a path, or None. Only tiles that a tree of that size has are asked for.
    """

    def __init__(self, read: Callable[[str], bytes | None], size: int) -> None:
        self._read = read
        self._size = size
        self._tiles: dict[TileCoord, bytes] = {}

    def read_hashes(self, coords: Sequence[tuple[int, int]]) -> list[bytes]:
        """Hashes of the complete subtrees at (level, index); StorageFailed if a tile is missing or cut."""
        return [self._read_hash(level, index) for level, index in coords]

    def _read_hash(self, level: int, index: int) -> bytes:
        if level < 0 or index < 0 or (index + 1) << level > self._size:
            raise Malformed(f"A tree of {self._size} entries has no complete subtree ({level}, {index}).")
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        tile = tile_at(tile_level, first // TILE_WIDTH, self._size)
        if tile not in self._tiles:
            self._tiles[tile] = read_tile(self._read, tile)
        start = first % TILE_WIDTH * HASH_SIZE
        return hash_complete(self._tiles[tile][start : start + (HASH_SIZE << height)])

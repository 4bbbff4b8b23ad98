"""What fsck says of a log, and how it takes files apart that may be damaged."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ledger.hashing import HASH_SIZE
from ledger.tiles import TILE_HEIGHT, TILE_WIDTH, TileCoord

MAX_PROBLEMS = 100

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: bytes `start` to `stop` - 1 of the object at `path`, and a sentence that says how.

    `start` = `stop` where the object is missing or wrong as a whole.
    """

    path: str
    start: int
    stop: int
    sentence: str

    def __str__(self) -> str:
        where = f"{self.path}, bytes {self.start} to {self.stop - 1}" if self.stop > self.start else self.path
        return f"{where}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class FsckReport:
    """What was checked and what was found wrong, in the order of the log; at most `MAX_PROBLEMS` are listed."""

    origin: str
    entries: int
    objects: int
    checkpoints: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.problems


def partial_tiles(size: int, levels: tuple[bytes, ...]) -> Iterator[tuple[TileCoord, bytes]]:
    """The partial tiles of a tree of `size` leaves, and the bytes of each."""
    for level, hashes in enumerate(levels):
        if hashes:
            index = (size >> TILE_HEIGHT * level) // TILE_WIDTH
            yield TileCoord(level, index, len(hashes) // HASH_SIZE), hashes


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile; the last one is shorter if the tile is cut."""
    return [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]


def split_entries(data: bytes) -> list[bytes]:
    """Framed entries as far as they can be told apart; the last one may be cut, and is then padded to show it."""
    framed = []
    start = 0
    while start < len(data):
        stop = start + 2 + int.from_bytes(data[start : start + 2], "big")
        framed.append(data[start:stop].ljust(stop - start, b"\0"))
        start = stop
    return framed

"""Deriving full tiles again from their entry bundles, in as many processes as there are cores.

A tile is 256 entries, so the work falls into equal and independent pieces. A piece that is sound comes back as the one
hash that the level above needs; any that is not comes back as None, and is then looked at closely by whoever asked.
"""

import pickle
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context

from ledger.bulk_hashes import hash_complete, hash_frames
from ledger.errors import LedgerError
from ledger.hashing import HASH_SIZE
from ledger.storage import ObjectReader
from ledger.tiles import ENTRIES, TILE_WIDTH, TileCoord, decode_bundle, encode_bundle, format_tile_path

Read = Callable[[str], bytes | None]

_BATCH = 16
_AHEAD = 6
_TILE_SIZE = TILE_WIDTH * HASH_SIZE


@dataclass(frozen=True, slots=True)
class Piece:
    """Full tile `number` of level 0 and its bundle. `bundles`, `tiles`: widths of the partial forerunners to compare."""

    number: int
    bundles: tuple[int, ...] = ()
    tiles: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Derived:
    """A sound piece: its 256 leaf hashes, if they were asked for by forerunners, and the hash over them."""

    node: bytes
    leaves: bytes
    objects: int


def derive(read: Read, piece: Piece) -> Derived | None:
    """The piece, if bundle, tile and forerunners all agree; None if one is missing or disagrees.

    `Malformed` if the bundle is not 256 whole entries.
    """
    bundle = read(format_tile_path(TileCoord(ENTRIES, piece.number)))
    tile = read(format_tile_path(TileCoord(0, piece.number)))
    if bundle is None or tile is None or len(tile) != _TILE_SIZE:
        return None
    if hash_frames(bundle, TILE_WIDTH) != tile:
        return None
    entries = decode_bundle(bundle) if piece.bundles else []
    whole = [(ENTRIES, encode_bundle(entries[:width]), width) for width in piece.bundles]
    whole += [(0, tile[: width * HASH_SIZE], width) for width in piece.tiles]
    objects = 2
    for level, wanted, width in whole:
        found = read(format_tile_path(TileCoord(level, piece.number, width)))
        objects += 1
        if found is not None and found != wanted:
            return None
    leaves = tile if piece.bundles or piece.tiles else b""
    return Derived(hash_complete(tile), leaves, objects)


def derive_all(objects: ObjectReader, pieces: Iterable[Piece], workers: int) -> Iterator[Derived | None]:
    """`derive` of each piece, in order, in `workers` processes; in this one if there is one or `objects` stays here."""
    if workers < 2:
        yield from (_try(objects.read, piece) for piece in pieces)
        return
    rest = iter(pieces)
    # Forking is quick, and safe as long as no other thread holds a lock that the child would wait for.
    forks = sys.platform == "linux" and threading.active_count() == 1
    with ProcessPoolExecutor(
        workers,
        mp_context=get_context("fork" if forks else "spawn"),
        initializer=_begin,
        initargs=(pickle.dumps(objects),),
    ) as pool:
        waiting: list[Future[list[Derived | None]]] = []
        while True:
            while len(waiting) < _AHEAD and (batch := list(islice(rest, _BATCH))):
                waiting.append(pool.submit(_derive_batch, batch))
            if not waiting:
                return
            yield from waiting.pop(0).result()


_opened: list[ObjectReader] = []


def _begin(objects: bytes) -> None:
    # Pickled, so that a forked process too has connections of its own.
    _opened[:] = [pickle.loads(objects)]  # noqa: S301 - the parent's own


def _derive_batch(pieces: list[Piece]) -> list[Derived | None]:
    return [_try(_opened[0].read, piece) for piece in pieces]


def _try(read: Read, piece: Piece) -> Derived | None:
    # What cannot be read here is read again, and reported, by whoever looks closely.
    with suppress(LedgerError):
        return derive(read, piece)
    return None

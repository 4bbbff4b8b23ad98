"""Deriving a whole log again from its entry bundles, and naming the first byte that is wrong.

Each bundle is hashed; each tile, full or partial, must hold those hashes; each kept checkpoint must be signed and
name the root that they lead to. Where an entry and its hash disagree, the signed root says which of them is wrong.
Only public keys are believed. A few bundles and one tile a level are in memory at a time, besides one root for each
kept checkpoint.

The log may lie in a folder, a bucket or at an address. Where files can be listed, all kept checkpoints and partial
tiles are looked at; over HTTP those that the links between kept checkpoints lead to, and without links the newest.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from ledger.checkpoint import Checkpoint, checkpoint_of
from ledger.cose import parse_sign1, verify_sign1
from ledger.errors import LedgerError, Malformed, Unverified
from ledger.fsck_report import (
    MAX_PROBLEMS,
    FsckReport,
    Problem,
    Progress,
    partial_tiles,
    split_entries,
    split_hashes,
)
from ledger.hashing import HASH_SIZE, leaf_hash
from ledger.integrate import grow_tiles, root_of_levels
from ledger.kept import KEPT, NEWEST, KeptCheckpoints
from ledger.keys import PublicKey
from ledger.note import Verifier, open_note
from ledger.proofs import root_from_inclusion
from ledger.rederive import Derived, Piece, derive_all
from ledger.storage import ObjectReader
from ledger.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TileCoord,
    TileReader,
    format_tile_path,
    parse_tile_path,
)
from ledger.tree import inclusion_path

__all__ = ["FsckReport", "Listed", "Problem", "fsck"]

PARALLEL_FROM = 64 * TILE_WIDTH
"""From how many entries on starting further processes pays."""


@runtime_checkable
class Listed(Protocol):
    """A store that can say what it holds."""

    def paths(self, prefix: str) -> Iterator[str]:
        """The paths of stored objects that start with `prefix`."""


def fsck(
    objects: ObjectReader,
    verifier: Verifier,
    *,
    retired: Sequence[Verifier] = (),
    cosigner: Verifier | None = None,
    receipt_key: PublicKey | None = None,
    head: Checkpoint | None = None,
    on_progress: Progress | None = None,
    workers: int = 1,
    keeps: bool = True,
) -> FsckReport:
    """Check the log of `verifier` (its public key) up to its published checkpoint, or up to `head` if given.

    A key that is `retired` may have signed in its stead. With `cosigner` every kept checkpoint must carry its
    cosignature, with `receipt_key` its COSE signature is checked too. A `head` that one holds oneself must be a state
    of this log. `on_progress` gets (entries done, entries in all). `workers` processes share the work; `objects` must
    be picklable for more than one. `keeps` is false for a log of other software, which keeps no earlier checkpoints.
    """
    run = _Run(
        objects, (verifier, *retired), cosigner, receipt_key, keeps=keeps and isinstance(objects, Listed)
    )
    try:
        end = run.check_checkpoints(head)
        if end is not None:
            run.check_entries(end.size, on_progress, workers)
    except _Enough:
        pass
    return FsckReport(verifier.name, run.size, run.objects_read, len(run.roots), tuple(run.problems))


class _Enough(Exception):
    pass


class _Run:
    def __init__(
        self,
        objects: ObjectReader,
        verifiers: Sequence[Verifier],
        cosigner: Verifier | None,
        receipt_key: PublicKey | None,
        *,
        keeps: bool,
    ) -> None:
        self.problems: list[Problem] = []
        self.roots: dict[int, bytes] = {}
        self.size = 0
        self.objects_read = 0
        self._levels: tuple[bytes, ...] = ()
        self._objects = objects
        self._verifiers = verifiers
        self._cosigner = cosigner
        self._receipt_key = receipt_key
        self._keeps = keeps
        self._signed: Checkpoint | None = None
        self._partials: dict[tuple[int, int], set[int]] = defaultdict(set)

    def check_checkpoints(self, head: Checkpoint | None) -> Checkpoint | None:
        """Check the signatures of every kept checkpoint; return the state up to which entries must be there."""
        newest = self._signed = self._open(NEWEST)
        for path in self._kept_paths(newest):
            self._check_kept(path)
        if newest is not None:
            self._check_newest(newest)
        if head is not None:
            other = self.roots.setdefault(head.size, head.root)
            if other != head.root:
                self._report(
                    f"{KEPT}{head.size}",
                    0,
                    0,
                    "It is another state than the one that is held: two histories.",
                )
        self._find_partials()
        return newest if head is None or (newest is not None and newest.size > head.size) else head

    def _kept_paths(self, newest: Checkpoint | None) -> list[str]:
        if isinstance(self._objects, Listed):
            return [path for path in sorted(self._objects.paths(KEPT)) if path.removeprefix(KEPT).isdigit()]
        kept = KeptCheckpoints(self._verifiers[0].name, self._objects)
        found: list[str] = []
        size = None if newest is None else newest.size
        while size is not None:
            if found or self._read(f"{KEPT}{size}") is not None:
                found.append(f"{KEPT}{size}")
            try:
                size = kept.previous(size)
            except LedgerError:
                # Other software keeps none; the newest one is then all that there is to compare with.
                break
        return found

    def _check_newest(self, newest: Checkpoint) -> None:
        kept = f"{KEPT}{newest.size}"
        found = self._read(kept)
        if found != self._read(NEWEST) and (found is not None or self._keeps):
            self._report(kept, 0, 0, "The published checkpoint is not kept under its size.")
        self.roots[newest.size] = newest.root

    def _find_partials(self) -> None:
        """Which partial tiles there are or, where nobody can say, may be: those of the published sizes."""
        if isinstance(self._objects, Listed):
            for path in self._objects.paths("tile/"):
                if ".p/" in path:
                    self._note_partial(path)
            return
        for size in self.roots:
            level, count = 0, size
            while count:
                if width := count % TILE_WIDTH:
                    self._partials[level, count // TILE_WIDTH].add(width)
                    if level == 0:
                        self._partials[ENTRIES, count // TILE_WIDTH].add(width)
                level, count = level + 1, count >> TILE_HEIGHT

    def _note_partial(self, path: str) -> None:
        try:
            tile = parse_tile_path(path)
        except Malformed:
            self._report(path, 0, 0, "The log has no file of this name.")
        else:
            self._partials[tile.level, tile.index].add(tile.width)

    def check_entries(self, end: int, on_progress: Progress | None, workers: int) -> None:
        """Walk the bundles from left to right and grow the tree beside them, in hashes."""
        self._check_published(0, ())
        published = sorted(self.roots)
        pieces = (self._piece(number) for number in range(end // TILE_WIDTH))
        derived = derive_all(self._objects, pieces, workers if end >= PARALLEL_FROM else 1)
        for number in range(-(-end // TILE_WIDTH)):
            width = min(TILE_WIDTH, end - self.size)
            sound = next(derived, None)
            inside = [size for size in published if self.size < size < self.size + width]
            if sound is not None and (sound.leaves or not inside):
                self._take(sound, inside)
            elif not self._look_closely(number, width, inside):
                return
            self._check_published(self.size, self._levels)
            if on_progress is not None:
                on_progress(self.size, end)
        for tile, stored in partial_tiles(self.size, self._levels):
            if tile.level:
                self._check_tiles(tile, stored)

    def _piece(self, number: int) -> Piece:
        bundles, tiles = (sorted(self._partials.get((level, number), ())) for level in (ENTRIES, 0))
        return Piece(number, tuple(bundles), tuple(tiles))

    def _take(self, sound: Derived, inside: list[int]) -> None:
        """A full tile and its bundle that agree with each other: only the tree above is left to check."""
        self.objects_read += sound.objects
        for size in inside:
            leaves = sound.leaves[: (size - self.size) * HASH_SIZE]
            self._check_published(size, grow_tiles(self.size, self._levels, leaves)[0])
        upper, tiles = grow_tiles(self.size >> TILE_HEIGHT, self._levels[1:], sound.node)
        self._levels = (b"", *upper)
        for tile, stored in tiles.items():
            if tile.width == TILE_WIDTH:
                self._check_tiles(replace(tile, level=tile.level + 1), stored)
        self.size += TILE_WIDTH

    def _look_closely(self, number: int, width: int, inside: list[int]) -> bool:
        """A tile and its bundle, byte for byte; False if nobody can know the hashes of all its entries."""
        hashes = self._settle_hashes(number, width)
        self._check_bundles(TileCoord(ENTRIES, number, width), hashes)
        self._check_tiles(TileCoord(0, number, width), b"".join(hashes))
        if len(hashes) < width:
            return False
        for size in inside:
            leaves = b"".join(hashes[: size - self.size])
            self._check_published(size, grow_tiles(self.size, self._levels, leaves)[0])
        self._levels, tiles = grow_tiles(self.size, self._levels, b"".join(hashes))
        for tile, stored in tiles.items():
            if tile.level and tile.width == TILE_WIDTH:
                self._check_tiles(tile, stored)
        self.size += width
        return True

    def _check_kept(self, path: str) -> None:
        checkpoint = self._open(path)
        if checkpoint is None:
            return
        if path != f"{KEPT}{checkpoint.size}":
            self._report(path, 0, 0, f"It is a checkpoint of {checkpoint.size} entries.")
            return
        self.roots[checkpoint.size] = checkpoint.root
        if self._receipt_key is not None:
            data = self._read(f"{path}.cose") or b""
            try:
                verify_sign1(parse_sign1(data, "root signature"), checkpoint.root, self._receipt_key)
            except LedgerError as error:
                self._report(f"{path}.cose", 0, len(data), str(error))

    def _open(self, path: str) -> Checkpoint | None:
        data = self._read(path)
        if data is None:
            self._report_missing(path)
            return None
        wanted = [*self._verifiers] if self._cosigner is None else [*self._verifiers, self._cosigner]
        try:
            note = open_note(data, wanted)
            if self._cosigner is not None and self._cosigner not in note.verified:
                raise Unverified(f"The cosignature of {self._cosigner.name} is missing.")
            return checkpoint_of(note, *self._verifiers)
        except LedgerError as error:
            self._report(path, 0, len(data), str(error))
            return None

    def _settle_hashes(self, number: int, width: int) -> list[bytes]:
        """The leaf hashes that bundle and tile `number` should have; fewer than `width` if nobody can know."""
        _, bundle = self._find(TileCoord(ENTRIES, number, width))
        _, tile = self._find(TileCoord(0, number, width))
        hashes = split_hashes(tile or b"")[:width]
        from_entries = [leaf_hash(entry[2:]) for entry in split_entries(bundle or b"")][:width]
        if from_entries == hashes:
            return hashes
        settled = []
        for place in range(width):
            stored = hashes[place] if place < len(hashes) else None
            derived = from_entries[place] if place < len(from_entries) else None
            index = number * TILE_WIDTH + place
            if stored is None and derived is None:
                break
            if derived is None or (
                stored is not None and stored != derived and self._is_signed(index, stored)
            ):
                assert stored is not None
                settled.append(stored)
            else:
                settled.append(derived)
        return settled

    def _is_signed(self, index: int, hash_: bytes) -> bool:
        """Whether the newest signed root has this leaf hash at `index`, by the tiles around it."""
        signed = self._signed
        if signed is None or index >= signed.size:
            return False
        try:
            path = inclusion_path(index, signed.size, TileReader(self._read, signed.size))
            return root_from_inclusion(hash_, index, signed.size, path) == signed.root
        except LedgerError:
            return False

    def _check_bundles(self, tile: TileCoord, hashes: list[bytes]) -> None:
        for form, path, data in self._forms(tile):
            position = 0
            framed = split_entries(data)
            for place, (entry, wanted) in enumerate(zip(framed, hashes[: form.width], strict=False)):
                if leaf_hash(entry[2:]) != wanted or position + len(entry) > len(data):
                    number = tile.index * TILE_WIDTH + place
                    stop = min(position + len(entry), len(data))
                    self._report(path, position, stop, f"Entry {number} is not the one that was signed.")
                    break
                position += len(entry)
            else:
                if len(framed) != form.width or position != len(data):
                    count = f"{len(framed)} entries instead of {form.width}"
                    self._report(path, position, len(data), f"The file has {count}.")

    def _check_tiles(self, tile: TileCoord, hashes: bytes) -> None:
        for form, path, data in self._forms(tile):
            wanted = hashes[: form.width * HASH_SIZE]
            if data == wanted:
                continue
            pairs = zip(split_hashes(data), split_hashes(wanted), strict=False)
            place = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
            if place is None:
                shorter, longer = sorted((len(data), len(wanted)))
                self._report(path, shorter, longer, f"The file does not hold {form.width} hashes.")
            else:
                start = place * HASH_SIZE
                stop = min(start + HASH_SIZE, len(data))
                self._report(path, start, stop, "The hash is not that of the entries below it.")

    def _check_published(self, size: int, levels: tuple[bytes, ...]) -> None:
        """A published size: its root is the signed one, and the tiles that its proofs need are there."""
        signed = self.roots.get(size)
        if signed is None:
            return
        if signed != root_of_levels(size, levels):
            good = max((other for other in self.roots if other < size), default=0)
            self._report(
                f"{KEPT}{size}",
                0,
                0,
                f"The entries lead to another root than the signed one of {size} entries; the difference is in the "
                f"entries {good} to {size - 1}, or before them if an earlier checkpoint is reported too.",
            )
        for tile, _ in partial_tiles(size, levels):
            path, data = self._find(tile)
            if data is None:
                self._report_missing(path)

    def _forms(self, tile: TileCoord) -> Iterator[tuple[TileCoord, str, bytes]]:
        """The tile's file (or the full one where only that is left), then its partial forerunners."""
        path, data = self._find(tile)
        if data is None:
            self._report_missing(path)
        else:
            yield tile, path, self._cut(tile, path, data)
        for width in sorted(self._partials.get((tile.level, tile.index), ())):
            form = replace(tile, width=width)
            partial = self._read(format_tile_path(form)) if width < tile.width else None
            if partial is not None:
                yield form, format_tile_path(form), partial

    def _cut(self, tile: TileCoord, path: str, data: bytes) -> bytes:
        """A full file that stands for a partial one is looked at only as far as the partial one goes."""
        if path == format_tile_path(tile):
            return data
        if tile.level == ENTRIES:
            return b"".join(split_entries(data)[: tile.width])
        return data[: tile.width * HASH_SIZE]

    def _find(self, tile: TileCoord) -> tuple[str, bytes | None]:
        path = format_tile_path(tile)
        data = self._read(path)
        if data is None and tile.width < TILE_WIDTH:
            full = format_tile_path(TileCoord(tile.level, tile.index))
            whole = self._read(full)
            if whole is not None:
                return full, whole
        return path, data

    def _read(self, path: str) -> bytes | None:
        self.objects_read += 1
        return self._objects.read(path)

    def _report_missing(self, path: str) -> None:
        self._report(path, 0, 0, "The file is missing.")

    def _report(self, path: str, start: int, stop: int, sentence: str) -> None:
        problem = Problem(path, start, stop, sentence)
        if problem not in self.problems:
            self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Enough

"""Deriving a whole log again from its entry bundles, and naming the first byte that is wrong.

Each bundle is hashed; each tile, full or partial, must hold those hashes; each kept checkpoint must be signed and
name the root that they lead to. Where an entry and its hash disagree, the signed root says which of them is wrong.
Only public keys are believed. One bundle and one tile a level are in memory at a time, besides one root for each
kept checkpoint.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, checkpoint_of
from ledger.cose import parse_sign1, verify_sign1
from ledger.errors import LedgerError, Malformed, Unverified
from ledger.hashing import HASH_SIZE, leaf_hash
from ledger.integrate import grow_tiles, root_of_levels
from ledger.kept import KEPT, NEWEST
from ledger.keys import PublicKey
from ledger.note import Verifier, open_note
from ledger.proofs import root_from_inclusion
from ledger.storage import ObjectStore
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


def fsck(
    objects: ObjectStore,
    verifier: Verifier,
    *,
    cosigner: Verifier | None = None,
    receipt_key: PublicKey | None = None,
    head: Checkpoint | None = None,
    on_progress: Progress | None = None,
) -> FsckReport:
    """Check the log of `verifier` (its public key) up to its published checkpoint, or up to `head` if given.

    With `cosigner` every kept checkpoint must carry its cosignature, with `receipt_key` its COSE signature is
    checked too. `on_progress` gets (entries done, entries in all).
    """
    run = _Run(objects, verifier, cosigner, receipt_key)
    try:
        end = run.check_checkpoints(head)
        if end is not None:
            run.check_entries(end.size, on_progress)
    except _Enough:
        pass
    return FsckReport(verifier.name, run.size, run.objects_read, len(run.roots), tuple(run.problems))


class _Enough(Exception):
    pass


class _Run:
    def __init__(
        self,
        objects: ObjectStore,
        verifier: Verifier,
        cosigner: Verifier | None,
        receipt_key: PublicKey | None,
    ) -> None:
        self.problems: list[Problem] = []
        self.roots: dict[int, bytes] = {}
        self.size = 0
        self.objects_read = 0
        self._levels: tuple[bytes, ...] = ()
        self._objects = objects
        self._verifier = verifier
        self._cosigner = cosigner
        self._receipt_key = receipt_key
        self._signed: Checkpoint | None = None

    def check_checkpoints(self, head: Checkpoint | None) -> Checkpoint | None:
        """Check the signatures of every kept checkpoint; return the state up to which entries must be there."""
        newest = self._signed = self._open(NEWEST)
        for path in sorted(self._objects.paths(KEPT)):
            if path.removeprefix(KEPT).isdigit():
                self._check_kept(path)
        if newest is not None:
            kept = f"{KEPT}{newest.size}"
            if self._read(kept) != self._read(NEWEST):
                self._report(kept, 0, 0, "The published checkpoint is not kept under its size.")
            self.roots[newest.size] = newest.root
        if head is None or (newest is not None and newest.size > head.size):
            return newest
        self.roots[head.size] = head.root
        return head

    def check_entries(self, end: int, on_progress: Progress | None) -> None:
        """Walk the bundles from left to right and grow the tree beside them, in hashes."""
        self._check_published(0, ())
        published = sorted(self.roots)
        for number in range(-(-end // TILE_WIDTH)):
            width = min(TILE_WIDTH, end - self.size)
            hashes = self._settle_hashes(number, width)
            self._check_bundles(TileCoord(ENTRIES, number, width), hashes)
            self._check_tiles(TileCoord(0, number, width), b"".join(hashes))
            if len(hashes) < width:
                return
            inside = [size for size in published if self.size < size < self.size + width]
            for size in inside:
                leaves = b"".join(hashes[: size - self.size])
                self._check_published(size, grow_tiles(self.size, self._levels, leaves)[0])
            self._levels, tiles = grow_tiles(self.size, self._levels, b"".join(hashes))
            for tile, stored in tiles.items():
                if tile.level and tile.width == TILE_WIDTH:
                    self._check_tiles(tile, stored)
            self.size += width
            self._check_published(self.size, self._levels)
            if on_progress is not None:
                on_progress(self.size, end)
        for tile, stored in _partial_tiles(self.size, self._levels):
            if tile.level:
                self._check_tiles(tile, stored)

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
        wanted = [self._verifier] if self._cosigner is None else [self._verifier, self._cosigner]
        try:
            note = open_note(data, wanted)
            if self._cosigner is not None and self._cosigner not in note.verified:
                raise Unverified(f"The cosignature of {self._cosigner.name} is missing.")
            return checkpoint_of(note, self._verifier)
        except LedgerError as error:
            self._report(path, 0, len(data), str(error))
            return None

    def _settle_hashes(self, number: int, width: int) -> list[bytes]:
        """The leaf hashes that bundle and tile `number` should have; fewer than `width` if nobody can know."""
        _, bundle = self._find(TileCoord(ENTRIES, number, width))
        _, tile = self._find(TileCoord(0, number, width))
        hashes = _split_hashes(tile or b"")[:width]
        from_entries = [leaf_hash(entry[2:]) for entry in _split_entries(bundle or b"")][:width]
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
            framed = _split_entries(data)
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
            pairs = zip(_split_hashes(data), _split_hashes(wanted), strict=False)
            place = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
            if place is None:
                shorter = min(len(data), len(wanted))
                self._report(path, shorter, len(data), f"The file does not hold {form.width} hashes.")
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
        for tile, _ in _partial_tiles(size, levels):
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
        full = format_tile_path(TileCoord(tile.level, tile.index))
        for other in sorted(self._objects.paths(f"{full}.p/")):
            try:
                form = parse_tile_path(other)
            except Malformed:
                self._report(other, 0, 0, "The log has no file of this name.")
                continue
            if form.width < tile.width:
                yield form, other, self._read(other) or b""

    def _cut(self, tile: TileCoord, path: str, data: bytes) -> bytes:
        """A full file that stands for a partial one is looked at only as far as the partial one goes."""
        if path == format_tile_path(tile):
            return data
        if tile.level == ENTRIES:
            return b"".join(_split_entries(data)[: tile.width])
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


def _partial_tiles(size: int, levels: tuple[bytes, ...]) -> Iterator[tuple[TileCoord, bytes]]:
    for level, hashes in enumerate(levels):
        if hashes:
            index = (size >> TILE_HEIGHT * level) // TILE_WIDTH
            yield TileCoord(level, index, len(hashes) // HASH_SIZE), hashes


def _split_hashes(data: bytes) -> list[bytes]:
    return [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]


def _split_entries(data: bytes) -> list[bytes]:
    """Framed entries as far as they can be told apart; the last one may be cut, and is then padded to show it."""
    framed = []
    start = 0
    while start < len(data):
        stop = start + 2 + int.from_bytes(data[start : start + 2], "big")
        framed.append(data[start:stop].ljust(stop - start, b"\0"))
        start = stop
    return framed

"""Reading a log out of its files: entries, proofs from tiles, receipts.

Nothing here needs the lock store or a key, so any number of processes may read while one appends, and anybody may
read over HTTP. A reader never holds more than a few tiles, whatever the size of the log. The files are not believed:
a new checkpoint must continue the one seen before, and what is proved is checked against its checkpoint before it is
handed out.

    LogView     any C2SP tlog-tiles log: `checkpoint` and tiles
    LogReader   a log that keeps its checkpoints as `ledger.kept` says, and hence gives receipts
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from ledger.checkpoint import open_checkpoint
from ledger.continuity import Discontinued, check_continuation
from ledger.cose_receipt import format_cose_receipt
from ledger.errors import Malformed, StorageFailed, Unverified
from ledger.hashing import leaf_hash
from ledger.kept import NEWEST, KeptCheckpoints, Published, SignedCheckpoint
from ledger.note import Verifier
from ledger.proofs import Located, verify_inclusion
from ledger.receipt import Bundle, Opening, format_bundle
from ledger.storage import ObjectReader
from ledger.tiles import ENTRIES, TILE_WIDTH, TileReader, decode_bundle, read_tile, tile_at
from ledger.tree import consistency_path, inclusion_path

_CACHED_TILES = 512
"""At most 4 MiB of hash tiles stay in memory."""


class TileView:
    """Entries and proofs of the log `origin`, as of the newest checkpoint that was followed."""

    def __init__(self, origin: str, files: ObjectReader) -> None:
        self.origin = origin
        self._files = files
        self._tiles: OrderedDict[str, bytes] = OrderedDict()
        self._tiles_guard = threading.Lock()
        self._looking = threading.Lock()
        self._seen: SignedCheckpoint | None = None

    @property
    def size(self) -> int:
        """How many entries this view can read."""
        return 0 if self._seen is None else self._seen.size

    def entry(self, index: int) -> bytes:
        """Bytes of entry `index` as they lie there; `Malformed` if this view has no such entry."""
        if not 0 <= index < self.size:
            raise Malformed(f"The log {self.origin} has {self.size} entries and no entry {index}.")
        return next(self.entries(index, index + 1))

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the entries `start` to `stop` - 1 (at most up to `size`), one bundle in memory at a time.

        They come as they lie there: `prove` one, or hash all of them up to the root, before relying on them.
        """
        size = self.size
        if start < 0:
            raise Malformed(f"There is no entry {start}.")
        stop = min(stop, size)
        while start < stop:
            number, first = divmod(start, TILE_WIDTH)
            tile = tile_at(ENTRIES, number, size)
            bundle = decode_bundle(read_tile(self._files.read, tile))
            last = min(stop - number * TILE_WIDTH, TILE_WIDTH)
            if len(bundle) < last:
                raise StorageFailed(
                    f"The entry bundle {number} of {self.origin} has only {len(bundle)} entries."
                )
            yield from bundle[first:last]
            start = (number + 1) * TILE_WIDTH

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """RFC 6962 path of entry `index` in the tree of the first `size` entries."""
        return inclusion_path(index, size, self.hashes(size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """RFC 6962 path from the tree of `old` entries to that of `new`."""
        return consistency_path(old, new, self.hashes(new))

    def prove(self, index: int, under: SignedCheckpoint | None = None) -> tuple[bytes, list[bytes]]:
        """Entry `index` and its path, checked against the root of `under` (the newest checkpoint, if not given).

        `StorageFailed` if the files do not lead to that root.
        """
        under = under or self._seen
        if under is None:
            raise Malformed(f"The log {self.origin} has no published checkpoint and no entry {index}.")
        entry = self.entry(index)
        path = self.inclusion(index, under.size)
        try:
            verify_inclusion(leaf_hash(entry), index, under.size, path, under.root)
        except Unverified as error:
            raise StorageFailed(
                f"The stored entry {index} of {self.origin} does not belong to the published checkpoint of "
                f"{under.size} entries: {error} Run fsck to find the damaged file."
            ) from error
        return entry, path

    def _follow(self, newest: SignedCheckpoint | None) -> None:
        seen = self._seen
        if seen is not None and newest is None:
            raise StorageFailed(
                f"The published checkpoint of {self.origin} is gone; it had {seen.size} entries."
            )
        if seen is not None and newest is not None:
            check_continuation(seen.checkpoint, newest.checkpoint, self._read_cached)
        self._seen = newest

    def hashes(self, size: int) -> TileReader:
        """The stored hashes that a tree of the first `size` entries is made of."""
        if not 0 <= size <= self.size:
            raise Malformed(f"The log {self.origin} has {self.size} entries and no tree of {size}.")
        return TileReader(self._read_cached, self.size)

    def tile(self, level: int, number: int, size: int) -> bytes:
        """The hashes of a tile of the tree of the first `size` entries, one behind the other."""
        return read_tile(self._read_cached, tile_at(level, number, size))

    def _read_cached(self, path: str) -> bytes | None:
        with self._tiles_guard:
            if path in self._tiles:
                self._tiles.move_to_end(path)
                return self._tiles[path]
        data = self._files.read(path)
        if data is not None:
            with self._tiles_guard:
                self._tiles[path] = data
                if len(self._tiles) > _CACHED_TILES:
                    self._tiles.popitem(last=False)
        return data


class LogView(TileView):
    """What anybody can read of the log of `verifier`, its public key.

    A log that goes over to another key has `others` besides; one of them must have signed.
    """

    def __init__(self, files: ObjectReader, verifier: Verifier, *others: Verifier) -> None:
        super().__init__(verifier.name, files)
        self._verifiers = (verifier, *others)

    def refresh(self) -> SignedCheckpoint | None:
        """Look at the published checkpoint again and return it; None before the first.

        `Discontinued` if it does not continue the one seen before, `Unverified` if no key of the log signed it;
        the view then stays as it was.
        """
        with self._looking:
            note = self._files.read(NEWEST)
            newest = None if note is None else SignedCheckpoint(open_checkpoint(note, *self._verifiers), note)
            self._follow(newest)
            return newest


class LogReader(TileView):
    """The same with receipts, out of a store of one's own.

    With `verifiers`, the log's public keys, each checkpoint read is verified; without any the store is trusted.
    """

    def __init__(self, origin: str, objects: ObjectReader, *verifiers: Verifier) -> None:
        super().__init__(origin, objects)
        self._kept = KeptCheckpoints(origin, objects, *verifiers)
        self._published: Published | None = None

    def refresh(self) -> Published | None:
        """Look at the published checkpoint again and return it.

        `StorageFailed` if it does not continue the one seen before.
        """
        # One thread at a time: a slower one would take what it read before for a log that went back.
        with self._looking:
            newest = self._kept.newest()
            try:
                self._follow(newest)
            except Discontinued as error:
                raise StorageFailed(
                    f"{error} The folder of the log has been replaced by another copy."
                ) from error
            self._published = newest
            return newest

    @property
    def published(self) -> Published | None:
        """The newest published checkpoint that this view knows, or None before the first."""
        return self._published

    def checkpoint_at(self, size: int) -> Published:
        """The kept checkpoint of exactly `size` entries; `StorageFailed` if none was published at that size."""
        return self._kept.at(size)

    def checkpoint_covering(self, index: int) -> Published:
        """The first published checkpoint that covers entry `index`; `Conflict` if none does yet."""
        if index < 0:
            raise Malformed(f"There is no entry {index}.")
        return self._kept.first_covering(index, self._published)

    def receipt(
        self, index: int, *, supporting: Sequence[int] = (), openings: Sequence[Opening] = ()
    ) -> bytes:
        """Canonical receipt bundle of entry `index`, the same bytes for ever.

        It stands under the first published checkpoint that covers the entry and every `supporting` one.
        `Conflict` if that is not published yet; `StorageFailed` if the store's bytes do not lead to its root.
        """
        under = self.checkpoint_covering(max((index, *supporting)))
        statement, path = self.prove(index, under)
        proved = [(number, *self.prove(number, under)) for number in supporting]
        receipt = format_cose_receipt(under.cose_protected, under.cose_signature, under.size, index, path)
        return format_bundle(
            Bundle(
                statement=statement,
                index=index,
                path=tuple(path),
                checkpoint=under.note,
                cose_receipt=receipt,
                supporting=tuple(Located(entry, number, tuple(way)) for number, entry, way in proved),
                openings=tuple(openings),
            )
        )

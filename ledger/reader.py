"""Reading a log out of its object store: entries, proofs from tiles, receipts.

Nothing here needs the lock store or a key, so any number of processes may read while one appends. A reader
never holds more than a few tiles, whatever the size of the log. What comes out of the store is not believed: a
receipt is checked against its checkpoint before it is handed out.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from ledger.cose_receipt import format_cose_receipt
from ledger.errors import Malformed, StorageFailed, Unverified
from ledger.hashing import leaf_hash
from ledger.kept import KeptCheckpoints, Published
from ledger.note import Verifier
from ledger.proofs import verify_inclusion
from ledger.receipt import Bundle, Opening, Supporting, format_bundle
from ledger.storage import ObjectStore
from ledger.tiles import ENTRIES, TILE_WIDTH, TileReader, decode_bundle, read_tile, tile_at
from ledger.tree import consistency_path, inclusion_path

_CACHED_TILES = 512
"""At most 4 MiB of hash tiles stay in memory."""


class LogReader:
    """A read-only view of the log `origin`, as of the checkpoint that was published at the last `refresh`.

    With `verifier`, the log's public key, each checkpoint read is verified; without it the store is trusted.
    """

    def __init__(self, origin: str, objects: ObjectStore, verifier: Verifier | None = None) -> None:
        self.origin = origin
        self._objects = objects
        self._kept = KeptCheckpoints(origin, objects, verifier)
        self._tiles: OrderedDict[str, bytes] = OrderedDict()
        self._tiles_guard = threading.Lock()
        self._published: Published | None = None

    def refresh(self) -> Published | None:
        """Look at the published checkpoint again and return it.

        `StorageFailed` if it is older than the one seen before, or another tree of the same size.
        """
        newest = self._kept.newest()
        seen = self._published
        if seen is not None and (newest is None or not _continues(seen, newest)):
            now = 0 if newest is None else newest.size
            raise StorageFailed(
                f"The published checkpoint of {self.origin} went from {seen.size} entries to another tree of {now}; "
                "the folder of the log has been replaced by another copy."
            )
        self._published = newest
        return newest

    @property
    def published(self) -> Published | None:
        """The newest published checkpoint that this view knows, or None before the first."""
        return self._published

    @property
    def size(self) -> int:
        """How many entries this view can read."""
        return 0 if self._published is None else self._published.size

    def entry(self, index: int) -> bytes:
        """Bytes of entry `index`; `Malformed` if this view has no such entry."""
        if not 0 <= index < self.size:
            raise Malformed(f"The log {self.origin} has {self.size} entries and no entry {index}.")
        return next(self.entries(index, index + 1))

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the entries `start` to `stop` - 1 (at most up to `size`), one bundle in memory at a time."""
        size = self.size
        if start < 0:
            raise Malformed(f"There is no entry {start}.")
        stop = min(stop, size)
        while start < stop:
            number, first = divmod(start, TILE_WIDTH)
            tile = tile_at(ENTRIES, number, size)
            bundle = decode_bundle(read_tile(self._objects.read, tile))
            last = min(stop - number * TILE_WIDTH, TILE_WIDTH)
            if len(bundle) < last:
                raise StorageFailed(
                    f"The entry bundle {number} of {self.origin} has only {len(bundle)} entries."
                )
            yield from bundle[first:last]
            start = (number + 1) * TILE_WIDTH

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """RFC 6962 path of entry `index` in the tree of the first `size` entries."""
        return inclusion_path(index, size, self._hashes(size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """RFC 6962 path from the tree of `old` entries to that of `new`."""
        return consistency_path(old, new, self._hashes(new))

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
        statement, path = self._prove(index, under)
        proved = [(number, *self._prove(number, under)) for number in supporting]
        receipt = format_cose_receipt(under.cose_protected, under.cose_signature, under.size, index, path)
        return format_bundle(
            Bundle(
                statement=statement,
                index=index,
                path=tuple(path),
                checkpoint=under.note,
                cose_receipt=receipt,
                supporting=tuple(Supporting(entry, number, tuple(way)) for number, entry, way in proved),
                openings=tuple(openings),
            )
        )

    def _prove(self, index: int, under: Published) -> tuple[bytes, list[bytes]]:
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

    def _hashes(self, size: int) -> TileReader:
        if not 0 <= size <= self.size:
            raise Malformed(f"The log {self.origin} has {self.size} entries and no tree of {size}.")
        return TileReader(self._read_cached, self.size)

    def _read_cached(self, path: str) -> bytes | None:
        with self._tiles_guard:
            if path in self._tiles:
                self._tiles.move_to_end(path)
                return self._tiles[path]
        data = self._objects.read(path)
        if data is not None:
            with self._tiles_guard:
                self._tiles[path] = data
                if len(self._tiles) > _CACHED_TILES:
                    self._tiles.popitem(last=False)
        return data


def _continues(seen: Published, newest: Published) -> bool:
    return newest.size > seen.size or newest.checkpoint == seen.checkpoint

"""The map from keys to lists of entries, as it grows by the published checkpoints of one log.

A change is one transaction: lists, trie and the entry for the index log, checked against the checkpoint's root before
it is committed. So the file is always the map of one published checkpoint, whatever a crash interrupts, and wrong
bytes in the log's files never get into it. The map that is *served*, the newest whose root is public, stays readable
until a newer one is.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ledger.checkpoint import Checkpoint
from ledger.errors import Conflict, StorageFailed, WrongIndex
from ledger.hashing import HASH_SIZE, CompactRange, leaf_hash
from ledger.index.keys import key_hash, keys_of
from ledger.index.state import IndexState, format_state
from ledger.index.trie import EMPTY_MAP, Leaf, Step, commit_list, list_leaf
from ledger.indexer.database import MapDatabase
from ledger.indexer.pages import find, update

_CHUNK = 2048
"""So many entries are mapped before their keys are put into the trie together."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the map says of a key: the indices of its list, the leaf that looking it up ends in, and the path from there."""

    indices: list[int]
    leaf: Leaf
    path: list[Step]


class MapView:
    """The map that is served, unchanging while the view is open: `size` entries, under the index log's first `states`."""

    def __init__(self, database: MapDatabase, size: int, states: int) -> None:
        self._database = database
        self.size = size
        self.states = states

    def look_up(self, key: str) -> Lookup:
        """The complete list of a key (empty where the map has none), and its proof."""
        hashed = key_hash(key)
        leaf, path = find(_PagesAt(self._database, self.size), hashed)
        rows = self._database.all(
            "SELECT entry FROM postings WHERE list = (SELECT id FROM lists WHERE key = ?) AND entry < ? ORDER BY entry",
            hashed,
            self.size,
        )
        return Lookup([entry for (entry,) in rows], leaf, path)


class IndexMap:
    """The map of the log `origin` in the file at `path` (None: a temporary one). Safe to use from several threads.

    One process may change the file while others read it. `Conflict` if the file is of another log.
    """

    def __init__(self, origin: str, path: Path | None = None) -> None:
        self.origin = origin
        self._guard = threading.RLock()
        self._database = MapDatabase(path)
        owner = self._fact("origin")
        if owner is None:
            with self._database.writing():
                self._set("origin", origin.encode())
        elif owner != origin.encode():
            self._database.close()
            raise Conflict(f"The map in {path} is of another log than {origin}.")

    @property
    def size(self) -> int:
        """How many entries of the log are in the map."""
        with self._guard:
            return self._number("size")

    @property
    def root(self) -> bytes:
        """Root of the map, 32 bytes."""
        with self._guard:
            return self._fact("root") or EMPTY_MAP

    @property
    def states(self) -> int:
        """How many entries the index log has up to the newest map, or will have once those are appended that it lacks."""
        with self._guard:
            return self._number("states")

    @property
    def served(self) -> int:
        """How many entries the index log has up to the map that is served; 0 while none is."""
        with self._guard:
            return self._number("served_states")

    def state(self, ordinal: int) -> bytes | None:
        """Entry `ordinal` for the index log, if it is still kept."""
        with self._guard:
            row = self._database.one("SELECT entry FROM states WHERE ordinal = ?", ordinal)
            return None if row is None else row[0]

    def states_from(self, ordinal: int) -> list[bytes]:
        """Entries `ordinal` and later for the index log; `StorageFailed` if they are not kept any more."""
        with self._guard:
            rows = self._database.all("SELECT entry FROM states WHERE ordinal >= ? ORDER BY ordinal", ordinal)
            if len(rows) != max(self.states - ordinal, 0):
                raise StorageFailed(
                    f"The index log of {self.origin} is behind its map: it has {ordinal} entries, and what follows is no "
                    "longer kept. Delete the map's file: it is made again from the log."
                )
            return [entry for (entry,) in rows]

    def apply(
        self,
        start: int,
        entries: Iterable[bytes],
        checkpoint: Checkpoint,
        expected: bytes | None = None,
        ordinal: int | None = None,
    ) -> IndexState:
        """Take the `entries` from `start` = `size` on into the map, up to the published `checkpoint`: all or none.

        `ordinal` is the state's in the index log, where it is not the next one: those between are passed over.
        `Conflict` if another process has moved the map on;
        `StorageFailed` if they do not lead to the checkpoint's root, or the entry for the index log is not `expected`.
        """
        with self._guard, self._database.writing():
            size, served = self._number("size"), self._number("served")
            if size != start:
                raise Conflict(
                    f"The map of {self.origin} has {size} entries, not {start}: another process moved it."
                )
            grown = CompactRange(size, _split(self._fact("subtrees") or b""))
            root = self.root
            rest = iter(entries)
            while chunk := list(islice(rest, _CHUNK)):
                root = self._take(chunk, grown, checkpoint.size, served)
            if (grown.size, grown.root()) != (checkpoint.size, checkpoint.root) or grown.size == size:
                raise StorageFailed(
                    f"The stored entries of {self.origin} up to {checkpoint.size} do not lead to the root of its "
                    "published checkpoint, so nothing was indexed. Run fsck to find the damaged file."
                )
            state = IndexState(checkpoint, root)
            self._keep(state, b"".join(grown.hashes()), expected, ordinal)
            return state

    def serve(self) -> None:
        """The newest map's root is public now: it is the one that must stay readable."""
        with self._guard, self._database.writing():
            self._set("served", str(self._number("size")).encode())
            self._set("served_states", str(self._number("states")).encode())
            self._database.run("DELETE FROM states WHERE ordinal < ?", self._number("states") - 1)

    @contextmanager
    def view(self) -> Iterator[MapView | None]:
        """The map that is served; None while none is."""
        with self._guard, self._database.reading():
            states = self._number("served_states")
            yield MapView(self._database, self._number("served"), states) if states else None

    def close(self) -> None:
        """Let the file go."""
        with self._guard:
            self._database.close()

    def _take(self, chunk: Sequence[bytes], grown: CompactRange, target: int, served: int) -> bytes:
        lists: dict[bytes, list[int]] = {}
        for entry in chunk:
            for key in keys_of(entry):
                lists.setdefault(key_hash(key), []).append(grown.size)
            grown.append(leaf_hash(entry))
        leaves = [self._extend(key, lists[key]) for key in sorted(lists)]
        pages = _NewPages(self._database, target, served)
        root = update(pages, leaves)
        pages.flush()
        return root

    def _extend(self, key: bytes, indices: Sequence[int]) -> Leaf:
        row = self._database.one("SELECT id, count, hashes FROM lists WHERE key = ?", key)
        list_id, count, hashes = (None, 0, b"") if row is None else row
        grown = CompactRange(count, _split(hashes))
        grown.extend(map(list_leaf, indices))
        found = (grown.size, b"".join(grown.hashes()))
        if list_id is None:
            list_id = self._database.run(
                "INSERT INTO lists(key, count, hashes) VALUES (?, ?, ?)", key, *found
            )
        else:
            self._database.run("UPDATE lists SET count = ?, hashes = ? WHERE id = ?", *found, list_id)
        self._database.run_many("INSERT INTO postings VALUES (?, ?)", [(list_id, index) for index in indices])
        return Leaf(key, commit_list(grown.size, grown.root()))

    def _keep(
        self, state: IndexState, subtrees: bytes, expected: bytes | None, ordinal: int | None = None
    ) -> None:
        entry, ordinal = format_state(state), self._number("states") if ordinal is None else ordinal
        if expected is not None and entry != expected:
            raise WrongIndex(
                f"Entry {ordinal} of the index of {self.origin}, for its first {state.log.size} entries, is not what "
                "those entries lead to. Nothing was changed; find out who wrote it."
            )
        self._database.run("INSERT INTO states VALUES (?, ?)", ordinal, entry)
        self._set("states", str(ordinal + 1).encode())
        self._set("size", str(state.log.size).encode())
        self._set("subtrees", subtrees)
        self._set("root", state.map_root)

    def _number(self, name: str) -> int:
        return int(self._fact(name) or b"0")

    def _fact(self, name: str) -> bytes | None:
        row = self._database.one("SELECT value FROM facts WHERE name = ?", name)
        return None if row is None else bytes(row[0])

    def _set(self, name: str, value: bytes) -> None:
        self._database.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)


class _PagesAt:
    """The pages as of the map of `size` entries."""

    def __init__(self, database: MapDatabase, size: int) -> None:
        self._database = database
        self._size = size

    def read(self, prefix: str) -> bytes | None:
        row = self._database.one(
            "SELECT body FROM pages WHERE prefix = ? AND size <= ? ORDER BY size DESC LIMIT 1",
            prefix,
            self._size,
        )
        return None if row is None else row[0]

    def write(self, prefix: str, body: bytes) -> None:
        raise TypeError("A view of the map cannot be changed.")


class _NewPages:
    """The newest pages, changed in memory until `flush` writes them as those of the map of `size` entries."""

    def __init__(self, database: MapDatabase, size: int, served: int) -> None:
        self._database = database
        self._size = size
        self._served = served
        self._bodies: dict[str, bytes | None] = {}
        self._changed: set[str] = set()
        self._obsolete: list[tuple[str, int]] = []

    def read(self, prefix: str) -> bytes | None:
        if prefix not in self._bodies:
            rows = self._database.all("SELECT size, body FROM pages WHERE prefix = ? ORDER BY size", prefix)
            self._bodies[prefix] = rows[-1][1] if rows else None
            served = max((size for size, _ in rows if size <= self._served), default=-1)
            self._obsolete += [(prefix, size) for size, _ in rows if size != served]
        return self._bodies[prefix]

    def write(self, prefix: str, body: bytes) -> None:
        self._bodies[prefix] = body
        self._changed.add(prefix)

    def flush(self) -> None:
        """Write what was changed, and drop the versions that nobody will ask for again."""
        # Every page that is read on the way to a leaf is written, so no obsolete version is the newest one.
        assert self._changed == self._bodies.keys()
        self._database.run_many("DELETE FROM pages WHERE prefix = ? AND size = ?", self._obsolete)
        self._database.run_many(
            "INSERT INTO pages VALUES (?, ?, ?)",
            [(prefix, self._size, self._bodies[prefix]) for prefix in sorted(self._changed)],
        )


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]

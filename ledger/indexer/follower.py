"""Keeping a map up with an index that somebody else writes: any process has its own and proves from it.

    1 choose    the newest published state of the index within reach    -> nothing was changed
    2 grow      the log's entries up to it, in one transaction          -> or not at all
    3 serve     once the map's root is the one that is published        -> done at the next step

What stands behind an arrow is what a crash before the next step leaves. States in between are passed over, since the
root of a map does not depend on how it was batched; so a map is made from nothing in time that grows with the log and
not with the number of its checkpoints. A map that is made from nothing serves nothing until it has caught up.
"""

from ledger.errors import WrongIndex
from ledger.index.state import IndexState, parse_state
from ledger.indexer.map import IndexMap
from ledger.kept import Published
from ledger.reader import LogReader

STEP = 2048
"""So many entries of the log are taken in one transaction, or those of one checkpoint if it has more."""


class IndexFollower:
    """The map of a log, and the published logs that it follows; it writes to neither of them."""

    def __init__(self, index_map: IndexMap) -> None:
        self._map = index_map

    def advance(self, reader: LogReader, index_reader: LogReader, step: int = STEP) -> bool:
        """Take about `step` more entries into the map; return whether it now has all that the index has published.

        `StorageFailed` if the files of a log do not lead to its checkpoints, `WrongIndex` if the index has another
        root than the entries lead to; the map is then as it was.
        """
        published = index_reader.refresh()
        if published is None or published.size == 0:
            return True
        reader.refresh()
        self._serve(index_reader, published)
        if self._map.states < published.size:
            under, entry = self._choose(index_reader, published, step)
            self._grow(reader, entry, under.size - 1)
            self._serve(index_reader, published)
        return self._map.states >= published.size

    def _choose(self, index_reader: LogReader, published: Published, step: int) -> tuple[Published, bytes]:
        """The newest state within `step` entries that a checkpoint of the index ends with, else the next; proved."""
        limit = self._map.size + step
        chosen = index_reader.checkpoint_covering(self._map.states)
        low, middle, high = chosen.size, published.size - 1, published.size - 1
        while low <= high:
            under = index_reader.checkpoint_covering(middle)
            if parse_state(index_reader.entry(under.size - 1)).log.size <= limit:
                chosen, low = under, under.size
            else:
                high = middle - 1
            middle = (low + high) // 2
        entry, _ = index_reader.prove(chosen.size - 1, chosen)
        return chosen, entry

    def _grow(self, reader: LogReader, entry: bytes, ordinal: int) -> None:
        state: IndexState = parse_state(entry)
        size = self._map.size
        if reader.checkpoint_at(state.log.size).checkpoint != state.log:
            raise WrongIndex(
                f"Entry {ordinal} of the index of {self._map.origin} is not of a published checkpoint of that log."
            )
        self._map.apply(size, reader.entries(size, state.log.size), state.log, entry, ordinal)

    def _serve(self, index_reader: LogReader, published: Published) -> None:
        states = self._map.states
        if not self._map.served < states <= published.size:
            return
        if self._map.served == 0 and states < published.size:
            return
        under = index_reader.checkpoint_covering(states - 1)
        if under.size != states:
            # The state came out together with later ones: no checkpoint of the index ends with it.
            return
        entry, _ = index_reader.prove(states - 1, under)
        if self._map.state(states - 1) != entry:
            raise WrongIndex(
                f"Entry {states - 1} of the index of {self._map.origin} is not what the log's entries lead to. The index "
                "is wrong, or the map's file was damaged: delete that to make it again."
            )
        self._map.serve()

"""Following a log: its map grown by each published checkpoint, and the map's roots appended to the index log.

    1 map       the checkpoint's entries go into the map, in one transaction    -> or not at all
    2 append    the entry for the index log, which the map has kept             -> appended at the next follow
    3 publish   the index log's checkpoint, signed and cosigned                 -> finished when the index log is loaded
    4 serve     the map drops what only older roots need                        -> done at the next follow

What stands behind an arrow is what a crash before the next step leaves. Between 1 and 4 the map can be read in both
states, so a published root always has its map.
"""

from ledger.errors import Conflict, StorageFailed
from ledger.index.state import index_origin
from ledger.indexer.map import IndexMap
from ledger.kept import Published
from ledger.log import Log
from ledger.reader import LogReader


class IndexWriter:
    """The one writer of an index log, with the map of the log that is indexed.

    `Conflict` if the three are not of one log; `StorageFailed` if map and index log do not continue each other.
    """

    def __init__(self, index_log: Log, index_map: IndexMap) -> None:
        if index_log.origin != index_origin(index_map.origin):
            raise Conflict(f"{index_log.origin} is not the index of {index_map.origin}.")
        self._log = index_log
        self._map = index_map
        common = min(index_map.states, index_log.size) - 1
        kept = index_map.state(common)
        if kept is not None and kept != index_log.entry(common):
            raise StorageFailed(
                f"The map of {index_map.origin} is not that of its index log. Delete the map's file: it is made again "
                "from the log."
            )

    def follow(self, reader: LogReader, time: int) -> Published | None:
        """Catch up with the published checkpoints of the log, and publish the index at `time` (POSIX seconds).

        Return the index log's newest checkpoint, None while the log has no published entry. `StorageFailed` if the
        log's files do not lead to its checkpoints, or the index log has another root than its entries.
        """
        if reader.origin != self._map.origin:
            raise Conflict(f"This is the index of {self._map.origin}, not of {reader.origin}.")
        self._publish(time)
        reader.refresh()
        if reader.size < self._map.size:
            raise StorageFailed(
                f"The log {reader.origin} has {reader.size} published entries, its index {self._map.size} already."
            )
        while self._map.size < reader.size:
            size = self._map.size
            checkpoint = reader.checkpoint_covering(size).checkpoint
            ordinal = self._map.states
            expected = self._log.entry(ordinal) if ordinal < self._log.size else None
            self._map.apply(size, reader.entries(size, checkpoint.size), checkpoint, expected)
        return self._publish(time)

    def close(self) -> None:
        """Let map and index log go."""
        self._log.close()
        self._map.close()

    def _publish(self, time: int) -> Published | None:
        if self._map.states > self._log.size:
            self._log.append(self._map.states_from(self._log.size))
        if self._log.size == 0:
            return None
        published = self._log.publish(time)
        # A map that is being made again serves nothing until it has caught up with what is published.
        if self._map.states == published.size:
            self._map.serve()
        return published

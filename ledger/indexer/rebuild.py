"""Making an index again out of the entries of its log, and naming the first root in it that is another.

This is what an index rests on: a map that leaves an entry out has another root than the one made again, and anybody
can make it again, from files or over the network, with nothing but the two public keys.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.bindings import verify_log_policy
from ledger.check_words import Language
from ledger.errors import Malformed, StorageFailed, Unverified
from ledger.hashing import CompactRange, leaf_hash
from ledger.index.announcement import INDEX_MAP, verify_announcement
from ledger.index.state import IndexState, index_origin, parse_state
from ledger.index.words import DIFFERENCES
from ledger.indexer.map import IndexMap
from ledger.kept import SignedCheckpoint
from ledger.note import Verifier
from ledger.proofs import verify_consistency
from ledger.reader import LogReader, LogView, TileView
from ledger.statement import parse_statement
from ledger.tree import root_at

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first entry of the index that is not what the log leads to: its number, the cause, and details."""

    ordinal: int
    cause: str
    params: dict[str, Any] = field(default_factory=dict)

    def sentence(self, lang: Language = "en") -> str:
        """What is wrong with it."""
        words = DIFFERENCES[self.cause][0 if lang == "en" else 1]
        return words.format(ordinal=self.ordinal, **self.params)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How far the index agrees with the log: `states` of its entries, for the first `size` entries of the log.

    `map_root` is the root of the map of those, for `check_history`; `difference` None if all agree.
    """

    origin: str
    size: int
    states: int
    map_root: bytes
    difference: Difference | None


def rebuild(
    view: TileView,
    signed: SignedCheckpoint,
    index_view: TileView,
    index_signed: SignedCheckpoint,
    *,
    path: Path | None = None,
    on_progress: Progress | None = None,
) -> Rebuilt:
    """Make the index of the log `view` again and compare it with `index_view`, entry by entry.

    `signed` and `index_signed` are the newest verified checkpoints of both. The map is made in the file at `path`,
    which is kept and must be new, or in a temporary one. `on_progress` gets (entries done, entries in all).
    `StorageFailed` if the files of either log do not lead to its signed root.
    """
    if index_view.origin != index_origin(view.origin):
        raise Malformed(f"{index_view.origin} is not the index of {view.origin}.")
    index_map = IndexMap(view.origin, path)
    try:
        run = _Run(view, signed, index_map)
        entries = CompactRange()
        difference = None
        for ordinal, entry in enumerate(index_view.entries(0, index_signed.size)):
            entries.append(leaf_hash(entry))
            difference = difference or run.compare(ordinal, entry)
            if on_progress is not None:
                on_progress(index_map.size, signed.size)
        if entries.root() != index_signed.root:
            raise StorageFailed(f"The files of {index_view.origin} do not lead to its signed root.")
        return Rebuilt(view.origin, index_map.size, index_map.states, index_map.root, difference)
    finally:
        index_map.close()


def announced_key(view: LogReader | LogView, *trusted: Verifier) -> Verifier:
    """The key of the index of the log `view`, as the platform of entry 0 states it; `Unverified` if it does not.

    `trusted` are the log's keys, the one that entry 0 names among them; none where the files are one's own. What is found
    is proved; the entries are read until then.
    """
    view.refresh()
    kind = INDEX_MAP.encode()
    with suppress(Malformed, Unverified):
        policy = verify_log_policy(parse_statement(view.prove(0)[0]))
        for index, entry in enumerate(view.entries(1, view.size), 1):
            if (not trusted or policy.log in trusted) and kind in entry:
                with suppress(Malformed, Unverified):
                    named = verify_announcement(parse_statement(entry), policy).log
                    view.prove(index)
                    return named
    raise Unverified(f"Neither the trust file nor the log names the key of the index of {view.origin}.")


class _Run:
    def __init__(self, view: TileView, signed: SignedCheckpoint, index_map: IndexMap) -> None:
        self._view = view
        self._signed = signed
        self._map = index_map

    def compare(self, ordinal: int, entry: bytes) -> Difference | None:
        """Grow the map to the size that the entry names, and compare; None if it agrees."""
        try:
            state = parse_state(entry)
        except Malformed as error:
            return Difference(ordinal, "unreadable", {"reason": str(error)})
        wrong = self._compare_log(ordinal, state)
        if wrong is not None:
            return wrong
        start = self._map.size
        made = self._map.apply(start, self._view.entries(start, state.log.size), state.log)
        if made != state:
            roots = {"found": state.map_root.hex(), "made": made.map_root.hex(), "size": state.log.size}
            return Difference(ordinal, "map", roots)
        return None

    def _compare_log(self, ordinal: int, state: IndexState) -> Difference | None:
        """Whether the entry is of this log, as it was published next."""
        log, view = state.log, self._view
        if log.origin != view.origin:
            return Difference(ordinal, "other_log", {"found": log.origin})
        if log.size <= self._map.size:
            return Difference(ordinal, "order", {"size": log.size, "before": self._map.size})
        if log.size > self._signed.size:
            return Difference(ordinal, "beyond", {"size": log.size, "signed": self._signed.size})
        if root_at(log.size, view.hashes(log.size)) != log.root:
            return Difference(ordinal, "root", {"size": log.size})
        path = view.consistency(log.size, self._signed.size)
        try:
            verify_consistency(log.size, log.root, self._signed.size, self._signed.root, path)
        except Unverified as error:
            raise StorageFailed(
                f"The files of {view.origin} do not lead to its signed root. {error}"
            ) from error
        if isinstance(view, LogReader):
            next_size = view.checkpoint_covering(self._map.size).size
            if next_size != log.size:
                return Difference(ordinal, "skipped", {"size": log.size, "published": next_size})
        return None

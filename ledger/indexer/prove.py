"""Histories: what the served map says of a key, with all proofs, out of the map's file and both logs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ledger.errors import Conflict, LedgerError, Malformed, StorageFailed, Unverified
from ledger.hashing import HASH_SIZE
from ledger.index.announcement import INDEX_MAP, parse_announcement
from ledger.index.history import MAX_SIZE, History, format_history
from ledger.index.keys import key_hash
from ledger.index.state import IndexState, parse_state
from ledger.index.trie import Leaf, commit_indices, root_of_path
from ledger.indexer.entries import locate
from ledger.indexer.map import IndexMap, Lookup
from ledger.kept import Published
from ledger.proofs import Located
from ledger.reader import LogReader
from ledger.statement import parse_statement


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the served state of the index says of a key."""

    published: Published
    entry: bytes
    state: IndexState
    found: Lookup
    announcements: list[int]
    """Indices of the statements that may name the index."""


def prove_history(
    key: str,
    reader: LogReader,
    index_reader: LogReader,
    index_map: IndexMap,
    *,
    with_entries: bool = True,
    most: int = MAX_SIZE,
) -> bytes:
    """The history of `key` as of the index that `index_map` serves, canonical bytes; its absence if no entry names it.

    `reader` is of the log, `index_reader` of its index log. Without entries it shows their indices only.
    `Conflict` while the map serves none; `StorageFailed` if the stores do not lead to the published roots;
    `Malformed` if its entries would take more than `most` bytes in it; no more of the log is read than that.
    """
    answer = _look_up(key, index_reader, index_map)
    found, ordinal = answer.found, answer.published.size - 1
    reader.refresh()
    under = reader.checkpoint_at(answer.state.log.size)
    if under.checkpoint != answer.state.log:
        raise StorageFailed(f"The index of {reader.origin} is of another log than its published checkpoint.")
    return format_history(
        History(
            key=key,
            checkpoint=under.note,
            index_checkpoint=answer.published.note,
            state=answer.entry,
            state_index=ordinal,
            state_path=tuple(index_reader.prove(ordinal, answer.published)[1]),
            map_path=tuple(found.path),
            other=None if found.indices else found.leaf,
            indices=tuple(found.indices),
            entries=tuple(_up_to(most, locate(reader, found.indices, under))) if with_entries else None,
            supporting=_supporting(reader, under, answer.announcements, index_reader.origin),
        )
    )


def _up_to(most: int, entries: Iterable[Located]) -> Iterator[Located]:
    """The entries, as long as they fit; who asks for a key of millions of entries must not have them all in memory."""
    size = 0
    for each in entries:
        size += len(each.entry) + HASH_SIZE * len(each.path)
        if size > most:
            raise Malformed(f"The entries of the history have more than {most} bytes; make it without them.")
        yield each


def _look_up(key: str, index_reader: LogReader, index_map: IndexMap) -> _Answer:
    with index_map.view() as view:
        if view is None:
            raise Conflict(
                f"The map of {index_map.origin} is being made again: {index_map.size} entries are in it. Ask later."
            )
        found = view.look_up(key)
        announcements = view.look_up(f"kind:{INDEX_MAP}").indices
    index_reader.refresh()
    if index_reader.size < view.states:
        raise StorageFailed(
            f"The index log {index_reader.origin} has {index_reader.size} published entries, its map {view.states} already."
        )
    published = index_reader.checkpoint_at(view.states)
    entry, _ = index_reader.prove(view.states - 1, published)
    state = parse_state(entry)
    _check(key, found, state)
    return _Answer(published, entry, state, found, announcements)


def _check(key: str, found: Lookup, state: IndexState) -> None:
    hashed = key_hash(key)
    leaf = Leaf(hashed, commit_indices(found.indices)) if found.indices else found.leaf
    try:
        holds = root_of_path(hashed, leaf, found.path) == state.map_root
    except Unverified:
        holds = False
    if not holds or (leaf.key == hashed) != bool(found.indices):
        raise StorageFailed(
            f"The map of {state.log.origin} does not lead to its published root. Delete its file: it is made again from "
            "the log."
        )


def _supporting(
    reader: LogReader, under: Published, announcements: list[int], index_origin: str
) -> tuple[Located, ...]:
    """Entry 0, and the first statement that names this index; nothing where the log has none."""
    for located in locate(reader, announcements, under):
        try:
            named = parse_announcement(parse_statement(located.entry)).log.name
        except LedgerError:
            continue
        if named == index_origin:
            return (*locate(reader, [0], under), located)
    return ()

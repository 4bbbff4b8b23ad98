"""Histories that somebody tampered with, each with the step that must fail and its cause.

The library, the published vectors and the browser all judge the same ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from ledger.index.history import History, parse_history
from ledger.index.keys import key_hash
from ledger.index.state import IndexState, format_state
from ledger.index.trie import Leaf, commit_indices
from ledger.indexer.entries import locate
from ledger.proofs import Located
from tests.ledger.index.worlds import Indexed, asset, genesis, statement

KEY, ABSENT = asset(1), asset(99)


@cache
def world() -> Indexed:
    made = Indexed(genesis())
    made.publish(statement(1), statement(2), statement(1, number=1))
    made.publish(*(statement(3 + number) for number in range(60)), statement(1, number=2))
    made.follow()
    return made


@cache
def older() -> tuple[History, History]:
    """The same world before its last checkpoint."""
    made = Indexed(genesis())
    made.publish(statement(1), statement(2), statement(1, number=1))
    made.follow()
    return parse_history(made.prove(KEY)), parse_history(made.prove(ABSENT))


@cache
def history(key: str) -> History:
    return parse_history(world().prove(key))


def located(index: int) -> Located:
    made = world()
    reader = made.reader()
    return next(locate(reader, [index], reader.checkpoint_at(reader.size)))


def hide(good: History) -> History:
    assert good.entries is not None
    return replace(
        good, indices=good.indices[:1] + good.indices[2:], entries=good.entries[:1] + good.entries[2:]
    )


def hide_last(good: History) -> History:
    assert good.entries is not None
    return replace(good, indices=good.indices[:-1], entries=good.entries[:-1])


def add(good: History) -> History:
    entries = (*(good.entries or ()), located(3))
    ordered = tuple(sorted(entries, key=lambda entry: entry.index))
    return replace(good, indices=tuple(entry.index for entry in ordered), entries=ordered)


def deny(good: History) -> History:
    """Say that there is nothing, with the leaf that is found when looking up another key."""
    other = history(ABSENT)
    return replace(good, indices=(), entries=(), other=other.other, map_path=other.map_path)


def deny_with_own_leaf(good: History) -> History:
    leaf = Leaf(key_hash(KEY), commit_indices(good.indices))
    return replace(good, indices=(), entries=(), other=leaf)


def other_entry(good: History) -> History:
    first, *rest = good.entries or ()
    return replace(good, entries=(replace(first, entry=located(3).entry), *rest))


def other_path(good: History) -> History:
    first, second, *rest = good.entries or ()
    return replace(good, entries=(replace(first, path=second.path), second, *rest))


def other_key(good: History) -> History:
    return replace(good, key=asset(2))


def other_map_path(good: History) -> History:
    return replace(good, map_path=history(asset(2)).map_path)


def stale_state(good: History) -> History:
    """The newest checkpoint of the log with an index that was kept back."""
    old, _ = older()
    return replace(old, checkpoint=good.checkpoint, supporting=good.supporting)


def stale_map(good: History) -> History:
    """The list and map of an older state under the newest one."""
    old, _ = older()
    return replace(good, map_path=old.map_path, indices=old.indices, entries=old.entries)


def older_state_of_the_index(good: History) -> History:
    reader = world().index_reader()
    entry, path = reader.prove(1)
    return replace(good, state=entry, state_index=1, state_path=tuple(path))


def forged_state(good: History) -> History:
    log = world().reader().published
    assert log is not None
    return replace(good, state=format_state(IndexState(log.checkpoint, bytes(32))))


def resigned_log(good: History) -> History:
    return replace(good, checkpoint=good.checkpoint.replace(b"\n66\n", b"\n65\n"))


def resigned_index(good: History) -> History:
    return replace(good, index_checkpoint=good.index_checkpoint.replace(b"\n3\n", b"\n4\n"))


def beyond(good: History) -> History:
    return replace(good, indices=(*good.indices, 10**9), entries=None)


def false_announcement(good: History) -> History:
    first, _ = good.supporting
    return replace(good, supporting=(first, located(2)))


CHANGES: dict[Callable[[History], History], tuple[str, str]] = {
    hide: ("map", "incomplete"),
    hide_last: ("map", "incomplete"),
    add: ("map", "incomplete"),
    beyond: ("map", "beyond"),
    deny: ("map", "denied"),
    deny_with_own_leaf: ("map", "denied"),
    other_map_path: ("map", "incomplete"),
    stale_map: ("map", "incomplete"),
    other_key: ("map", "incomplete"),
    other_entry: ("entries", "proof"),
    other_path: ("entries", "proof"),
    stale_state: ("index_state", "other_log"),
    older_state_of_the_index: ("index_state", "not_newest"),
    forged_state: ("index_state", "proof"),
    resigned_log: ("history_log", "signature"),
    resigned_index: ("index_log", "signature"),
    false_announcement: ("index_key", "unusable"),
}

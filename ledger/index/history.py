"""The history of a key that people keep: everything needed to check it without a network.

    application/vnd.datawharf.history+json, RFC 8785 JSON, binary values in base64:
    {"checkpoint": note text of the log,
     "entries": [{"entry": bytes, "path": hashes}, ...],        one for each index, in that order; only if they are shown
     "index": {"checkpoint": note text of the index log,
               "inclusion": {"index": n, "path": hashes},       of the state in the index log
               "state": bytes},                                 see `ledger.index.state`
     "indices": [n, ...],                                       ascending; none: no entry names the key
     "key": text,
     "map": {"other": {"key": 32 bytes, "list": 32 bytes},      only if no entry names the key: the leaf found instead
             "path": steps},
     "supporting": [{"entry": bytes, "index": n, "path": hashes}, ...],
     "version": 1}

`hashes` are 32-byte hashes one after the other, the leaf's sibling first; `steps` likewise, each hash behind the byte
of its bit (see `ledger.index.trie`). Sizes and roots are in the signed checkpoints alone. Supporting are entry 0 and
the statement that names the index, where the log has them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ledger.encoding import canonical_json, format_base64, parse_canonical_json
from ledger.errors import Malformed
from ledger.hashing import HASH_SIZE
from ledger.index.trie import BITS, Leaf, Step
from ledger.members import bytes_of, count_of, fields_of, list_of, text_of
from ledger.proofs import MAX_PATH, Located

MEDIA_TYPE = "application/vnd.datawharf.history+json"
VERSION = 1
MAX_SIZE = 128 << 20
MAX_INDICES = 4_000_000
MAX_SUPPORTING = 16

_STEP_SIZE = 1 + HASH_SIZE


@dataclass(frozen=True, slots=True)
class History:
    """The parts of a history, none of them verified."""

    key: str
    checkpoint: bytes
    index_checkpoint: bytes
    state: bytes
    state_index: int
    state_path: tuple[bytes, ...]
    map_path: tuple[Step, ...]
    other: Leaf | None
    indices: tuple[int, ...]
    entries: tuple[Located, ...] | None
    supporting: tuple[Located, ...] = ()


def format_history(history: History) -> bytes:
    """The canonical bytes of a history; Malformed if one of its parts cannot be in one."""
    the_map: dict[str, Any] = {"path": format_base64(_join_steps(history.map_path))}
    if history.other is not None:
        other = history.other
        the_map["other"] = {"key": format_base64(other.key), "list": format_base64(other.list)}
    document: dict[str, Any] = {
        "version": VERSION,
        "key": history.key,
        "checkpoint": _note_text(history.checkpoint),
        "index": {
            "checkpoint": _note_text(history.index_checkpoint),
            "inclusion": {"index": history.state_index, "path": _format_path(history.state_path)},
            "state": format_base64(history.state),
        },
        "map": the_map,
        "indices": list(history.indices),
        "supporting": [
            {"entry": format_base64(each.entry), "index": each.index, "path": _format_path(each.path)}
            for each in history.supporting
        ],
    }
    if history.entries is not None:
        document["entries"] = [
            {"entry": format_base64(each.entry), "path": _format_path(each.path)} for each in history.entries
        ]
    data = canonical_json(document)
    if len(data) > MAX_SIZE:
        raise Malformed(f"The history would have more than {MAX_SIZE} bytes; make it without its entries.")
    return data


def parse_history(data: bytes) -> History:
    """The parts of a history; Malformed unless `format_history` gives exactly `data` for them."""
    if len(data) > MAX_SIZE:
        raise Malformed(f"The history has more than {MAX_SIZE} bytes.")
    document = fields_of(
        parse_canonical_json(data),
        "history",
        {"version", "key", "checkpoint", "index", "map", "indices", "supporting"},
        {"entries"},
    )
    version = document["version"]
    if version != VERSION or isinstance(version, bool):
        raise Malformed(f"The history has the version {version!r}; this program reads version {VERSION}.")
    index = fields_of(document["index"], "index in the history", {"checkpoint", "inclusion", "state"})
    inclusion = fields_of(index["inclusion"], "proof of the index", {"index", "path"})
    the_map = fields_of(document["map"], "map in the history", {"path"}, {"other"})
    indices = _parse_indices(document["indices"])
    entries = document.get("entries")
    history = History(
        key=text_of(document["key"], "key of the history"),
        checkpoint=text_of(document["checkpoint"], "checkpoint in the history").encode(),
        index_checkpoint=text_of(index["checkpoint"], "checkpoint of the index").encode(),
        state=bytes_of(index["state"], "state of the index"),
        state_index=count_of(inclusion["index"], "index in the history"),
        state_path=_parse_path(inclusion["path"]),
        map_path=_parse_steps(the_map["path"]),
        other=_parse_leaf(the_map["other"]) if "other" in the_map else None,
        indices=indices,
        entries=None if entries is None else _parse_entries(entries, indices),
        supporting=_parse_supporting(document["supporting"]),
    )
    if (history.other is None) != bool(indices):
        raise Malformed("The history does not say in its one way whether there are entries.")
    if format_history(history) != data:
        raise Malformed("The history is not in its canonical form.")
    return history


def _join_steps(steps: Sequence[Step]) -> bytes:
    return b"".join(bytes((bit,)) + sibling for bit, sibling in steps)


def _parse_steps(value: object) -> tuple[Step, ...]:
    data = bytes_of(value, "path through the map")
    if len(data) % _STEP_SIZE or len(data) > BITS * _STEP_SIZE:
        raise Malformed(f"The path through the map does not consist of at most {BITS} whole steps.")
    return tuple((data[at], data[at + 1 : at + _STEP_SIZE]) for at in range(0, len(data), _STEP_SIZE))


def _format_path(path: Sequence[bytes]) -> str:
    return format_base64(b"".join(path))


def _parse_path(value: object) -> tuple[bytes, ...]:
    data = bytes_of(value, "path in the history")
    if len(data) % HASH_SIZE or len(data) > MAX_PATH * HASH_SIZE:
        raise Malformed(f"A path in the history does not consist of at most {MAX_PATH} whole hashes.")
    return tuple(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE))


def _parse_indices(value: object) -> tuple[int, ...]:
    indices = tuple(
        count_of(index, "index in the history")
        for index in list_of(value, "list of indices in the history", MAX_INDICES)
    )
    if any(later <= earlier for earlier, later in pairwise(indices)):
        raise Malformed("The indices of the history do not ascend.")
    return indices


def _parse_entries(value: object, indices: Sequence[int]) -> tuple[Located, ...]:
    entries = list_of(value, "list of entries in the history", len(indices))
    if len(entries) != len(indices):
        raise Malformed(f"The history has {len(entries)} entries for {len(indices)} indices.")
    fields = [fields_of(each, "entry of the history", {"entry", "path"}) for each in entries]
    return tuple(
        Located(bytes_of(each["entry"], "entry of the history"), index, _parse_path(each["path"]))
        for index, each in zip(indices, fields, strict=True)
    )


def _parse_supporting(value: object) -> tuple[Located, ...]:
    fields = [
        fields_of(each, "supporting entry", {"entry", "index", "path"})
        for each in list_of(value, "list of supporting entries in the history", MAX_SUPPORTING)
    ]
    return tuple(
        Located(
            bytes_of(each["entry"], "supporting entry"),
            count_of(each["index"], "index in the history"),
            _parse_path(each["path"]),
        )
        for each in fields
    )


def _parse_leaf(value: object) -> Leaf:
    found = fields_of(value, "leaf of the map", {"key", "list"})
    return Leaf(
        bytes_of(found["key"], "key in the map", HASH_SIZE),
        bytes_of(found["list"], "list in the map", HASH_SIZE),
    )


def _note_text(note: bytes) -> str:
    try:
        return note.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("A checkpoint of the history is not text.") from None

"""Receipts, histories and manifests have one form: no member missing, added, of another type or of another size."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from ledger import receipt
from ledger.encoding import canonical_json
from ledger.errors import Malformed
from ledger.hashing import EMPTY_ROOT
from ledger.index import history
from ledger.index.history import History, format_history, parse_history
from ledger.index.trie import BITS, Leaf
from ledger.manifest import FileRow, Manifest, parse_manifest
from ledger.proofs import MAX_PATH, Located
from ledger.receipt import Bundle, Opening, format_bundle, parse_bundle
from ledger.verifying import verifying_session

HASH = bytes(range(32))
NOTE = b"log.example\n1\n\n"
BUNDLE = Bundle(
    b"statement",
    5,
    (HASH, HASH),
    NOTE,
    b"receipt",
    (Located(b"first", 0, (HASH,)), Located(b"second", 3, ())),
    (Opening("metadata", HASH, b"sealed"), Opening("terms", HASH, b"")),
)
PRESENT = History(
    key="asset:1",
    checkpoint=NOTE,
    index_checkpoint=NOTE,
    state=b"state",
    state_index=4,
    state_path=(HASH,),
    map_path=((200, HASH), (3, HASH)),
    other=None,
    indices=(2, 7),
    entries=(Located(b"two", 2, (HASH,)), Located(b"seven", 7, (HASH, HASH))),
    supporting=(Located(b"zero", 0, ()),),
)
ABSENT = replace(PRESENT, other=Leaf(HASH, HASH), indices=(), entries=())
MANIFEST = Manifest(
    [
        FileRow("a.csv", 3, HASH, "text/csv", record_root=EMPTY_ROOT),
        FileRow("b.bin", 1 << 25, HASH, "application/octet-stream", chunks=HASH),
    ]
)
DOCUMENTS: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    "receipt": (format_bundle(BUNDLE), parse_bundle),
    "history of a key": (format_history(PRESENT), parse_history),
    "history of no key": (format_history(ABSENT), parse_history),
    "manifest": (MANIFEST.canonical, parse_manifest),
}
MAY_BE_LEFT_OUT = {"openings", "entries"}
OF_ANOTHER_TYPE: tuple[Any, ...] = (None, True, 1, -1, 1.5, "text", "", [], [None], {}, {"x": 1})


def test_the_documents_read_back() -> None:
    assert parse_bundle(format_bundle(BUNDLE)) == BUNDLE
    assert parse_history(format_history(PRESENT)) == PRESENT
    assert parse_history(format_history(ABSENT)) == ABSENT
    assert parse_manifest(MANIFEST.canonical) == MANIFEST


def test_a_session_does_not_take_one_receipts_parts_for_another_s() -> None:
    with verifying_session():
        for bundle in (BUNDLE, replace(BUNDLE, supporting=()), replace(BUNDLE, checkpoint=b"other\n\n")):
            assert parse_bundle(format_bundle(bundle)) == bundle


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_member_is_of_another_type(name: str) -> None:
    data, parse = DOCUMENTS[name]
    for place, found in places(json.loads(data)):
        for other in OF_ANOTHER_TYPE:
            if type(other) is not type(found) or other == -1:
                refused(parse, changed(data, place, other))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_member_is_missing_or_added(name: str) -> None:
    data, parse = DOCUMENTS[name]
    for place, found in places(json.loads(data)):
        if isinstance(found, dict):
            refused(parse, changed(data, place, found | {"zz": 1}))
            for member in found.keys() - MAY_BE_LEFT_OUT:
                left = {key: value for key, value in found.items() if key != member}
                refused(parse, changed(data, place, left))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_hash_is_longer_or_shorter(name: str) -> None:
    data, parse = DOCUMENTS[name]
    for place, found in places(json.loads(data)):
        if not isinstance(found, str) or place[-1] in ("statement", "content", "entry", "state", "receipt"):
            continue
        if found == HASH.hex():
            refused(parse, changed(data, place, found[2:]))
            refused(parse, changed(data, place, found + "00"))
        elif b64encode(HASH).decode()[:12] in found:
            raw = b64decode(found)
            refused(parse, changed(data, place, b64encode(raw[1:]).decode()))
            refused(parse, changed(data, place, b64encode(raw + b"\x00").decode()))


def test_receipts_keep_to_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    openings = tuple(Opening(f"o{number}", HASH, b"") for number in range(receipt.MAX_OPENINGS + 1))
    supporting = (Located(b"more", 0, ()),) * (receipt.MAX_SUPPORTING + 1)
    path = (HASH,) * (MAX_PATH + 1)
    for full in (
        replace(BUNDLE, openings=openings),
        replace(BUNDLE, supporting=supporting),
        replace(BUNDLE, path=path),
    ):
        refused(parse_bundle, format_bundle(full))
    most = replace(BUNDLE, openings=openings[1:], supporting=supporting[1:], path=path[1:])
    assert parse_bundle(format_bundle(most)) == most
    refused(parse_bundle, format_bundle(replace(BUNDLE, openings=(openings[0], openings[0]))))
    refused(parse_bundle, format_bundle(replace(BUNDLE, version=2)))
    refused(parse_bundle, changed(format_bundle(BUNDLE), ("openings",), []))
    assert parse_bundle(format_bundle(replace(BUNDLE, openings=()))).openings == ()
    keeps_to_size(monkeypatch, receipt, format_bundle(BUNDLE), parse_bundle)


def test_histories_keep_to_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = ((7, HASH),) * (BITS + 1)
    path = (HASH,) * (MAX_PATH + 1)
    supporting = (Located(b"more", 0, ()),) * (history.MAX_SUPPORTING + 1)
    for full in (
        replace(PRESENT, map_path=steps),
        replace(PRESENT, state_path=path),
        replace(PRESENT, supporting=supporting),
    ):
        refused(parse_history, format_history(full))
    most = replace(PRESENT, map_path=steps[1:], state_path=path[1:], supporting=supporting[1:])
    assert parse_history(format_history(most)) == most
    monkeypatch.setattr(history, "MAX_INDICES", 2)
    assert parse_history(format_history(PRESENT)) == PRESENT
    monkeypatch.setattr(history, "MAX_INDICES", 1)
    refused(parse_history, format_history(PRESENT))
    monkeypatch.undo()
    keeps_to_size(monkeypatch, history, format_history(PRESENT), parse_history)
    monkeypatch.setattr(history, "MAX_SIZE", len(format_history(PRESENT)) - 1)
    with pytest.raises(Malformed, match="without its entries"):
        format_history(PRESENT)


def test_indices_ascend_and_each_has_its_entry() -> None:
    for indices in ((7, 2), (2, 2)):
        entries = tuple(Located(b"x", index, ()) for index in indices)
        refused(parse_history, format_history(replace(PRESENT, indices=indices, entries=entries)))
    assert PRESENT.entries is not None
    refused(parse_history, format_history(replace(PRESENT, entries=PRESENT.entries[:1])))
    refused(parse_history, format_history(replace(PRESENT, other=Leaf(HASH, HASH))))
    refused(parse_history, format_history(replace(PRESENT, indices=(), entries=None)))
    refused(parse_history, changed(format_history(PRESENT), ("version",), 2))
    assert parse_history(format_history(replace(PRESENT, entries=None))).entries is None


def test_what_is_no_text_is_not_formatted() -> None:
    with pytest.raises(Malformed, match="not text"):
        format_bundle(replace(BUNDLE, checkpoint=b"\xff"))
    for field in ("checkpoint", "index_checkpoint"):
        with pytest.raises(Malformed, match="not text"):
            format_history(replace(PRESENT, **{field: b"\xff"}))


def keeps_to_size(
    monkeypatch: pytest.MonkeyPatch, module: Any, data: bytes, parse: Callable[[bytes], Any]
) -> None:
    """`parse` reads as many bytes as its module says, and not one more."""
    monkeypatch.setattr(module, "MAX_SIZE", len(data))
    assert parse(data)
    monkeypatch.setattr(module, "MAX_SIZE", len(data) - 1)
    refused(parse, data)
    monkeypatch.undo()


def refused(parse: Callable[[bytes], Any], data: bytes) -> None:
    with pytest.raises(Malformed):
        parse(data)


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value in a document, with the names and numbers that lead to it."""
    yield place, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*place, key))


def changed(data: bytes, place: tuple[Any, ...], new: Any) -> bytes:
    """The document with another value at a place."""
    document = {"": json.loads(data)}
    holder: Any = document
    for key in ("", *place)[:-1]:
        holder = holder[key]
    holder[("", *place)[-1]] = deepcopy(new)
    return canonical_json(document[""])

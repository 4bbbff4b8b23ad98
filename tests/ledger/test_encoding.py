"""Encodings of which exactly one form is accepted: whatever is read is written back byte for byte."""

import json
from contextlib import suppress
from typing import Any

import cbor2
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from ledger import cbor
from ledger.encoding import MAX_SAFE_INTEGER, parse_canonical_json
from ledger.errors import Malformed

KEYS = st.integers(-(2**64), 2**64 - 1) | st.text(max_size=30)
HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=20)
ITEMS = st.recursive(
    KEYS | st.binary(max_size=40) | st.booleans() | st.none() | HASHES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(KEYS, inner, max_size=5)
        | st.builds(cbor.Tag, st.integers(0, 2**64 - 1), inner)
    ),
    max_leaves=12,
)
INTEGERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
DOCUMENTS = st.recursive(
    INTEGERS | st.text() | st.booleans() | st.none() | st.floats(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)


@given(ITEMS)
def test_cbor_written_deterministically_reads_as_such(item: Any) -> None:
    assert cbor.decode(cbor.encode(item), "item", deterministic=True) == item


@given(ITEMS, st.data())
def test_changed_cbor_is_deterministic_only_if_it_would_be_written_so(item: Any, data: st.DataObject) -> None:
    """One byte of it, another order of its keys, or longer heads."""
    written = bytearray(cbor.encode(item))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place : place + 1] = data.draw(st.binary(max_size=3))
    with suppress(Malformed):
        found = cbor.decode(bytes(written), "item")
        if cbor.encode(found) == written:
            assert cbor.decode(bytes(written), "item", deterministic=True) == found
        else:
            with pytest.raises(Malformed, match="deterministic"):
                cbor.decode(bytes(written), "item", deterministic=True)


@pytest.mark.parametrize(
    "data",
    [
        "1801",  # 1 in two bytes
        "190001",
        "1a00000100",
        "1b0000000000000001",
        "5801ff",  # a string whose length has a byte too many
        "a2200001 00".replace(" ", ""),  # -1 before 1
        "a2613100 0100".replace(" ", ""),  # text before a number
        "8258" + "20" + "00" * 32 + "5900" + "20" + "00" * 32,  # one of two hashes with a longer head
    ],
)
def test_cbor_in_another_form_is_read_but_is_not_deterministic(data: str) -> None:
    assert cbor.encode(cbor.decode(bytes.fromhex(data), "item")) != bytes.fromhex(data)
    with pytest.raises(Malformed, match="deterministic"):
        cbor.decode(bytes.fromhex(data), "item", deterministic=True)


@pytest.mark.parametrize("depth", [15, 16, 17])
def test_the_depth_of_cbor_is_limited_for_rows_of_hashes_too(depth: int) -> None:
    item: Any = [bytes(32), bytes(32)]
    for _ in range(depth - 1):
        item = [item]
    written = cbor2.dumps(item)
    if depth <= 16:
        assert cbor.decode(written, "item") == item
    else:
        with pytest.raises(Malformed, match="levels"):
            cbor.decode(written, "item")


@given(DOCUMENTS)
@example({"\ue000": 1, "\U00010000": 2})  # in the order of UTF-16 the other way round
@example([1.5, 1e21, -0.0])
@example({"a": [[{}]], "é": "\x7f\x00\u2028"})
def test_canonical_json_reads_back(document: Any) -> None:
    assert parse_canonical_json(rfc8785.dumps(document)) == document


@given(DOCUMENTS, st.data())
def test_json_is_read_in_its_canonical_form_only(document: Any, data: st.DataObject) -> None:
    written = bytearray(rfc8785.dumps(document))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place : place + 1] = data.draw(
        st.sampled_from([b"", b" ", b"0", b'"', b"1.0", b"1e5", b"-0", b"\\u0061"])
    )
    with suppress(Malformed):
        assert rfc8785.dumps(parse_canonical_json(bytes(written))) == written


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"b":1,"a":1}',
        "9007199254740992",
        "-0",
        "1.0",
        "1E2",
        "NaN",
        '"\\ud800"',
        '"\\u0061"',
        '"\\/"',
        "[" * 65 + "]" * 65,
        "[1 ]",
        "",
    ],
)
def test_json_with_a_second_form_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_canonical_json(text.encode())


def test_json_may_be_64_levels_deep() -> None:
    document = json.loads("[" * 64 + "]" * 64)
    assert parse_canonical_json(b"[" * 64 + b"]" * 64) == document

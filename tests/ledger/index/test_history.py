"""The history's file: one form, and everything else is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.encoding import canonical_json
from ledger.errors import Malformed
from ledger.index.check import check_history
from ledger.index.history import History, format_history, parse_history
from ledger.index.state import format_state, parse_state
from ledger.index.trie import Leaf
from ledger.proofs import Located
from tests.ledger.index.tampering import ABSENT, KEY, history, world
from tests.ledger.index.worlds import TRUST

HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=4).map(tuple)
STEPS = st.lists(st.tuples(st.integers(0, 255), st.binary(min_size=32, max_size=32)), max_size=4).map(tuple)
LEAVES = st.builds(Leaf, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
LOCATED = st.builds(Located, st.binary(max_size=20), st.integers(0, 2**53 - 1), HASHES)
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@st.composite
def histories(draw: st.DrawFn) -> History:
    shown = draw(st.lists(LOCATED, max_size=4, unique_by=lambda located: located.index))
    ordered = tuple(sorted(shown, key=lambda located: located.index))
    return History(
        key=draw(TEXT),
        checkpoint=draw(TEXT).encode(),
        index_checkpoint=draw(TEXT).encode(),
        state=draw(st.binary(max_size=20)),
        state_index=draw(st.integers(0, 2**53 - 1)),
        state_path=draw(HASHES),
        map_path=draw(STEPS),
        other=None if ordered else draw(LEAVES),
        indices=tuple(located.index for located in ordered),
        entries=draw(st.sampled_from([ordered, None])),
        supporting=tuple(draw(st.lists(LOCATED, max_size=2))),
    )


@given(histories())
def test_what_is_formatted_is_read_back(made: History) -> None:
    assert parse_history(format_history(made)) == made


@given(st.binary(max_size=60))
def test_other_bytes_are_no_history(data: bytes) -> None:
    report = check_history(data, TRUST)
    assert report.outcome == "unreadable"
    assert report.history is None
    assert all(step.outcome == "not_run" for step in report.steps[1:])
    assert report.sentence("zh") != report.sentence("en")


@pytest.mark.parametrize("version", [0, 2, True, "1"])
def test_a_history_of_another_version_is_refused_as_that(version: object) -> None:
    other = json.loads(format_history(history(KEY))) | {"version": version}
    with pytest.raises(Malformed, match=f"has the version {version!r}; this program reads version 1"):
        parse_history(canonical_json(other))


def test_departures_from_the_one_form_are_refused() -> None:
    good = json.loads(format_history(history(KEY)))
    absent = json.loads(format_history(history(ABSENT)))
    bad = [
        good | {"more": 1},
        good | {"indices": good["indices"][::-1]},
        good | {"indices": [-1, *good["indices"][1:]]},
        good | {"indices": [True, *good["indices"][1:]]},
        good | {"indices": good["indices"][1:]},
        good | {"entries": good["entries"][1:]},
        good | {"indices": [], "entries": []},
        good | {"map": absent["map"]},
        good | {"map": {"path": good["map"]["path"][4:]}},
        absent | {"map": {"path": absent["map"]["path"]}},
        absent | {"map": absent["map"] | {"other": absent["map"]["other"] | {"list": "AA=="}}},
        good | {"key": ""},
        good | {"key": 7},
        good | {"supporting": good["supporting"] * 9},
        good | {"index": good["index"] | {"state": "???"}},
        {name: value for name, value in good.items() if name != "supporting"},
    ]
    for document in bad:
        with pytest.raises(Malformed):
            parse_history(canonical_json(document))
    with pytest.raises(Malformed, match="canonical"):
        parse_history(json.dumps(good).encode())
    assert parse_history(canonical_json(good)) == history(KEY)


def test_a_state_has_one_form() -> None:
    reader = world().index_reader()
    good = reader.entry(2)
    assert format_state(parse_state(good)) == good
    lines = good.split(b"\n")
    for bad in (
        good[:-1],
        good + b"\n",
        good.replace(b"index-state/v1", b"index-state/v2"),
        good.replace(b"index-map/v1", b"index-map/v2"),
        b"\n".join([*lines[:2], b"0" + lines[2], *lines[3:]]),
        b"\n".join([*lines[:2], b"0", *lines[3:]]),
        b"\n".join([*lines[:3], lines[3][:-4], *lines[4:]]),
    ):
        with pytest.raises(Malformed):
            parse_state(bad)

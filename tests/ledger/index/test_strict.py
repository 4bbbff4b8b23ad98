"""What the index reads has one form, and finds names at any depth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.checkpoint import Checkpoint
from ledger.encoding import format_base64
from ledger.errors import Malformed
from ledger.hashing import EMPTY_ROOT
from ledger.index.keys import keys_of
from ledger.index.state import IndexState, format_state, parse_state
from ledger.statement import Claims, in_toto, sign_statement, urn
from tests.ledger.market_in_a_box import key, uuid

HASH = bytes(range(32))
STATE = IndexState(Checkpoint("log.example", 1, HASH), HASH)


def test_states_read_back_from_the_first_entry_on() -> None:
    for size in (1, 2, 2**63 - 1):
        state = replace(STATE, log=Checkpoint("log.example", size, HASH))
        assert parse_state(format_state(state)) == state


def test_there_is_no_state_of_a_log_without_entries() -> None:
    with pytest.raises(Malformed):
        parse_state(format_state(replace(STATE, log=Checkpoint("log.example", 0, EMPTY_ROOT))))


@pytest.mark.parametrize("size", [0, 31, 33])
@pytest.mark.parametrize("place", [3, 5])
def test_roots_have_32_bytes(place: int, size: int) -> None:
    lines = format_state(STATE).split(b"\n")
    lines[place] = format_base64(bytes(size)).encode()
    with pytest.raises(Malformed):
        parse_state(b"\n".join(lines))


def keys_in(predicate: dict[str, Any]) -> set[str]:
    org = urn("log.example", "org", uuid(1))
    payload = in_toto("urn:datawharf:predicate/registration/v1", "m", {"sha256": "ab" * 32}, predicate)
    return set(keys_of(sign_statement(payload, Claims(org, org, "log.example", 1), key(1)).leaf_bytes))


@pytest.mark.parametrize("name", ["binding", "derivedFrom", "offer", "previous", "registration"])
def test_references_are_found_at_any_depth_under_the_nearest_name(name: str) -> None:
    one, two = "aa" * 32, "bb" * 32
    plain = keys_in({})
    assert keys_in({name: one}) - plain == {f"leaf:{one}"}
    assert keys_in({name: [one, [two]]}) - plain == {f"leaf:{one}", f"leaf:{two}"}
    assert keys_in({"more": [{name: one}, {"x": two}]}) - plain == {f"leaf:{one}"}
    assert keys_in({name: {"x": one}}) == keys_in({"x": [one]}) == plain


def test_things_are_found_in_lists_whatever_their_name() -> None:
    asset = urn("log.example", "asset", uuid(7))
    assert keys_in({"x": [[asset], 1, None, True]}) - keys_in({}) == {f"asset:{uuid(7)}"}

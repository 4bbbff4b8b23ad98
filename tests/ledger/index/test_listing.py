"""Which entries a history names, as a person reads it below the steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.check_words import Language
from ledger.index.check import check_history
from ledger.index.history import format_history
from ledger.index.keys import UNREADABLE
from ledger.index.listing import MOST_LISTED, entry_lines
from tests.ledger.index.tampering import KEY, history
from tests.ledger.index.worlds import TRUST, Indexed, asset, org, statement

SIZE = MOST_LISTED + 3


def lines(entries: list[bytes], key: str, lang: Language = "en", *, with_entries: bool = True) -> list[str]:
    world = Indexed(entries)
    world.follow()
    return list(entry_lines(check_history(world.prove(key, with_entries=with_entries), TRUST), lang))


@pytest.mark.parametrize(
    ("lang", "first", "second"),
    [
        ("en", "entry 0: registration/v1, in the name of {org}", "entry 1: listing/v1, in the name of {org}"),
        ("zh", "第 0 条：registration/v1，以 {org} 的名义", "第 1 条：listing/v1，以 {org} 的名义"),
    ],
)
def test_each_entry_shown_has_its_number_kind_and_issuer(lang: Language, first: str, second: str) -> None:
    entries = [statement(1), statement(1, kind="listing"), statement(2)]
    expected = [f"  {line.format(org=org(1))}" for line in (first, second)]
    assert lines(entries, asset(1), lang) == expected


def test_of_many_the_first_are_listed_and_the_rest_counted() -> None:
    entries = [statement(1, number=number) for number in range(SIZE)]
    found = lines(entries, asset(1))
    assert len(found) == MOST_LISTED + 1
    assert found[-1] == "  … and 3 more"
    assert lines(entries, asset(1), "zh")[-1] == "  ……另有 3 条"
    assert lines(entries[:MOST_LISTED], asset(1))[-1].startswith(f"  entry {MOST_LISTED - 1}:")


def test_a_history_without_entries_has_their_numbers() -> None:
    entries = [statement(1), statement(2), statement(1, number=2)]
    assert lines(entries, asset(1), with_entries=False) == ["  entry 0", "  entry 2"]
    assert lines(entries, asset(1), "zh", with_entries=False) == ["  第 0 条", "  第 2 条"]
    assert lines(entries, asset(3)) == []


def test_what_is_no_statement_is_said_to_be_none() -> None:
    assert lines([b"anything"], UNREADABLE) == ["  entry 0: not a statement"]


def test_what_is_not_shown_to_hold_is_not_described() -> None:
    """A list that may lack an entry is not repeated; of entries that are not proved the numbers only."""
    whole = history(KEY)
    assert whole.entries is not None
    left_out = replace(whole, indices=whole.indices[1:], entries=whole.entries[1:])
    assert list(entry_lines(check_history(format_history(left_out), TRUST))) == []
    changed = replace(whole.entries[0], entry=statement(9, kind="invented"))
    invented = format_history(replace(whole, entries=(changed, *whole.entries[1:])))
    expected = [f"  entry {index}" for index in whole.indices[:MOST_LISTED]]
    assert list(entry_lines(check_history(invented, TRUST)))[: len(expected)] == expected
    assert list(entry_lines(check_history(b"{}", TRUST))) == []

"""Filters against a model that says in plain Python what each of them means."""

from __future__ import annotations

import json
import operator
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.delivery.reader import pages
from market.delivery.reader.cells import Written, guess_type, read_cell
from market.delivery.reader.delimited import DelimitedTable
from market.delivery.reader.errors import BadFilter
from market.delivery.reader.json_lines import JsonLinesTable
from market.delivery.reader.refusal import Refusal
from market.delivery.reader.shapes import Filter, Op, ReaderLimits, RowQuery
from tests.market.delivery.reader.tables import CSV, JSON_LINES, PARQUET, read, write

_COMPARE = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
integers = st.integers(-(10**6), 10**6)
floats = st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: number + 0.0)
words = st.text(st.sampled_from("ab钦ກ,\"'; \n=|"), max_size=5)
rows = st.fixed_dictionaries(
    {
        "i": st.none() | integers,
        "f": st.none() | floats,
        "t": st.none() | words.filter(bool),
        "b": st.none() | st.booleans(),
    }
)
tables = st.lists(rows, min_size=1, max_size=12)
conditions = st.one_of(
    st.builds(Filter, st.just("i"), st.sampled_from(list(_COMPARE)), integers),
    st.builds(Filter, st.just("f"), st.sampled_from(list(_COMPARE)), floats | integers),
    st.builds(Filter, st.just("t"), st.sampled_from([*_COMPARE, "contains"]), words),
    st.builds(Filter, st.just("b"), st.sampled_from(["eq", "ne"]), st.booleans()),
    st.builds(Filter, st.sampled_from("iftb"), st.just("is_null"), st.booleans()),
)


def model(row: dict[str, Any], condition: Filter) -> bool:
    cell = row[condition.column]
    if condition.op == "is_null":
        return (cell is None) == condition.value
    if cell is None:
        return False
    if condition.op == "contains":
        return str(condition.value) in cell
    return bool(_COMPARE[condition.op](cell, condition.value))


def found(table: Any, filters: list[Filter]) -> list[dict[str, Any]]:
    wanted = pages.plan(table, RowQuery(filters=tuple(filters)), "json", ReaderLimits(), "0" * 64)
    rows: list[dict[str, Any]] = json.loads(pages.text_page(table, wanted, "0" * 64).body)
    return rows


# One row of each type first, so that the columns have the types that the model assumes.
_TYPED = {"i": 0, "f": 0.5, "t": "a b", "b": True}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables, filters=st.lists(conditions, max_size=3))
def test_filters_mean_the_same_as_the_model(
    tmp_path: Path, table: list[dict[str, Any]], filters: list[Filter]
) -> None:
    table = [_TYPED, *table]
    expected = [row for row in table if all(model(row, condition) for condition in filters)]
    for media_type, opened in ((JSON_LINES, JsonLinesTable), (CSV, DelimitedTable)):
        path = write(tmp_path / "t", media_type, table)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            size = path.stat().st_size
            reader = (
                opened(descriptor, size, tab=False) if opened is DelimitedTable else opened(descriptor, size)
            )
            assert found(reader, filters) == expected
        finally:
            os.close(descriptor)


def test_the_three_formats_agree_through_the_real_reader(tmp_path: Path) -> None:
    table = [
        _TYPED,
        {"i": -3, "f": 2.25, "t": "钦州", "b": False},
        {"i": None, "f": None, "t": None, "b": None},
        {"i": 7, "f": -1.0, "t": "b钦", "b": True},
    ]
    cases: list[Filter] = [
        Filter("i", "lt", "7"),
        Filter("f", "ge", "0.5"),
        Filter("t", "contains", "钦"),
        Filter("b", "ne", "false"),
        Filter("t", "is_null", "true"),
    ]
    natural = {"7": 7, "0.5": 0.5, "false": False, "true": True}
    for condition in cases:
        meant = Filter(condition.column, condition.op, natural.get(str(condition.value), condition.value))
        expected = [row for row in table if model(row, meant)]
        assert 0 < len(expected) < len(table)
        for media_type in (CSV, JSON_LINES, PARQUET):
            assert read(write(tmp_path / "t", media_type, table), media_type, condition) == expected


@pytest.mark.parametrize(
    ("column", "op", "value"),
    [
        ("i", "eq", "seven"),
        ("i", "lt", None),
        ("i", "eq", True),
        ("i", "contains", "1"),
        ("f", "gt", "NaN"),
        ("f", "gt", float("nan")),
        ("t", "eq", 5),
        ("b", "lt", True),
        ("b", "eq", "maybe"),
        ("t", "is_null", "perhaps"),
        ("n", "eq", "{}"),
    ],
)
def test_senseless_filters_are_refused(tmp_path: Path, column: str, op: Op, value: Any) -> None:
    path = write(tmp_path / "t", JSON_LINES, [{**_TYPED, "n": {"x": 1}}])
    descriptor = os.open(path, os.O_RDONLY)
    try:
        reader = JsonLinesTable(descriptor, path.stat().st_size)
        with pytest.raises(Refusal) as refused:
            found(reader, [Filter(column, op, value)])
    finally:
        os.close(descriptor)
    assert refused.value.reason in {"bad-filter-op", "bad-filter-value"}
    assert refused.value.where == column


def test_a_bad_filter_reaches_the_caller_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "t", CSV)
    with pytest.raises(
        BadFilter, match="seven is not a value of the column id, which holds integer"
    ) as refused:
        read(path, CSV, Filter("id", "eq", "seven"))
    assert refused.value.hint
    with pytest.raises(BadFilter):
        read(path, CSV, *[Filter("id", "gt", 0)] * 33)


@given(st.lists(st.sampled_from(["", "NA", "0", "-1", "1.5", "2e3", "true", "007", "x", "-0"]), max_size=6))
def test_a_guessed_type_fits_each_cell_it_was_guessed_from(cells: list[str]) -> None:
    kind = guess_type(cells)
    python = {"integer": int, "number": (int, Written), "boolean": bool, "text": str}[kind]
    for cell in cells:
        value = read_cell(kind, cell)
        assert value is None or isinstance(value, python)

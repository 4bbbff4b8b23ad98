"""Values of cells: what type a column of text holds, how a cell is read as it, and how a filter compares.

``Written`` is a number that remembers its digits, so that 1.10 does not become 1.1 on its way through.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from market.delivery.reader.refusal import Refusal
from market.delivery.reader.shapes import MAX_FILTERS, Column, ColumnType, Filter

Test = Callable[[Any], bool]
"""Whether one cell's value meets one condition."""

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
MISSING = ("", "NA")
"""Cells of a column that is not text which stand for no value. In a text column only the empty cell does."""


class Written(float):
    """A float with the digits it was written with."""

    text: str

    def __new__(cls, text: str) -> Written:
        value = super().__new__(cls, text)
        value.text = text
        return value


def guess_type(cells: Iterable[str]) -> ColumnType:
    """The narrowest type that every cell fits; text where there is none, or where all are missing."""
    seen = [cell for cell in cells if cell not in MISSING]
    if not seen:
        return "text"
    if all(_INTEGER.fullmatch(cell) for cell in seen):
        return "integer"
    if all(_NUMBER.fullmatch(cell) for cell in seen):
        return "number"
    if all(cell in _BOOLEANS for cell in seen):
        return "boolean"
    return "text"


def read_cell(type_: ColumnType, cell: str) -> object:
    """The cell as a value of the column's type; as text where it does not fit; None where it is missing."""
    if cell == "" or (type_ != "text" and cell in MISSING):
        return None
    if type_ == "integer" and _INTEGER.fullmatch(cell):
        return int(cell)
    if type_ in {"integer", "number"} and _NUMBER.fullmatch(cell):
        return Written(cell)
    if type_ == "boolean":
        return _BOOLEANS.get(cell, cell)
    return cell


def compile_filters(filters: Sequence[Filter], columns: Sequence[Column]) -> list[tuple[str, Test]]:
    """For each filter its column and the test of a cell of it. Raises ``Refusal`` for what makes no sense."""
    if len(filters) > MAX_FILTERS:
        raise Refusal("too-many-filters", where="filter", limit=MAX_FILTERS)
    types = {column.name: column.type for column in columns}
    return [(condition.column, _compile(condition, types[condition.column])) for condition in filters]


def _compile(condition: Filter, type_: ColumnType) -> Test:
    if condition.op == "is_null":
        wanted = _coerce(condition, "boolean")
        return lambda value: (value is None) == wanted
    allowed = {"json": set(), "boolean": {"eq", "ne"}, "text": {"eq", "ne", "contains", *_ORDERED}}
    if condition.op not in allowed.get(type_, {"eq", "ne", *_ORDERED}):
        raise Refusal(
            "bad-filter-op", where=condition.column, column=condition.column, op=condition.op, type=type_
        )
    operand = _coerce(condition, type_)
    if condition.op == "eq":
        return lambda value: value is not None and _alike(value, operand) and bool(value == operand)
    if condition.op == "ne":
        return lambda value: value is not None and not (_alike(value, operand) and value == operand)
    if condition.op == "contains":
        return lambda value: isinstance(value, str) and str(operand) in value
    compare = _ORDERED[condition.op]
    return lambda value: value is not None and _alike(value, operand) and compare(value, operand)


def _alike(value: object, operand: object) -> bool:
    """Text compares with text, truth with truth, and numbers of all kinds with each other."""
    if isinstance(value, str) or isinstance(operand, str):
        return isinstance(value, str) and isinstance(operand, str)
    return isinstance(value, bool) == isinstance(operand, bool)


def _coerce(condition: Filter, type_: ColumnType) -> object:
    try:
        value = _READERS[type_](condition.value)
    except (ValueError, InvalidOperation, OverflowError):
        value = None
    if value is None:
        raise Refusal(
            "bad-filter-value",
            where=condition.column,
            column=condition.column,
            value=str(condition.value)[:100],
            type=type_,
        )
    return value


def _as_number(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            return None
        return int(value) if re.fullmatch(r"\s*-?[0-9]{1,400}\s*", value) else float(value)
    return None if value != value else value


def _as_decimal(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return None
    number = Decimal(str(value).strip())
    return number if number.is_finite() else None


def _as_boolean(value: object) -> object:
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip())
    return value if isinstance(value, bool) else None


def _as_text(value: object) -> object:
    return value if isinstance(value, str) else None


def _as_timestamp(value: object) -> object:
    """The form of ``columnar``: UTC, ``2026-01-31T08:00:00.000000``; a time without zone is taken as it is."""
    moment = datetime.fromisoformat(str(value).strip())
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds")


_READERS: dict[ColumnType, Callable[[object], object]] = {
    "integer": _as_number,
    "number": _as_number,
    "decimal": _as_decimal,
    "boolean": _as_boolean,
    "text": _as_text,
    "timestamp": _as_timestamp,
    "date": lambda value: date.fromisoformat(str(value).strip()).isoformat(),
    "time": lambda value: time.fromisoformat(str(value).strip()).isoformat(timespec="microseconds"),
    "binary": _as_text,
}

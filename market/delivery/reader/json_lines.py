"""JSON Lines: an object a line, UTF-8; empty lines are passed over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from market.delivery.reader.cells import Written
from market.delivery.reader.cursors import Place
from market.delivery.reader.refusal import Refusal
from market.delivery.reader.rendering import as_csv_text
from market.delivery.reader.shapes import MAX_COLUMNS, Column, ColumnType
from market.delivery.reader.source import Lines, refuse_other_file_types

_SAMPLE_BYTES = 1 << 20


class JsonLinesTable:
    """Rows are objects. The columns are the names of the first mebibyte, in the order in which they appear."""

    def __init__(self, descriptor: int, size: int) -> None:
        refuse_other_file_types(descriptor, "JSON Lines")
        self._descriptor, self.size, self.start = descriptor, size, (0, 1)
        types: dict[str, set[ColumnType]] = {}
        for row, after in self.rows(self.start):
            for name, value in row.items():
                types.setdefault(name, set()).update(_types_of(value))
            if len(types) > MAX_COLUMNS:
                raise Refusal("too-many-columns", where=f"line {after[1] - 1}", limit=MAX_COLUMNS)
            if after[0] > _SAMPLE_BYTES:
                break
        self.columns = tuple(Column(name, _common(found)) for name, found in types.items())

    def rows(self, start: Place) -> Iterator[tuple[dict[str, Any], Place]]:
        """Each object from ``start`` on and the place after it."""
        lines = Lines(self._descriptor, self.size, *start)
        for line in lines:
            if not line.isspace():
                yield _parse(line, lines.line - 1), (lines.offset, lines.line)

    def names(self, row: dict[str, Any]) -> Sequence[str]:
        """The names of this object, which may lack some columns or have further ones."""
        return tuple(row)

    def value(self, row: dict[str, Any], name: str) -> Any:
        """The member's value; None where there is none."""
        return row.get(name)

    def text(self, row: dict[str, Any], name: str) -> str:
        """The member's value as a CSV cell."""
        return as_csv_text(row.get(name))


def _parse(line: str, number: int) -> dict[str, Any]:
    place = f"line {number}"
    try:
        row = json.loads(
            line, parse_float=Written, parse_constant=_no_constant, object_pairs_hook=_without_duplicates
        )
    except _DuplicateName as problem:
        raise Refusal("json-duplicate-name", where=place, column=str(problem)[:100]) from None
    except json.JSONDecodeError as problem:
        where = f"{place}, column {problem.colno}"
        raise Refusal("json-syntax", where=where, problem=problem.msg) from None
    except RecursionError:
        raise Refusal("json-too-deep", where=place) from None
    except ValueError as problem:
        raise Refusal("json-syntax", where=place, problem=str(problem)[:100]) from None
    if not isinstance(row, dict):
        raise Refusal("json-not-object", where=place)
    return row


class _DuplicateName(Exception):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _DuplicateName(name)
            seen.add(name)
    return row


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _types_of(value: Any) -> set[ColumnType]:
    match value:
        case None:
            return set()
        case bool():
            return {"boolean"}
        case int():
            return {"integer"}
        case float():
            return {"number"}
        case str():
            return {"text"}
        case _:
            return {"json"}


def _common(found: set[ColumnType]) -> ColumnType:
    if not found:
        return "text"
    if found <= {"integer", "number"}:
        return "integer" if found == {"integer"} else "number"
    return next(iter(found)) if len(found) == 1 else "json"

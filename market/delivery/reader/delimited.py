"""CSV and TSV, UTF-8 with or without a mark, a header line, quotes as in RFC 4180.

The delimiter of a CSV file is the one of comma, semicolon, tab and bar that cuts the header into most parts.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from market.delivery.reader.cells import guess_type, read_cell
from market.delivery.reader.cursors import Place
from market.delivery.reader.refusal import Refusal
from market.delivery.reader.shapes import MAX_COLUMNS, MAX_LINE_BYTES, Column
from market.delivery.reader.source import Lines, refuse_other_file_types

_DELIMITERS = ",;\t|"
_SAMPLE_BYTES = 1 << 20
_RECORD_BYTES = 4 * MAX_LINE_BYTES


class DelimitedTable:
    """Rows are lists of cells, exactly as written; ``value`` reads a cell as its column's type."""

    def __init__(self, descriptor: int, size: int, *, tab: bool) -> None:
        refuse_other_file_types(descriptor, "TSV" if tab else "CSV")
        csv.field_size_limit(_RECORD_BYTES)
        self._descriptor, self.size = descriptor, size
        lines = Lines(descriptor, size, 0, 1)
        first = next(lines, "")
        if not first.strip():
            raise Refusal("no-header", where="line 1")
        self._delimiter = "\t" if tab else max(_DELIMITERS, key=lambda mark: _count(first, mark))
        header, self.start, _ = next(self._records((0, 1)))
        self._names = _checked_names(header)
        self.columns = self._describe()
        self._at = {name: at for at, name in enumerate(self._names)}

    def rows(self, start: Place) -> Iterator[tuple[list[str], Place]]:
        """Each record from ``start`` on and the place after it."""
        width = len(self._names)
        for record, after, line in self._records(start):
            if len(record) != width:
                raise Refusal("field-count", where=f"line {line}", found=len(record), expected=width)
            yield record, after

    def names(self, row: list[str]) -> Sequence[str]:
        """The columns of a row: the same for all."""
        del row
        return self._names

    def value(self, row: list[str], name: str) -> Any:
        """The cell as a typed value."""
        at = self._at[name]
        return read_cell(self.columns[at].type, row[at])

    def text(self, row: list[str], name: str) -> str:
        """The cell exactly as the file has it."""
        return row[self._at[name]]

    def _describe(self) -> tuple[Column, ...]:
        sample: list[list[str]] = []
        for record, after, _ in self._records(self.start):
            if after[0] > _SAMPLE_BYTES and sample:
                break
            if len(record) == len(self._names):
                sample.append(record)
        return tuple(
            Column(name, guess_type(record[at] for record in sample)) for at, name in enumerate(self._names)
        )

    def _records(self, start: Place) -> Iterator[tuple[list[str], Place, int]]:
        """Each record, the place after it, and the line on which it begins."""
        lines = Lines(self._descriptor, self.size, *start)
        feed = _Feed(lines)
        reader = csv.reader(feed, delimiter=self._delimiter, strict=True)
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                raise Refusal("csv-syntax", where=f"line {feed.begin_line}", problem=str(problem)) from None
            if record:
                yield record, (lines.offset, lines.line), feed.begin_line
            feed.mark()


class _Feed:
    """Lines for ``csv``, which takes one when it needs one and never more; ends quoted cells that never close."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.mark()

    def mark(self) -> None:
        """A record begins here."""
        self.begin_offset, self.begin_line = self._lines.offset, self._lines.line

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._lines.offset - self.begin_offset > _RECORD_BYTES:
            raise Refusal("record-too-long", where=f"line {self.begin_line}", limit=_RECORD_BYTES)
        return next(self._lines)


def _count(header: str, delimiter: str) -> int:
    return len(next(csv.reader([header], delimiter=delimiter), []))


def _checked_names(header: list[str]) -> list[str]:
    """A column without a name is called by its number, as ``column_3``."""
    if len(header) > MAX_COLUMNS:
        raise Refusal("too-many-columns", where="line 1", limit=MAX_COLUMNS)
    names = [name or f"column_{at}" for at, name in enumerate(header, start=1)]
    seen: set[str] = set()
    for at, name in enumerate(names, start=1):
        if name in seen:
            raise Refusal("duplicate-column", where=f"line 1, column {at}", column=name[:100])
        seen.add(name)
    return names

"""Rows as JSON or CSV, no longer than the answer may be.

Data are passed on unchanged: numbers keep their digits, and CSV cells that a spreadsheet would take for formulas (they
begin with =, +, - or @) are *not* altered. Whoever opens customer data in a spreadsheet must import it as text.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from market.delivery.reader.cells import Written
from market.delivery.reader.refusal import Refusal

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class JsonRows:
    """An array of objects, UTF-8."""

    def __init__(self, output_bytes: int) -> None:
        self._limit, self._size, self._rows = output_bytes, 2, list[bytes]()
        self._names: dict[str, str] = {}

    def add(self, names: Sequence[str], values: Sequence[Any]) -> bool:
        """False where the row does not fit any more and was not added."""
        text = ",".join(
            [
                f"{self._names.get(name) or self._name(name)}:{as_json(value)}"
                for name, value in zip(names, values, strict=True)
            ]
        )
        row = b"{" + text.encode("utf-8") + b"}"
        if not _fits(self._size + len(row) + 1, self._limit, self.count):
            return False
        self._size += len(row) + 1
        self._rows.append(row)
        return True

    @property
    def count(self) -> int:
        """Rows added."""
        return len(self._rows)

    def body(self) -> bytes:
        """The finished document."""
        return b"[" + b",".join(self._rows) + b"]"

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, _encode(name))


class CsvRows:
    """A header line and rows, UTF-8, comma, quotes where needed, lines ended by CR LF as RFC 4180 says."""

    def __init__(self, names: Sequence[str], output_bytes: int) -> None:
        self._limit, self.count = output_bytes, 0
        self._out = io.StringIO()
        self._writer = csv.writer(self._out)
        self._writer.writerow(names)
        self._size = len(self._out.getvalue().encode("utf-8"))

    def add(self, cells: Sequence[str]) -> bool:
        """False where the row does not fit any more and was not added."""
        before = self._out.tell()
        self._writer.writerow(cells)
        self._out.seek(before)
        size = len(self._out.read().encode("utf-8"))
        if not _fits(self._size + size, self._limit, self.count):
            self._out.seek(before)
            self._out.truncate()
            return False
        self._size += size
        self.count += 1
        return True

    def body(self) -> bytes:
        """The finished document."""
        return self._out.getvalue().encode("utf-8")


def as_json(value: Any) -> str:
    """A value as JSON text; NaN and the infinities, which JSON lacks, as the texts that JavaScript has for them."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Written():
            return value.text
        case float() if not math.isfinite(value):
            return f'"{as_csv_text(value)}"'
        case Decimal():
            return format(value, "f") if value.is_finite() else f'"{value}"'
        case _:
            return _encode(value)


def as_csv_text(value: Any) -> str:
    """A value as the text of a CSV cell; a missing one is empty."""
    match value:
        case None:
            return ""
        case str():
            return value
        case float() if value != value:
            return "NaN"
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case _:
            return as_json(value)


def _fits(size: int, limit: int, rows_before: int) -> bool:
    if size <= limit:
        return True
    if rows_before == 0:
        raise Refusal("row-too-large", limit=limit)
    return False

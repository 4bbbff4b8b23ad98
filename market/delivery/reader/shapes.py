"""What is asked of the reader and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Output = Literal["json", "csv", "parquet"]
Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "contains", "is_null"]
Scalar = str | int | float | bool | None
ColumnType = Literal[
    "integer", "number", "decimal", "boolean", "text", "timestamp", "date", "time", "binary", "json"
]

MAX_ROWS = 10_000
MAX_COLUMNS = 4_096
MAX_FILTERS = 32
MAX_LINE_BYTES = 1 << 20
SAMPLE_ROWS = 10

CSV, TSV = "text/csv", "text/tab-separated-values"
JSON, JSON_LINES = "application/json", "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
FORMATS: dict[str, str] = {
    CSV: "csv",
    TSV: "tsv",
    JSON_LINES: "jsonl",
    "application/jsonl": "jsonl",
    "application/jsonlines": "jsonl",
    PARQUET: "parquet",
    "application/x-parquet": "parquet",
}
"""Media types that can be read, and which of our readers takes them. Parameters (``; charset=``) are ignored."""

MEDIA_TYPES: dict[Output, str] = {"json": JSON, "csv": "text/csv; charset=utf-8", "parquet": PARQUET}


@dataclass(frozen=True)
class Filter:
    """One condition on one column; all the conditions of a query must hold.

    ``value`` may be text, as a web address has it, and is read as the column's type. A missing value matches
    ``is_null`` only (whose value says whether it must be missing), so ``ne`` does not find it, as in SQL. ``contains``
    looks for a piece of text, case kept.
    """

    column: str
    op: Op
    value: Scalar


@dataclass(frozen=True)
class RowQuery:
    """A page of a table: which columns (None: all), which rows, from where, and how many at most."""

    columns: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    cursor: str | None = None
    limit: int = 1_000


@dataclass(frozen=True)
class ReaderLimits:
    """What one reading may use. ``memory_bytes`` is on top of what the reader needs to start.

    ``scan_bytes`` and ``scan_rows`` end a page early instead of failing: a selective filter over a long table gives short
    pages with a cursor.
    """

    memory_bytes: int = 512 << 20
    cpu_seconds: int = 30
    wall_seconds: float = 60.0
    output_bytes: int = 32 << 20
    scan_bytes: int = 64 << 20
    scan_rows: int = 2_000_000


@dataclass(frozen=True)
class RowPage:
    """A page of rows. ``next_cursor`` is None exactly when the table's end was reached; pages may be short or empty."""

    body: bytes
    media_type: str
    row_count: int
    next_cursor: str | None


@dataclass(frozen=True)
class Column:
    """``type`` of a CSV column is what its first rows suggest; cells that do not fit are delivered as text."""

    name: str
    type: ColumnType


@dataclass(frozen=True)
class TableSummary:
    """``row_count`` is None where counting would take more than the limits; ``sample`` holds the first rows."""

    columns: tuple[Column, ...]
    row_count: int | None
    sample: tuple[dict[str, object], ...]

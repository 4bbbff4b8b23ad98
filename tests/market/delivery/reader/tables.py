"""Small tables for the reader's tests, and short ways to read them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from market.delivery.reader.reading import DEFAULT_LIMITS, read_rows
from market.delivery.reader.shapes import CSV, JSON_LINES, PARQUET, Filter, Output, ReaderLimits, RowQuery

ROWS: list[dict[str, Any]] = [
    {
        "id": number,
        "name": ["钦州港", "Vientiane, ວຽງຈັນ", 'a "quoted" name', "line\nbreak", "=SUM(A1)"][number % 5],
        "km": None if number % 7 == 0 else round(number * 1.25, 2),
        "open": number % 3 == 0,
    }
    for number in range(1, 61)
]


def write(path: Path, media_type: str, rows: list[dict[str, Any]] = ROWS) -> Path:
    """The rows as a file of the media type, of small row groups where it is Parquet."""
    if media_type == PARQUET:
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=17)
    elif media_type == JSON_LINES:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(
                {name: str(cell).lower() if isinstance(cell, bool) else cell for name, cell in row.items()}
                for row in rows
            )
    return path


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(
    path: Path,
    media_type: str,
    *filters: Filter,
    output: Output = "json",
    limits: ReaderLimits = DEFAULT_LIMITS,
    **query: Any,
) -> list[dict[str, Any]]:
    """One page, decoded."""
    page = read_rows(
        path, media_type, RowQuery(filters=filters, **query), output, limits, digest=digest_of(path)
    )
    rows = decode(page.body, output)
    assert len(rows) == page.row_count
    return rows


def walk(
    path: Path, media_type: str, query: RowQuery, output: Output, limits: ReaderLimits = DEFAULT_LIMITS
) -> Iterator[list[dict[str, Any]]]:
    """Page after page along the cursors."""
    digest, cursor = digest_of(path), query.cursor
    while True:
        step = RowQuery(query.columns, query.filters, cursor, query.limit)
        page = read_rows(path, media_type, step, output, limits, digest=digest)
        yield decode(page.body, output)
        if page.next_cursor is None:
            return
        assert page.next_cursor != cursor
        cursor = page.next_cursor


def decode(body: bytes, output: Output) -> list[dict[str, Any]]:
    if output == "json":
        rows: list[dict[str, Any]] = json.loads(body)
        return rows
    if output == "csv":
        return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))
    return pq.read_table(io.BytesIO(body)).to_pylist()


__all__ = ["CSV", "JSON_LINES", "PARQUET", "ROWS", "decode", "digest_of", "read", "walk", "write"]

"""Parquet, read batch by batch in one thread, and pages written as Parquet. The only module that imports pyarrow.

It is imported by the locked-down process alone, before it locks itself, and ``warm_up`` makes pyarrow load what it would
load later.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from market.delivery.reader.cursors import Place
from market.delivery.reader.refusal import Refusal
from market.delivery.reader.rendering import as_csv_text, as_json
from market.delivery.reader.shapes import MAX_COLUMNS, Column, ColumnType
from market.delivery.reader.source import PositionedFile

_BATCH_ROWS = 4_096
_FOOTER_ITEMS = 1_000_000
_FOOTER_TEXT = 16 << 20
_MAGIC = b"PAR1"


class ParquetTable:
    """Rows are read by column; a place is a row group and a row in it."""

    start: Place = (0, 0)

    def __init__(self, descriptor: int, size: int) -> None:
        if size < 12 or os.pread(descriptor, 4, 0) != _MAGIC or os.pread(descriptor, 4, size - 4) != _MAGIC:
            raise Refusal("parquet", where="byte 0", problem="it does not begin and end with PAR1")
        with damage("footer"):
            self._file = pq.ParquetFile(
                pa.PythonFile(io.BufferedReader(PositionedFile(descriptor, size)), mode="r"),
                pre_buffer=False,
                thrift_string_size_limit=_FOOTER_TEXT,
                thrift_container_size_limit=_FOOTER_ITEMS,
            )
            schema = self._file.schema_arrow
            self.groups = self._file.num_row_groups
        if len(schema) > MAX_COLUMNS or len(self._file.schema) > MAX_COLUMNS:
            raise Refusal("too-many-columns", where="footer", limit=MAX_COLUMNS)
        if len(set(schema.names)) != len(schema.names):
            twice = next(name for name in schema.names if schema.names.count(name) > 1)
            raise Refusal("duplicate-column", where="footer", column=twice[:100])
        self.columns = tuple(Column(field.name, _type_of(field.type)) for field in schema)

    def batches(self, start: Place, names: Sequence[str]) -> Iterator[tuple[Place, pa.RecordBatch]]:
        """Batches of the named columns, each with the place of its first row, from the row at ``start`` on."""
        first_group, first_row = start
        if first_group > self.groups:
            raise Refusal("bad-cursor", where="cursor")
        for group in range(first_group, self.groups):
            row, skip = 0, first_row if group == first_group else 0
            with damage(f"row group {group}"):
                batches = self._file.iter_batches(
                    _BATCH_ROWS, row_groups=[group], columns=list(names), use_threads=False
                )
            while True:
                with damage(f"row group {group}, row {row}"):
                    batch = next(batches, None)
                if batch is None:
                    break
                end = row + batch.num_rows
                if end > skip:
                    cut = max(skip - row, 0)
                    yield (group, row + cut), batch.slice(cut).select(list(names))
                row = end

    def is_end(self, place: Place) -> bool:
        """Whether no row is left from ``place`` on, as the footer has it."""
        group, row = place
        rows = [self._file.metadata.row_group(at).num_rows for at in range(group, self.groups)]
        return sum(rows) <= row

    def count(self, most: int) -> int | None:
        """Rows that are really there, or None where there are more than ``most``. What the footer says is checked."""
        promised: int = self._file.metadata.num_rows
        if promised > most:
            return None
        found = sum(batch.num_rows for _, batch in self.batches(self.start, [self.columns[0].name]))
        if found != promised:
            raise Refusal("parquet", where="footer", problem=f"it promises {promised} rows and holds {found}")
        return found


def values(array: pa.Array[Any], column: Column) -> list[Any]:
    """The cells of a column as values of ``cells``: moments and dates as ISO 8601 text, binary as base64."""
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    kind = array.type
    if column.type == "timestamp":
        zone = "Z" if kind.tz else ""
        texts = array.cast(pa.int64()).cast(pa.timestamp(kind.unit)).cast(pa.string()).to_pylist()
        return [text if text is None else _moment(text.replace(" ", "T")) + zone for text in texts]
    if column.type in {"date", "time"}:
        texts = array.cast(pa.date32() if column.type == "date" else kind).cast(pa.string()).to_pylist()
        return [text if text is None or column.type == "date" else _moment(text) for text in texts]
    if pa.types.is_float16(kind):
        array = array.cast(pa.float32())
    try:
        cells: list[Any] = array.to_pylist()
    except UnicodeDecodeError:
        raise Refusal("not-utf-8", where=column.name) from None
    except (ValueError, ImportError) as problem:
        raise Refusal(
            "unsupported-column", where=column.name, column=column.name, type=str(kind)[:100]
        ) from problem
    if column.type == "binary":
        return [None if cell is None else base64.b64encode(cell).decode("ascii") for cell in cells]
    return cells


def write_batches(batches: Sequence[pa.RecordBatch], names: Sequence[str]) -> bytes:
    """Rows of a Parquet table as Parquet, with the types that they have."""
    return _write(pa.Table.from_batches(batches).select(list(names)))


def write_rows(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows of a text table as Parquet. A column in which a cell does not fit its type is written as text."""
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = [_array(column.type, list(found)) for column, found in zip(columns, cells, strict=True)]
    return _write(pa.table(arrays, names=[column.name for column in columns]))


def empty_batch(table: ParquetTable, names: Sequence[str]) -> pa.RecordBatch:
    """A batch without rows, for an answer that has none."""
    schema = pa.schema([table._file.schema_arrow.field(name) for name in names])
    return pa.RecordBatch.from_pylist([], schema=schema)


def warm_up() -> None:
    """Write, read, cast and convert a little table, so that nothing is left to load."""
    pa.set_cpu_count(1)
    body = write_rows(
        [Column("a", "integer"), Column("b", "text"), Column("c", "number"), Column("d", "json")],
        [(1, "x", 0.5, {"y": [1]}), (None, None, None, None)],
    )
    moments = pa.table(
        {
            "t": pa.array([0, None], pa.timestamp("us", "UTC")),
            "d": pa.array([0, None], pa.date32()),
            "h": pa.array([1, None], pa.time64("us")),
            "n": pa.array(["1.10", None]).cast(pa.decimal128(10, 2)),
            "s": pa.array([{"x": [1.5]}, None]),
            "k": pa.array(["x", None]).dictionary_encode(),
            "b": pa.array([b"x", None]),
        }
    )
    for content in (body, _write(moments)):
        file = pq.ParquetFile(pa.PythonFile(io.BytesIO(content), mode="r"), pre_buffer=False)
        for batch in file.iter_batches(use_threads=False):
            for field, array in zip(batch.schema, batch.columns, strict=True):
                values(array, Column(field.name, _type_of(field.type)))
            batch.take(pa.array([0]))


@contextmanager
def damage(where: str) -> Iterator[None]:
    """What pyarrow says of a broken file, as our refusal."""
    try:
        yield
    except pa.ArrowMemoryError as problem:
        raise MemoryError from problem
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError) as problem:
        text = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
        raise Refusal("parquet", where=where, problem=text) from problem


def _write(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _array(type_: ColumnType, cells: list[Any]) -> pa.Array[Any]:
    kinds: dict[str, tuple[pa.DataType, type | tuple[type, ...]]] = {
        "integer": (pa.int64(), int),
        "number": (pa.float64(), (int, float)),
        "boolean": (pa.bool_(), bool),
    }
    kind, python = kinds.get(type_, (pa.string(), str))
    fits = all(
        cell is None or (isinstance(cell, python) and isinstance(cell, bool) == (python is bool))
        for cell in cells
    )
    if fits and type_ != "json":
        try:
            plain = [float(cell) if type_ == "number" and cell is not None else cell for cell in cells]
            return pa.array(plain, kind)
        except (OverflowError, pa.ArrowInvalid):
            fits = False
    text = as_json if type_ == "json" else as_csv_text
    return pa.array([None if cell is None else text(cell) for cell in cells], pa.string())


def _moment(text: str) -> str:
    """At least six digits after the second, nine only where the last three say something."""
    whole, _, fraction = text.partition(".")
    fraction = fraction.ljust(6, "0")
    return f"{whole}.{fraction[:6] if fraction[6:] == '000' else fraction}"


def _type_of(kind: pa.DataType) -> ColumnType:
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    found: tuple[tuple[bool, ColumnType], ...] = (
        (types.is_boolean(kind), "boolean"),
        (types.is_integer(kind), "integer"),
        (types.is_floating(kind), "number"),
        (types.is_decimal(kind), "decimal"),
        (types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind), "text"),
        (types.is_timestamp(kind), "timestamp"),
        (types.is_date(kind), "date"),
        (types.is_time(kind), "time"),
        (
            types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind),
            "binary",
        ),
    )
    return next((name for holds, name in found if holds), "json")

"""Pages of rows and descriptions of tables, made inside the locked-down process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from market.delivery.reader.cells import Test, compile_filters
from market.delivery.reader.cursors import Place, format_cursor, parse_cursor
from market.delivery.reader.refusal import Refusal
from market.delivery.reader.rendering import CsvRows, JsonRows, as_csv_text
from market.delivery.reader.shapes import (
    MAX_ROWS,
    SAMPLE_ROWS,
    Column,
    Output,
    ReaderLimits,
    RowQuery,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from market.delivery.reader.columnar import ParquetTable


class TextTable(Protocol):
    """CSV and JSON Lines: one row after the other, places are byte offset and line."""

    columns: tuple[Column, ...]
    start: Place
    size: int

    def rows(self, start: Place) -> Iterator[tuple[Any, Place]]: ...
    def names(self, row: Any) -> Sequence[str]: ...
    def value(self, row: Any, name: str) -> Any: ...
    def text(self, row: Any, name: str) -> str: ...


@dataclass(frozen=True)
class Page:
    """A finished answer; ``next_cursor`` is None at the table's end."""

    body: bytes
    row_count: int
    next_cursor: str | None


@dataclass(frozen=True)
class _Plan:
    names: tuple[str, ...]
    whole: bool
    tests: list[tuple[str, Test]]
    start: Place
    limit: int
    output: Output
    limits: ReaderLimits


def plan(
    table: TextTable | ParquetTable, query: RowQuery, output: Output, limits: ReaderLimits, digest: str
) -> _Plan:
    """Check a query against a table. Raises ``Refusal`` for unknown columns, bad filters, cursors and limits."""
    if not 1 <= query.limit <= MAX_ROWS:
        raise Refusal("bad-limit", where="limit", limit=MAX_ROWS)
    known = [column.name for column in table.columns]
    names = tuple(known) if query.columns is None else query.columns
    for name in (*names, *(condition.column for condition in query.filters)):
        if name not in known:
            listed = ", ".join(known[:30]) + (" …" if len(known) > 30 else "")
            raise Refusal("unknown-column", where=name[:100], column=name[:100], known=listed[:2_000])
    repeated = next((name for name in names if names.count(name) > 1), None) if query.columns else None
    if repeated is not None:
        raise Refusal("repeated-column", where=repeated[:100], column=repeated[:100])
    return _Plan(
        names,
        query.columns is None,
        compile_filters(query.filters, table.columns),
        table.start if query.cursor is None else parse_cursor(query.cursor, digest),
        query.limit,
        output,
        limits,
    )


def text_page(table: TextTable, wanted: _Plan, digest: str) -> Page:
    """Rows from the place of the cursor until the limit, the answer's size or the bytes to look at are reached."""
    start = max(wanted.start, table.start)
    sink = _sink(table, wanted)
    place = start
    for row, after in table.rows(start):
        if all(test(table.value(row, name)) for name, test in wanted.tests) and not sink.add_row(row):
            break
        place = after
        if sink.count == wanted.limit or place[0] - start[0] >= wanted.limits.scan_bytes:
            break
    else:
        place = (table.size, place[1])
    ended = place[0] >= table.size
    return Page(sink.body(), sink.count, None if ended else format_cursor(digest, place))


class _Sink(Protocol):
    @property
    def count(self) -> int: ...
    def add_row(self, row: Any) -> bool: ...
    def body(self) -> bytes: ...


def _sink(table: TextTable, wanted: _Plan) -> _Sink:
    if wanted.output == "json":
        return _JsonSink(table, wanted)
    return _CsvSink(table, wanted) if wanted.output == "csv" else _ParquetSink(table, wanted)


class _JsonSink(JsonRows):
    def __init__(self, table: TextTable, wanted: _Plan) -> None:
        super().__init__(wanted.limits.output_bytes)
        self._table, self._wanted = table, wanted

    def add_row(self, row: Any) -> bool:
        names = self._table.names(row) if self._wanted.whole else self._wanted.names
        return self.add(names, [self._table.value(row, name) for name in names])


class _CsvSink(CsvRows):
    def __init__(self, table: TextTable, wanted: _Plan) -> None:
        super().__init__(wanted.names, wanted.limits.output_bytes)
        self._table, self._wanted = table, wanted

    def add_row(self, row: Any) -> bool:
        _refuse_late_columns(self._table, row, self._wanted)
        return self.add([self._table.text(row, name) for name in self._wanted.names])


class _ParquetSink:
    def __init__(self, table: TextTable, wanted: _Plan) -> None:
        self._table, self._wanted = table, wanted
        self._rows: list[list[Any]] = []
        self._size = 0

    @property
    def count(self) -> int:
        return len(self._rows)

    def add_row(self, row: Any) -> bool:
        _refuse_late_columns(self._table, row, self._wanted)
        size = sum(len(self._table.text(row, name)) for name in self._wanted.names)
        if self._rows and self._size + size > self._wanted.limits.output_bytes:
            return False
        self._size += size
        self._rows.append([self._table.value(row, name) for name in self._wanted.names])
        return True

    def body(self) -> bytes:
        from market.delivery.reader.columnar import write_rows

        types = {column.name: column for column in self._table.columns}
        return _checked(write_rows([types[name] for name in self._wanted.names], self._rows), self._wanted)


def _refuse_late_columns(table: TextTable, row: Any, wanted: _Plan) -> None:
    if wanted.whole:
        known = set(wanted.names)
        late = next((name for name in table.names(row) if name not in known), None)
        if late is not None:
            raise Refusal("late-column", where=late[:100], column=late[:100])


def parquet_page(table: ParquetTable, wanted: _Plan, digest: str) -> Page:
    """Rows of a Parquet file from the place of the cursor on; only the columns that matter are read."""
    from market.delivery.reader import columnar

    types = {column.name: column for column in table.columns}
    needed = tuple(dict.fromkeys((*wanted.names, *(name for name, _ in wanted.tests))))
    sink = _BatchSink(table, wanted)
    scanned = 0
    place: Place | None = None
    for (group, row), batch in table.batches(wanted.start, needed):
        with columnar.damage(f"row group {group}, row {row}"):
            kept = _matching(batch, wanted.tests, types)
            room = wanted.limit - sink.count
            full = len(kept) >= room
            last = sink.add_batch(batch, kept[:room])
        scanned += batch.num_rows
        if last is not None:
            place = (group, row + last)
            break
        if full or scanned >= wanted.limits.scan_rows:
            place = (group, row + (kept[room - 1] + 1 if full else batch.num_rows))
            break
    ended = place is None or table.is_end(place)
    return Page(sink.body(), sink.count, None if place is None or ended else format_cursor(digest, place))


def _matching(batch: pa.RecordBatch, tests: list[tuple[str, Test]], types: dict[str, Column]) -> list[int]:
    from market.delivery.reader.columnar import values

    kept = list(range(batch.num_rows))
    for name, test in tests:
        cells = values(batch.column(name), types[name])
        if types[name].type == "timestamp":
            cells = [cell if cell is None else cell.removesuffix("Z") for cell in cells]
        kept = [at for at in kept if test(cells[at])]
    return kept


class _BatchSink:
    def __init__(self, table: ParquetTable, wanted: _Plan) -> None:
        self._table, self._wanted = table, wanted
        self._types = {column.name: column for column in table.columns}
        size = wanted.limits.output_bytes
        self._rows = CsvRows(wanted.names, size) if wanted.output == "csv" else JsonRows(size)
        self._batches: list[pa.RecordBatch] = []
        self._size = self._count = 0

    @property
    def count(self) -> int:
        return self._count

    def add_batch(self, batch: pa.RecordBatch, kept: list[int]) -> int | None:
        """None, or the row of the batch that did not fit any more."""
        if not kept:
            return None
        if self._wanted.output == "parquet":
            return self._add_whole(batch, kept)
        import pyarrow as pa

        from market.delivery.reader.columnar import values

        chosen = batch if len(kept) == batch.num_rows else batch.take(pa.array(kept))
        cells = [values(chosen.column(name), self._types[name]) for name in self._wanted.names]
        for at, row in zip(kept, zip(*cells, strict=True), strict=True):
            if isinstance(self._rows, CsvRows):
                added = self._rows.add([as_csv_text(cell) for cell in row])
            else:
                added = self._rows.add(self._wanted.names, row)
            if not added:
                return at
            self._count += 1
        return None

    def _add_whole(self, batch: pa.RecordBatch, kept: list[int]) -> int | None:
        import pyarrow as pa

        chosen = batch.take(pa.array(kept)).select(list(self._wanted.names))
        if self._batches and self._size + chosen.nbytes > self._wanted.limits.output_bytes:
            return kept[0]
        self._size += chosen.nbytes
        self._batches.append(chosen)
        self._count += len(kept)
        return None

    def body(self) -> bytes:
        if self._wanted.output != "parquet":
            return self._rows.body()
        from market.delivery.reader.columnar import empty_batch, write_batches

        batches = self._batches or [empty_batch(self._table, self._wanted.names)]
        return _checked(write_batches(batches, self._wanted.names), self._wanted)


def _checked(body: bytes, wanted: _Plan) -> bytes:
    if len(body) > wanted.limits.output_bytes:
        raise Refusal("answer-too-large", limit=wanted.limits.output_bytes)
    return body


def describe_text(table: TextTable, limits: ReaderLimits) -> dict[str, Any]:
    """Columns, row count and first rows; every row that is counted is also checked."""
    rows = JsonRows(limits.output_bytes)
    count: int | None = 0
    for row, after in table.rows(table.start):
        if rows.count < SAMPLE_ROWS:
            names = table.names(row)
            rows.add(names, [table.value(row, name) for name in names])
        count = (count or 0) + 1
        if after[0] >= limits.scan_bytes:
            count = None if after[0] < table.size else count
            break
    return {"columns": [asdict(column) for column in table.columns], "row_count": count, "rows": rows.body()}


def describe_parquet(table: ParquetTable, limits: ReaderLimits) -> dict[str, Any]:
    """Columns, row count and first rows of a Parquet file."""
    names = tuple(column.name for column in table.columns)
    wanted = _Plan(names, True, [], table.start, SAMPLE_ROWS, "json", limits)
    return {
        "columns": [asdict(column) for column in table.columns],
        "row_count": table.count(limits.scan_rows * 50) if names else 0,
        "rows": parquet_page(table, wanted, "0" * 64).body,
    }

"""What the reader delivers is what the file holds, page by page, in each form."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.delivery.reader.errors import (
    BadCursor,
    BadLimit,
    MalformedTable,
    UnknownColumn,
    UnsupportedFormat,
)
from market.delivery.reader.reading import can_read, describe_table, read_rows
from market.delivery.reader.shapes import Filter, Output, ReaderLimits, RowQuery
from tests.market.delivery.reader.tables import (
    CSV,
    JSON_LINES,
    PARQUET,
    ROWS,
    digest_of,
    read,
    walk,
    write,
)

MEDIA_TYPES = [CSV, JSON_LINES, PARQUET]


def as_texts(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {
            name: "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)
            for name, cell in row.items()
        }
        for row in rows
    ]


@pytest.fixture(params=MEDIA_TYPES)
def table(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    return write(tmp_path / "table", request.param), request.param


@pytest.mark.parametrize("output", ["json", "csv", "parquet"])
def test_a_whole_reading_is_the_table(table: tuple[Path, str], output: Output) -> None:
    rows = read(*table, output=output)
    assert rows == (as_texts(ROWS) if output == "csv" else ROWS)


@pytest.mark.parametrize("output", ["json", "csv", "parquet"])
def test_walking_the_cursors_gives_the_same_rows_once(table: tuple[Path, str], output: Output) -> None:
    pages = list(walk(*table, RowQuery(limit=13), output))
    assert [len(page) for page in pages] == [13, 13, 13, 13, 8]
    assert [row for page in pages for row in page] == read(*table, output=output)


def test_walking_with_a_filter_and_little_to_look_at_misses_nothing(table: tuple[Path, str]) -> None:
    query = RowQuery(("id",), (Filter("open", "eq", True), Filter("km", "is_null", False)), None, 4)
    tight = ReaderLimits(scan_bytes=300, scan_rows=10)
    pages = list(walk(*table, query, "json", tight))
    wanted = [{"id": row["id"]} for row in ROWS if row["open"] and row["km"] is not None]
    assert [row for page in pages for row in page] == wanted
    assert len(pages) >= 5


def test_pages_shrink_to_the_size_that_an_answer_may_have(table: tuple[Path, str]) -> None:
    for output in ("json", "csv"):
        pages = list(walk(*table, RowQuery(limit=60), output, ReaderLimits(output_bytes=500)))
        assert len(pages) > 3
        assert [int(row["id"]) for page in pages for row in page] == [row["id"] for row in ROWS]


def test_columns_come_in_the_order_asked_for(table: tuple[Path, str]) -> None:
    rows = read(*table, columns=("km", "id"), limit=2)
    assert [list(row) for row in rows] == [["km", "id"]] * 2


def test_a_cursor_is_bound_to_its_file(table: tuple[Path, str]) -> None:
    path, media_type = table
    page = read_rows(path, media_type, RowQuery(limit=5), digest=digest_of(path))
    assert page.next_cursor is not None
    for digest, cursor in [
        ("0" * 64, page.next_cursor),
        (digest_of(path), page.next_cursor[:-1]),
        (digest_of(path), page.next_cursor + "="),
        (digest_of(path), "not a cursor"),
        (digest_of(path), "é"),
    ]:
        with pytest.raises(BadCursor):
            read_rows(path, media_type, RowQuery(cursor=cursor), digest=digest)


def test_a_forged_place_inside_a_line_is_refused(tmp_path: Path) -> None:
    from market.delivery.reader.cursors import format_cursor

    path = write(tmp_path / "t", CSV)
    for place in [(20, 2), (10**9, 2)]:
        with pytest.raises(BadCursor):
            read_rows(
                path, CSV, RowQuery(cursor=format_cursor(digest_of(path), place)), digest=digest_of(path)
            )


def test_unknown_and_repeated_columns_are_named(table: tuple[Path, str]) -> None:
    with pytest.raises(UnknownColumn) as unknown:
        read(*table, columns=("id", "Km"))
    assert unknown.value.where == "Km"
    assert "id, name, km, open" in str(unknown.value)
    with pytest.raises(UnknownColumn):
        read(*table, columns=("id", "id"))
    with pytest.raises(UnknownColumn):
        read(*table, Filter("nothing", "eq", 1))


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_the_number_of_rows_has_bounds(table: tuple[Path, str], limit: int) -> None:
    with pytest.raises(BadLimit):
        read(*table, limit=limit)


def test_descriptions_name_types_rows_and_a_sample(table: tuple[Path, str]) -> None:
    summary = describe_table(*table)
    assert [(column.name, column.type) for column in summary.columns] == [
        ("id", "integer"),
        ("name", "text"),
        ("km", "number"),
        ("open", "boolean"),
    ]
    assert summary.row_count == 60
    assert list(summary.sample) == ROWS[:10]


def test_counting_stops_where_it_would_take_too_long(tmp_path: Path) -> None:
    path = write(tmp_path / "t", CSV)
    assert describe_table(path, CSV, ReaderLimits(scan_bytes=200)).row_count is None


def test_a_descriptor_is_read_without_moving_it(table: tuple[Path, str]) -> None:
    path, media_type = table
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.lseek(descriptor, 7, os.SEEK_SET)
        page = read_rows(descriptor, media_type, RowQuery(limit=1), digest=digest_of(path))
        assert page.row_count == 1
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 7
    finally:
        os.close(descriptor)
    writable = os.open(path, os.O_RDWR)
    try:
        with pytest.raises(ValueError, match="reading only"):
            read_rows(writable, media_type, RowQuery(), digest=digest_of(path))
    finally:
        os.close(writable)


def test_the_calling_process_never_loads_pyarrow(tmp_path: Path) -> None:
    path = write(tmp_path / "t", PARQUET)
    script = (
        "import sys; from pathlib import Path\n"
        "from market.delivery.reader.reading import read_rows, describe_table, RowQuery\n"
        "page = read_rows(Path(sys.argv[1]), sys.argv[2], RowQuery(), 'parquet', digest='0' * 64)\n"
        "describe_table(Path(sys.argv[1]), sys.argv[2])\n"
        "assert page.row_count == 60\n"
        "print('pyarrow' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), PARQUET],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "False"


def test_other_media_types_are_refused_before_anything_starts(tmp_path: Path) -> None:
    assert can_read("text/csv; charset=utf-8")
    assert not can_read("application/zip")
    with pytest.raises(UnsupportedFormat):
        read_rows(tmp_path / "absent", "application/zip", RowQuery(), digest="0" * 64)


class TestDelimited:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_the_delimiter_is_found(self, tmp_path: Path, delimiter: str) -> None:
        path = tmp_path / "t.csv"
        path.write_text(f"a{delimiter}b\n1{delimiter}x\n", "utf-8")
        assert read(path, CSV) == [{"a": 1, "b": "x"}]

    def test_a_byte_order_mark_and_crlf_are_no_part_of_the_data(self, tmp_path: Path) -> None:
        path = tmp_path / "t.csv"
        path.write_bytes("\ufeff城市,n\r\n南宁,1\r\n\r\n柳州,2".encode())
        assert read(path, CSV) == [{"城市": "南宁", "n": 1}, {"城市": "柳州", "n": 2}]

    def test_numbers_and_formulas_pass_unchanged(self, tmp_path: Path) -> None:
        path = tmp_path / "t.csv"
        path.write_text('n,code,f\n1.10,007,=1+1\n12345678901234567890.50,450100,"@x,y"\n', "utf-8")
        body = read_rows(path, CSV, RowQuery(), digest=digest_of(path)).body.decode()
        assert '"n":1.10,' in body
        assert '"n":12345678901234567890.50,' in body
        assert '"code":"007"' in body
        again = read_rows(path, CSV, RowQuery(), "csv", digest=digest_of(path)).body.decode()
        assert again.replace("\r\n", "\n") == path.read_text("utf-8")

    def test_a_late_cell_that_does_not_fit_its_column_stays_text(self, tmp_path: Path) -> None:
        path = tmp_path / "t.csv"
        path.write_text("n,m\n" + "1,1\n" * 300_000 + "unknown,2\n", "utf-8")
        found = read(path, CSV, Filter("m", "eq", "2"))
        assert found == [{"n": "unknown", "m": 2}]
        assert read(path, CSV, Filter("m", "eq", "2"), output="parquet") == found

    def test_missing_cells_are_null_and_na_only_where_the_column_is_not_text(self, tmp_path: Path) -> None:
        path = tmp_path / "t.csv"
        path.write_text("n,country\nNA,NA\n,\n3,CN\n", "utf-8")
        assert read(path, CSV) == [
            {"n": None, "country": "NA"},
            {"n": None, "country": None},
            {"n": 3, "country": "CN"},
        ]


class TestJsonLines:
    def test_objects_pass_whole_and_numbers_keep_their_digits(self, tmp_path: Path) -> None:
        path = tmp_path / "t.jsonl"
        path.write_text('{"a":1.10,"b":{"c":[1,null]}}\n\n{"d":"新","a":null}\n', "utf-8")
        page = read_rows(path, JSON_LINES, RowQuery(), digest=digest_of(path))
        assert page.body.decode() == '[{"a":1.10,"b":{"c":[1,null]}},{"d":"新","a":null}]'
        assert read(path, JSON_LINES, columns=("d", "b")) == [
            {"d": None, "b": {"c": [1, None]}},
            {"d": "新", "b": None},
        ]

    def test_a_field_that_comes_late_is_never_dropped_in_silence(self, tmp_path: Path) -> None:
        path = tmp_path / "t.jsonl"
        path.write_text('{"a":1}\n' * 150_000 + '{"a":2,"late":true}\n', "utf-8")
        assert read(path, JSON_LINES, Filter("a", "eq", 2)) == [{"a": 2, "late": True}]
        with pytest.raises(MalformedTable, match="late"):
            read(path, JSON_LINES, Filter("a", "eq", 2), output="csv")
        assert read(path, JSON_LINES, Filter("a", "eq", 2), output="csv", columns=("a",)) == [{"a": "2"}]


class TestParquet:
    def test_moments_decimals_bytes_and_nested_values(self, tmp_path: Path) -> None:
        path = tmp_path / "t.parquet"
        table = pa.table(
            {
                "at": pa.array([0, 1_500_000], pa.timestamp("us", "Asia/Shanghai")),
                "ns": pa.array([1, None], pa.timestamp("ns")),
                "day": pa.array([0, None], pa.date32()),
                "price": pa.array([Decimal("1.10"), None], pa.decimal128(10, 2)),
                "bytes": pa.array([b"\x00\xff", None]),
                "nested": pa.array([{"x": [1]}, None]),
                "word": pa.array(["a", "b"]).dictionary_encode(),
                "odd": pa.array([float("nan"), float("inf")]),
            }
        )
        pq.write_table(table, path)
        first, second = read(path, PARQUET)
        assert first == {
            "at": "1970-01-01T00:00:00.000000Z",
            "ns": "1970-01-01T00:00:00.000000001",
            "day": "1970-01-01",
            "price": 1.1,
            "bytes": "AP8=",
            "nested": {"x": [1]},
            "word": "a",
            "odd": "NaN",
        }
        assert second["at"] == "1970-01-01T00:00:01.500000Z"
        assert read(path, PARQUET, Filter("at", "gt", "1970-01-01T08:00:00+08:00")) == [second]
        assert read(path, PARQUET, Filter("day", "le", "1970-01-01")) == [first]
        assert read(path, PARQUET, Filter("price", "eq", "1.1")) == [first]
        page = read_rows(path, PARQUET, RowQuery(), "parquet", digest=digest_of(path))
        assert pq.read_table(pa.BufferReader(page.body)).schema.equals(table.schema)

    def test_an_answer_without_rows_keeps_its_columns(self, tmp_path: Path) -> None:
        path = write(tmp_path / "t", PARQUET)
        page = read_rows(
            path, PARQUET, RowQuery(filters=(Filter("id", "gt", 99),)), "parquet", digest=digest_of(path)
        )
        found = pq.read_table(pa.BufferReader(page.body))
        assert (found.num_rows, found.column_names) == (0, list(ROWS[0]))
        assert page.next_cursor is None

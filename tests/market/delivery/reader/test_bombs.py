"""Hostile and broken files: each ends quickly in an error that says what is wrong and where, and the caller stays small."""

from __future__ import annotations

import gzip
import io
import random
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.delivery.reader.errors import MalformedTable, TableFault, TableTooLarge
from market.delivery.reader.reading import describe_table, read_rows
from market.delivery.reader.shapes import CSV, JSON_LINES, PARQUET, Filter, ReaderLimits, RowQuery
from tests.market.delivery.reader.tables import digest_of, write

_LIMITS = ReaderLimits(memory_bytes=96 << 20, cpu_seconds=10, wall_seconds=60)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 10_000_000)
    return out.getvalue()


def parquet(table: pa.Table, **options: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def lying_parquet() -> bytes:
    """A footer that promises 8,000 rows in pages that hold 1,000 (the numbers are zigzag varints of thrift)."""
    whole = parquet(pa.table({"a": list(range(1_000))}))
    length = int.from_bytes(whole[-8:-4], "little")
    footer = whole[-8 - length : -8]
    assert b"\xd0\x0f" in footer
    return whole[: -8 - length] + footer.replace(b"\xd0\x0f", b"\x80\x7d") + whole[-8:]


def parquet_bomb() -> bytes:
    """A cell of 128 MiB in a file of a few kilobytes."""
    body = parquet(
        pa.table({"a": [b"\0" * (128 << 20)]}),
        compression="zstd",
        use_dictionary=False,
        write_statistics=False,
    )
    assert len(body) < 1_000_000
    return body


BOMBS: dict[str, tuple[str, Callable[[], bytes], type[TableFault], str]] = {
    "one huge line": (CSV, lambda: b"a,b\n" + b"x" * 20_000_000, TableTooLarge, "line 2"),
    "a quotation mark that never closes": (
        CSV,
        lambda: b'a,b\n1,2\n3,"' + b"x,y\n" * 3_000_000,
        TableTooLarge,
        "line 3",
    ),
    "a million columns": (
        CSV,
        lambda: b",".join(b"c%d" % at for at in range(10**6)),
        TableTooLarge,
        "line 1",
    ),
    "many columns in a short line": (CSV, lambda: b"," * 100_000 + b"\n", TableTooLarge, "line 1"),
    "two columns of one name": (CSV, lambda: b"a,b,a\n1,2,3\n", MalformedTable, "line 1, column 3"),
    "a field too many": (CSV, lambda: b'a,b\n1,"2\n2"\n1,2,3\n', MalformedTable, "line 4"),
    "text after a quoted cell": (CSV, lambda: b'a,b\n"x"y,2\n', MalformedTable, "line 2"),
    "not UTF-8": (CSV, lambda: "a,b\n1,好\n".encode("gb18030"), MalformedTable, "line 2, byte 6"),
    "UTF-16": (CSV, lambda: "a,b\n1,2\n".encode("utf-16"), MalformedTable, "byte 0"),
    "NUL bytes": (CSV, lambda: b"a,b\n1,\0\n", MalformedTable, "line 2, byte 6"),
    "a zip by another name": (CSV, zipped, MalformedTable, "byte 0"),
    "a gzip by another name": (JSON_LINES, lambda: gzip.compress(b"0" * 10**6), MalformedTable, "byte 0"),
    "binary junk": (CSV, lambda: random.Random(7).randbytes(100_000), MalformedTable, ""),
    "an empty file": (CSV, lambda: b"", MalformedTable, "line 1"),
    "deep nesting": (JSON_LINES, lambda: b'{"a":' + b"[" * 100_000 + b"\n", MalformedTable, "line 1"),
    "a list instead of an object": (JSON_LINES, lambda: b'{"a":1}\n[1]\n', MalformedTable, "line 2"),
    "the same name twice": (JSON_LINES, lambda: b'{"a":1,"a":2}\n', MalformedTable, "line 1"),
    "not JSON": (JSON_LINES, lambda: b'{"a":1}\n{"a":}\n', MalformedTable, "line 2, column 6"),
    "NaN, which JSON lacks": (JSON_LINES, lambda: b'{"a":NaN}\n', MalformedTable, "line 1"),
    "an endless number": (JSON_LINES, lambda: b'{"a":' + b"9" * 900_000 + b"}\n", MalformedTable, "line 1"),
    "a million names": (
        JSON_LINES,
        lambda: b"{" + b",".join(b'"%x":0' % at for at in range(80_000)) + b"}\n",
        TableTooLarge,
        "line 1",
    ),
    "junk between the Parquet marks": (
        PARQUET,
        lambda: b"PAR1" + random.Random(7).randbytes(5_000) + (4_000).to_bytes(4, "little") + b"PAR1",
        MalformedTable,
        "footer",
    ),
    "CSV named Parquet": (PARQUET, lambda: b"a,b\n1,2\n" * 10, MalformedTable, "byte 0"),
    "Parquet cut short": (
        PARQUET,
        lambda: parquet(pa.table({"a": list(range(1_000))}))[:-20],
        MalformedTable,
        "byte 0",
    ),
    "a footer that lies": (PARQUET, lying_parquet, MalformedTable, ""),
    "a cell that unpacks to 128 MiB": (PARQUET, parquet_bomb, TableTooLarge, ""),
    "Parquet with 5,000 columns": (
        PARQUET,
        lambda: parquet(pa.table({f"c{at}": [0] for at in range(5_000)})),
        TableTooLarge,
        "footer",
    ),
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_each_ends_in_a_named_error_with_its_place(tmp_path: Path, name: str) -> None:
    media_type, make, error, where = BOMBS[name]
    path = tmp_path / "bomb"
    path.write_bytes(make())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TableFault) as refused:
        describe_table(path, media_type, _LIMITS)
    assert isinstance(refused.value, error), repr(refused.value)
    assert where in refused.value.where
    assert str(refused.value)
    assert refused.value.hint
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_flipped_bytes_in_parquet_end_in_rows_or_a_named_error(tmp_path: Path) -> None:
    table = pa.table({"a": list(range(2_000)), "b": [f"row {at}" for at in range(2_000)]})
    whole = parquet(table, compression="none", use_dictionary=False)
    dice, path = random.Random(20261124), tmp_path / "flipped"
    outcomes = set()
    for round_ in range(8):
        flipped = bytearray(whole)
        flipped[dice.randrange(len(flipped))] ^= 1 << dice.randrange(8)
        flipped[-9 - dice.randrange(600 if round_ % 2 else len(flipped) - 9)] ^= 1 << dice.randrange(8)
        path.write_bytes(flipped)
        try:
            read_rows(path, PARQUET, RowQuery(limit=10_000), "csv", _LIMITS, digest="0" * 64)
            outcomes.add("rows")
        except TableFault as fault:
            outcomes.add(fault.slug)
    assert outcomes <= {"rows", "malformed-table", "table-too-large"}
    assert len(outcomes) > 1


def test_memory_stays_flat_over_a_table_much_larger_than_it(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"id,text\n" + b"1,some text that fills a line to a certain length\n" * 1_000_000)
    limits = ReaderLimits(memory_bytes=16 << 20, scan_bytes=1 << 30)
    assert path.stat().st_size > limits.memory_bytes * 2
    assert describe_table(path, CSV, limits).row_count == 1_000_000


def test_computing_and_waiting_have_an_end(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"id,text\n" + b"1,some text that fills a line to a certain length\n" * 2_000_000)
    nothing = RowQuery(filters=(Filter("id", "gt", 1), Filter("text", "contains", "no such")))
    for limits, words in [
        (ReaderLimits(cpu_seconds=1, scan_bytes=1 << 30), "seconds of computing"),
        (ReaderLimits(wall_seconds=0.4, scan_bytes=1 << 30), "took longer than 0.4 seconds"),
    ]:
        with pytest.raises(TableTooLarge, match=words):
            read_rows(path, CSV, nothing, "json", limits, digest="0" * 64)


def test_a_row_larger_than_an_answer_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t", CSV, [{"a": "x" * 1_000}])
    with pytest.raises(TableTooLarge, match="One row alone"):
        read_rows(path, CSV, RowQuery(), "json", ReaderLimits(output_bytes=500), digest=digest_of(path))

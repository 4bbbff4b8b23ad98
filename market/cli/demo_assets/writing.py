"""Writes tables so that the same rows always give the same bytes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """UTF-8, ``\\n`` line ends, quotes only where needed; ``None`` is an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """One compact JSON object a line, UTF-8, keys in the given order."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    return path


def write_json(path: Path, document: Mapping[str, Any]) -> Path:
    """One compact JSON document and a line end, UTF-8."""
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    return path


def write_parquet(path: Path, columns: Mapping[str, Sequence[Any]]) -> Path:
    """Zstandard, 65,536 rows a group. The bytes also depend on the pyarrow release, which the file names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(dict(columns)), path, compression="zstd", row_group_size=65_536)
    return path


def write_text(path: Path, text: str) -> Path:
    """UTF-8 with the line ends as given."""
    path.write_bytes(text.encode("utf-8"))
    return path

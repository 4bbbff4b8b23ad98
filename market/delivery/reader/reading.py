"""Rows and descriptions of customers' tables. The file is parsed in a process of its own that is locked down.

This process never parses the file and never imports pyarrow. See ``lockdown`` for what the other one can no longer do.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from market.delivery.reader.errors import fault
from market.delivery.reader.process import run
from market.delivery.reader.shapes import (
    CSV,
    FORMATS,
    MEDIA_TYPES,
    Column,
    Output,
    ReaderLimits,
    RowPage,
    RowQuery,
    TableSummary,
)

_SHA256 = re.compile("[0-9a-f]{64}")
DEFAULT_LIMITS = ReaderLimits()
DESCRIBE_LIMITS = ReaderLimits(cpu_seconds=60, wall_seconds=120.0, scan_bytes=1 << 30)


def can_read(media_type: str) -> bool:
    """Whether files of this media type can be read row by row."""
    return _bare(media_type) in FORMATS


def read_rows(
    source: Path | int,
    media_type: str,
    query: RowQuery,
    output: Output = "json",
    limits: ReaderLimits = DEFAULT_LIMITS,
    *,
    digest: str,
) -> RowPage:
    """A page of rows of a CSV, TSV, JSON Lines or Parquet file.

    ``source``: a path, or a descriptor open for reading only, whose position does not matter and is not moved.
    ``digest``: the file's SHA-256 in hexadecimal as its manifest has it; cursors are bound to it. JSON is an array of
    objects, CSV has a header line and comma and CR LF, Parquet keeps the types. Data are passed on unchanged, cells that
    a spreadsheet would run as formulas too. Follow ``next_cursor`` until it is None: a page may hold fewer rows than
    ``query.limit``, even none. Blocks for as long as ``limits.wall_seconds``, twice that when all readers are busy.
    Raises the faults of ``errors``, each with ``where``.
    """
    request = _request("rows", media_type, limits, digest) | {"query": asdict(query), "output": output}
    with _opened(source) as descriptor:
        said, body = run(request | {"descriptor": descriptor}, descriptor, limits)
    return RowPage(body, MEDIA_TYPES[output], said["row_count"], said["next_cursor"])


def describe_table(
    source: Path | int, media_type: str, limits: ReaderLimits = DESCRIBE_LIMITS
) -> TableSummary:
    """Columns with types, the number of rows, and the first ten rows as JSON values.

    Rows are counted, and text rows checked for form, over ``limits.scan_bytes``; beyond, ``row_count`` is None. Raises
    as ``read_rows`` does.
    """
    request = _request("describe", media_type, limits, "0" * 64)
    with _opened(source) as descriptor:
        said, body = run(request | {"descriptor": descriptor}, descriptor, limits)
    return TableSummary(
        tuple(Column(column["name"], column["type"]) for column in said["columns"]),
        said["row_count"],
        tuple(json.loads(body)),
    )


def probe_reader(limits: ReaderLimits = DEFAULT_LIMITS) -> tuple[str, ...]:
    """Start a reader, let it lock itself down, and return the layers that hold. Raises ``ReaderUnavailable``."""
    with (
        tempfile.TemporaryFile() as nothing,
        _opened(Path(f"/proc/self/fd/{nothing.fileno()}")) as descriptor,
    ):
        request = _request("probe", CSV, limits, "0" * 64) | {"descriptor": descriptor}
        said, _ = run(request, descriptor, limits)
    return tuple(said["layers"])


def _request(verb: str, media_type: str, limits: ReaderLimits, digest: str) -> dict[str, Any]:
    format_ = FORMATS.get(_bare(media_type))
    if format_ is None:
        raise fault("unsupported-media-type", found=media_type[:100])
    if not _SHA256.fullmatch(digest):
        raise ValueError("digest must be 64 lower-case hexadecimal digits")
    return {"verb": verb, "format": format_, "limits": asdict(limits), "digest": digest}


@contextmanager
def _opened(source: Path | int) -> Iterator[int]:
    if isinstance(source, int):
        import fcntl

        if fcntl.fcntl(source, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
            raise ValueError("the descriptor must be open for reading only")
        yield source
        return
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()

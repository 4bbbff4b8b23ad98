"""The process that reads a customer's table: ``python -I -m market.delivery.reader.child``.

On standard input a request, one JSON object; the data file as a descriptor that the request names; on standard output one
line of JSON (``ok`` with what is known of the answer, or ``refused`` with a reason) and then the answer's bytes. It reads
the request, imports what it will need, locks itself down, and only then looks at the file.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import Any

from market.delivery.reader import delimited, json_lines, pages
from market.delivery.reader.lockdown import lock_down
from market.delivery.reader.refusal import Refusal
from market.delivery.reader.shapes import Filter, ReaderLimits, RowQuery


def main() -> int:
    """Exit status 0 for an answer or a refusal; anything else is a fault in the reader or the end of a limit."""
    request = json.loads(sys.stdin.buffer.read())
    limits = ReaderLimits(**request["limits"])
    size = os.fstat(request["descriptor"]).st_size
    regular = stat.S_ISREG(os.fstat(request["descriptor"]).st_mode)
    if "parquet" in {request["format"], request.get("output")}:
        from market.delivery.reader import columnar

        columnar.warm_up()
    head: dict[str, Any]
    try:
        layers = lock_down(limits.memory_bytes, limits.cpu_seconds, limits.wall_seconds)
        if not regular:
            raise Refusal("not-a-file")
        if request["verb"] == "probe":
            head, body = {"ok": {"layers": layers}}, b""
        else:
            head, body = _answer(request, size, limits)
    except Refusal as refusal:
        head, body = {"refused": refusal.reason, "where": refusal.where, "params": refusal.params}, b""
    except MemoryError:
        head, body = {"refused": "memory", "where": "", "params": {"limit": limits.memory_bytes}}, b""
    except RecursionError:
        head, body = {"refused": "json-too-deep", "where": "", "params": {}}, b""
    _write(json.dumps(head).encode("ascii") + b"\n")
    _write(body)
    return 0


def _answer(request: dict[str, Any], size: int, limits: ReaderLimits) -> tuple[dict[str, Any], bytes]:
    descriptor, digest = request["descriptor"], request["digest"]
    if request["format"] == "parquet":
        from market.delivery.reader.columnar import ParquetTable

        columns = ParquetTable(descriptor, size)
        if request["verb"] == "describe":
            return _described(pages.describe_parquet(columns, limits))
        wanted = pages.plan(columns, _query(request), request["output"], limits, digest)
        return _paged(pages.parquet_page(columns, wanted, digest))
    rows: pages.TextTable
    if request["format"] == "jsonl":
        rows = json_lines.JsonLinesTable(descriptor, size)
    else:
        rows = delimited.DelimitedTable(descriptor, size, tab=request["format"] == "tsv")
    if request["verb"] == "describe":
        return _described(pages.describe_text(rows, limits))
    wanted = pages.plan(rows, _query(request), request["output"], limits, digest)
    return _paged(pages.text_page(rows, wanted, digest))


def _query(request: dict[str, Any]) -> RowQuery:
    query = request["query"]
    return RowQuery(
        columns=None if query["columns"] is None else tuple(query["columns"]),
        filters=tuple(Filter(**condition) for condition in query["filters"]),
        cursor=query["cursor"],
        limit=query["limit"],
    )


def _paged(page: pages.Page) -> tuple[dict[str, Any], bytes]:
    return {"ok": {"row_count": page.row_count, "next_cursor": page.next_cursor}}, page.body


def _described(summary: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    rows: bytes = summary.pop("rows")
    return {"ok": summary}, rows


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    sys.stdout.flush()
    os._exit(main())

"""Writes the vectors: `python -m tests.vectors.make`. The same bytes each time, on every machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.vectors import histories, notes, receipts, statements, trees

FOLDER = Path(__file__).parent
BUILDERS = {
    "tiles": trees.tiles,
    "inclusion": trees.inclusion,
    "consistency": trees.consistency,
    "checkpoints": notes.checkpoints,
    "cosignatures": notes.cosignatures,
    "statements": statements.statements,
    "receipts": receipts.receipts,
    "histories": histories.histories,
}


def build(name: str) -> bytes:
    """The bytes of the file `name`.json."""
    return rendered(BUILDERS[name]())


def rendered(cases: list[dict[str, Any]]) -> bytes:
    return (json.dumps(cases, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


if __name__ == "__main__":
    for each in BUILDERS:
        (FOLDER / f"{each}.json").write_bytes(build(each))

"""Writes what the ledger package says of each input, for the browser's modules to agree with.

The tests do this by themselves. To run one module's test by hand:

    python -m tests.browser_js.write_vectors /tmp/vectors
    VECTORS=/tmp/vectors node --test tests/browser_js/receipt.test.mjs
"""

import json
import sys
from pathlib import Path

from tests.browser_js import (
    ed25519_vectors,
    format_vectors,
    history_vectors,
    manifest_vectors,
    piece_vectors,
    policy_vectors,
    receipt_vectors,
)

BUILDERS = {
    "ed25519": ed25519_vectors.build,
    "formats": format_vectors.build,
    "histories": history_vectors.build,
    "index_keys": history_vectors.build_keys,
    "manifests": manifest_vectors.build,
    "pieces": piece_vectors.build,
    "policies": policy_vectors.build,
    "receipts": receipt_vectors.build,
}


def write_vectors(folder: Path) -> None:
    """One JSON file per builder into an existing folder."""
    for name, build in BUILDERS.items():
        (folder / f"{name}.json").write_text(json.dumps(build(), ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write_vectors(target)

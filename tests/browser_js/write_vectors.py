"""Writes tests/vectors/browser/*.json: what the ledger package says of each input.

Run as `python -m tests.browser_js.write_vectors` after a format or a verdict has changed.
"""

import json
from collections.abc import Callable
from pathlib import Path

from tests.browser_js import ed25519_vectors, format_vectors, manifest_vectors

FOLDER = Path(__file__).parent.parent / "vectors" / "browser"
BUILDERS: dict[str, Callable[[], object]] = {
    "ed25519": ed25519_vectors.build,
    "formats": format_vectors.build,
    "manifests": manifest_vectors.build,
}


def render(name: str) -> str:
    """Text of one vector file."""
    return json.dumps(BUILDERS[name](), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in BUILDERS:
        (FOLDER / f"{name}.json").write_text(render(name), encoding="utf-8")

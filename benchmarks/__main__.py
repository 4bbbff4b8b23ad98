"""All benchmarks, one after the other: `python -m benchmarks [NAME ...] [--scale tiny|usual|full] [--json FILE]`.

Ends with status 1 if a benchmark broke. A missed target is told, and is no failure: it may be the machine's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Scale, stopwatch

NAMES = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if "command_line(" in path.read_text("utf-8") and path.stem not in ("figures", "__main__")
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--scale", type=Scale, choices=list(Scale), default=Scale.USUAL)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as JSON, too")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    found: dict[str, list[Figure]] = {}
    broken: list[str] = []
    for name in chosen.names or NAMES:
        try:
            found[name] = run_one(name, chosen.scale)
        except Exception:
            traceback.print_exc()
            broken.append(name)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(document(found, broken, chosen.scale), indent=1) + "\n")
    print(summary(found, broken))
    return 1 if broken else 0


def run_one(name: str, scale: Scale) -> list[Figure]:
    print(f"{name} ({scale})", flush=True)
    figures: list[Figure] = []
    with stopwatch() as watch:
        for figure in import_module(f"benchmarks.{name}").run(scale):
            print("\n".join(figure.lines()), flush=True)
            figures.append(figure)
    print(f"  took {watch.seconds:.0f} s\n", flush=True)
    return figures


def document(found: dict[str, list[Figure]], broken: list[str], scale: Scale) -> dict[str, Any]:
    return {
        "scale": scale,
        "machine": {
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "benchmarks": {name: [figure.document for figure in figures] for name, figures in found.items()},
        "broken": broken,
    }


def summary(found: dict[str, list[Figure]], broken: list[str]) -> str:
    judged = [figure for figures in found.values() for figure in figures if figure.met is not None]
    missed = [figure.what for figure in judged if not figure.met]
    lines = [f"{len(judged) - len(missed)} of {len(judged)} targets met."]
    lines += [f"  missed: {what}" for what in missed]
    lines += [f"  broke: {name}" for name in broken]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

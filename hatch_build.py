"""Compiles `ledger/bulk_hashes.c` while the package is installed or its wheel is built.

Where there is no C compiler, or the processor is no x86-64, the package is the same without it: slower, and for every
platform.
"""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path(__file__).parent / "ledger" / "bulk_hashes.c"
LIBRARY = SOURCE.with_suffix(".native")
FLAGS = ("-O3", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden")


class CompileBulkHashes(BuildHookInterface):
    """Puts the library beside its source, where an editable install finds it too, and into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        why_not = compile_library(LIBRARY)
        if why_not is not None:
            self.app.display_warning(f"The ledger will hash in Python: {why_not}")
            return
        build_data["artifacts"].append(f"/{LIBRARY.relative_to(self.root).as_posix()}")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


def compile_library(target: Path, source: Path = SOURCE) -> str | None:
    """Compile `source` to `target`; return the reason if that cannot be done, and leave nothing there that can be removed."""
    try:
        target.unlink(missing_ok=True)
        if platform.machine().lower() not in {"x86_64", "amd64"} or sys.maxsize < 1 << 32:
            return f"{platform.machine()} is no x86-64 processor."
        compiler = shlex.split(os.environ.get("CC") or "cc")
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".compiling-") as folder:
            made = Path(folder) / target.name
            done = subprocess.run(
                [*compiler, *FLAGS, "-o", made, source],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
            if done.returncode != 0:
                return f"{compiler[0]} could not compile it: {done.stderr.strip()[:500]}"
            # Running processes keep the file that they have opened.
            made.replace(target)
    except (OSError, ValueError) as error:
        return f"{error}."
    return None

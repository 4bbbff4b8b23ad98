"""Libraries of others, run in an environment and in processes of their own (`ledger_peers.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("ledger_peers.py")


def with_peers(folder: Path) -> Path:
    """The interpreter of a new environment with pymerkle and merkletools. Needs a package index."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "pymerkle", "setuptools", "wheel"], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "merkletools==1.0.3"], check=True)
    return python


def run_peer(python: Path, *arguments: object) -> list[float]:
    """Seconds of each repeat, as the program tells them."""
    done = subprocess.run(
        [str(python), str(PROGRAM), *map(str, arguments)], capture_output=True, check=True, text=True
    )
    seconds: list[float] = json.loads(done.stdout)
    return seconds

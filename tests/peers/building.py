"""Foreign programs to test against, built out of their own published sources. `make peers` runs this module.

sumdb      golang.org/x/mod/sumdb, as it lies in every Go distribution: built without a network where there is a `go`
the rest   modules that the Go module proxy serves, at the versions and hashes in tools/go.mod and go.sum
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / ".demo-data" / "peers"
FOREIGN = (
    "filippo.io/torchwood/cmd/litewitness",
    "github.com/transparency-dev/tessera/cmd/examples/posix-oneshot",
)
PROGRAMS = ("tools", "litewitness", "posix-oneshot")

_VENDORED = Path("src/cmd/vendor/golang.org/x/mod/sumdb")


def find_go() -> str | None:
    """The `go` of this machine, or the one that requirements/peers.txt puts beside this Python."""
    return shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))


def build_sumdb(go: str, folder: Path) -> Path:
    """The program of `sumdb/`, against the packages that came with `go`, in `folder`."""
    source, vendored = folder / "sumdb", folder / "mod"
    shutil.copytree(HERE / "sumdb", source)
    root = Path(_run([go, "env", "GOROOT"], folder, {}).strip())
    for name in ("note", "tlog"):
        shutil.copytree(root / _VENDORED / name, vendored / "sumdb" / name)
    (vendored / "go.mod").write_text("module golang.org/x/mod\n\ngo 1.25\n", "ascii")
    program = folder / "bin" / "sumdb"
    offline = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOWORK": "off"}
    _run([go, "mod", "edit", f"-replace=golang.org/x/mod={vendored}"], source, offline)
    _run([go, "build", "-o", str(program), "."], source, offline)
    return program


def build_tools(go: str, folder: Path) -> None:
    """The program of `tools/` and the foreign ones, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [go, "build", "-mod=readonly", "-o", f"{folder}/", ".", *FOREIGN]
    _run(command, HERE / "tools", {"GOWORK": "off"})


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"GOTOOLCHAIN": "local"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def main() -> int:
    """Build what needs the module proxy."""
    go = find_go()
    if go is None:
        print("There is no go: install requirements/peers.txt, or Go 1.25 or newer.")
        return 1
    build_tools(go, BUILT)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Nothing happens at import: no file is written, no socket opened, no process or thread started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys, threading

FORBIDDEN = {"socket.bind", "socket.connect", "subprocess.Popen", "os.system", "os.mkdir", "os.rename", "os.remove"}
happened = []

def watch(event, arguments):
    if event in FORBIDDEN:
        happened.append(f"{event} {arguments}")
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        happened.append(f"open {arguments[:2]}")

import ledger, market
names = [found.name for package in (ledger, market)
         for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
assert len(names) > 40, names
sys.dont_write_bytecode = True
sys.addaudithook(watch)
before = threading.active_count()
for name in names:
    # Alembic runs env.py as a script, with a context that exists only then.
    if not name.endswith(("__main__", "migrations.env")):
        importlib.import_module(name)
        assert not happened, (name, happened)
        assert threading.active_count() == before, name
print(len(names))
"""


def test_importing_everything_does_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []

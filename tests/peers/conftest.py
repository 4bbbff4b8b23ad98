"""The foreign programs, or why a test cannot have them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.building import BUILT, PROGRAMS, build_sumdb, find_go

Program = Callable[..., str]


class Refused(Exception):
    """A foreign program ended with an error; its words."""


def program_at(path: Path) -> Program:
    """Run a program to its end and give what it says. Raises Refused if it fails."""

    def run(*arguments: object) -> str:
        done = subprocess.run(
            [str(path), *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise Refused(done.stderr)
        return done.stdout

    return run


@contextmanager
def running(*command: object, log: Path) -> Iterator[None]:
    """A foreign program that serves, for as long as the block runs; what it says goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="session")
def sumdb(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Go's own reader and writer of logs."""
    go = find_go()
    if go is None:
        pytest.skip("there is no go here (make peers installs one)")
    return program_at(build_sumdb(go, tmp_path_factory.mktemp("sumdb")))


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the programs that `make peers` builds."""
    if not all((BUILT / name).is_file() for name in PROGRAMS):
        pytest.skip("the foreign programs are not built (make peers)")
    return BUILT


@pytest.fixture(scope="session")
def tools(built: Path) -> Program:
    """Checks by torchwood, Tessera, transparency-dev and go-cose."""
    return program_at(built / "tools")

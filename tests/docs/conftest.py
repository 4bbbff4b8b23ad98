"""Where documents are run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import console

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def addresses(free_port: int) -> dict[str, str]:
    """Documents speak of port 8000; here it is a free one."""
    return {"127.0.0.1:8000": f"127.0.0.1:{free_port}", "--port 8000": f"--port {free_port}"}


BEGINNING = """
```console
$ datawharf init --home harbour
$ DATAWHARF_REGISTRAR_PASSWORD='a registrar keeps it' \\
    datawharf zone add 450700 --home harbour --registrar-email registrar@example.org
```
"""
REGISTRAR = """
```console
$ curl -s --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:8000/healthz
$ DATAWHARF_PASSWORD='a registrar keeps it' \\
    datawharf --profile registrar login --server http://127.0.0.1:8000 --email registrar@example.org
$ datawharf --profile registrar keys make
```
"""


@pytest.fixture
def running_market(tmp_path: Path, addresses: dict[str, str]) -> Iterator[Path]:
    """The folder in which a market runs and its registrar is logged in, as the guides suppose."""
    for name, text in (("beginning.md", BEGINNING), ("registrar.md", REGISTRAR)):
        (tmp_path / name).write_text(text)
    console.run(tmp_path / "beginning.md", tmp_path, replaced=addresses)
    port = addresses["--port 8000"].split()
    command = [str(Path(sys.executable).with_name("datawharf")), "serve", "--home", "harbour", *port]
    with (tmp_path / "harbour.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=tmp_path, stdout=log, stderr=log, env=console.environment(tmp_path)
        )
    try:
        console.run(tmp_path / "registrar.md", tmp_path, replaced=addresses)
        yield tmp_path
    finally:
        server.terminate()
        server.wait(60)

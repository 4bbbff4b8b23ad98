"""The wheel holds what it needs and starts, light on a laptop and with the server."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from tests.architecture.environments import clean_environment, make_environment

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 60
needs_command = pytest.mark.skipif(find_spec("market.client") is None, reason="there is no command yet")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of what git tracks or would track: nothing that only lies about on this machine gets in."""
    checkout, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("dist")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, checkout],
        check=True,
        capture_output=True,
    )
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def light(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_environment(tmp_path_factory.mktemp("light"), wheel)


@pytest.fixture(scope="module")
def full(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_environment(tmp_path_factory.mktemp("full"), wheel, "server")


def _run(scripts: Path, *command: str, cwd: Path) -> str:
    done = subprocess.run(
        [scripts / command[0], *command[1:]],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_holds_templates_static_files_languages_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("ledger", "market", "templates"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".html", ".js", ".css", ".svg", ".po", ".typed", ".txt"}:
                inside = path.relative_to(ROOT).as_posix()
                assert (f"market/{inside}" if folder == "templates" else inside) in names
    assert {"ledger/py.typed", "market/py.typed", "market/templates/layouts/base.html"} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"ledger", "market", "datawharf"}


@needs_command
def test_light_install_has_the_command_and_the_libraries(light: Path, tmp_path: Path) -> None:
    assert "0." in _run(light, "datawharf", "--version", cwd=tmp_path)
    assert "verify" in _run(light, "datawharf", "--help", cwd=tmp_path)
    everything = (
        "import pkgutil, importlib, sys\n"
        "import ledger, market.client, market.statements\n"
        "for package in (market.client, market.statements):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not found.name.endswith('__main__'): importlib.import_module(found.name)\n"
        "heavy = {'fastapi', 'sqlmodel', 'sqlalchemy', 'jinja2', 'pyarrow', 'stripe'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "print('light')\n"
    )
    assert _run(light, "python", "-c", everything, cwd=tmp_path) == "light\n"


@needs_command
def test_light_install_says_how_to_get_the_server(light: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [light / "datawharf", "serve"], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "datawharf[server]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def served(full: Path, tmp_path: Path, free_port: int) -> Iterator[str]:
    """A market made and served by the installed command alone."""
    _run(full, "datawharf", "init", "--home", "home", cwd=tmp_path)
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [full / "datawharf", "serve", "--home", "home", "--port", str(free_port)],
            cwd=tmp_path,
            env=clean_environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{free_port}/healthz", server)
        yield f"http://127.0.0.1:{free_port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_until_it_answers(address: str, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and server.poll() is None:
        try:
            httpx.get(address, timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the server did not start (exit code {server.poll()})")


@needs_command
def test_full_install_serves_pages_and_static_files(served: str) -> None:
    with httpx.Client(base_url=served, timeout=30) as client:
        assert client.get("/healthz").status_code == 200
        page = client.get("/zh/", follow_redirects=True)
        assert page.status_code == 200
        assert "<title>" in page.text
        assert "/static/" in page.text
        style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
        assert client.get(style).headers["content-type"].startswith("text/css")

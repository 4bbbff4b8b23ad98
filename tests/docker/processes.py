"""The processes of the compose file without containers: two servers, one worker, the signer, PostgreSQL and S3."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.docker.s3_server import BUCKET, S3

COMMAND = Path(sys.executable).with_name("datawharf")
START_SECONDS = 60


@dataclass(frozen=True)
class Fleet:
    """home: shared by all. apps: the addresses of the servers. worker: its process."""

    home: Path
    apps: tuple[str, str]
    worker: subprocess.Popen[bytes]


def run(*arguments: str, **more: str) -> str:
    """The output of a `datawharf` command, which must end well."""
    done = subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False, env=os.environ | more
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def init(home: Path, database: str, s3: S3, secrets: Path, prefix: str) -> str:
    """What the one-shot service does, secrets out of files as there."""
    secrets.mkdir()
    (secrets / "database_url").write_text(database + "\n")
    (secrets / "s3_secret").write_text(s3.secret_access_key + "\n")
    (secrets / "operator_password").write_text("correct horse battery staple\n")
    given = s3.options | {"secret_access_key": f"@{secrets / 's3_secret'}"}
    return run(
        *("init", "--if-missing", "--home", str(home), "--public-url", "https://market.example"),
        *("--database", f"@{secrets / 'database_url'}", "--proxy", "127.0.0.1"),
        *("--operator-password", f"@{secrets / 'operator_password'}"),
        *("--signer-home", str(vault(home)), "--signer-sockets", str(home.parent / "run")),
        *("--blobs", f"s3://{BUCKET}/{prefix}/blobs", "--ledger-objects", f"s3://{BUCKET}/{prefix}/ledger"),
        *(part for name, value in given.items() for part in ("--s3", f"{name}={value}")),
    )


@contextmanager
def fleet(home: Path) -> Iterator[Fleet]:
    """All processes of an installation, stopped at the end."""
    with ExitStack() as stack:
        stack.enter_context(signer(home))
        apps = tuple(stack.enter_context(_app(home, number)) for number in (1, 2))
        worker = stack.enter_context(_process(home, "worker", ["worker"]))
        _said(home.parent / "worker.log", "Working on", worker)
        yield Fleet(home, (apps[0], apps[1]), worker)


def vault(home: Path) -> Path:
    """Where the log's keys are: a volume of the signer's own there, a folder beside the home here."""
    return home.parent / "vault"


@contextmanager
def signer(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The signer. Once it runs the keys are out of everybody's reach, as in containers they always are."""
    keys = vault(home) / "keys"
    with _process(home, "signer", ["signer", "serve"]) as process:
        _said(home.parent / "signer.log", "answers in", process)
        keys.rename(_away(home))
        try:
            yield process
        finally:
            _away(home).rename(keys)


@contextmanager
def keys_in_reach(home: Path) -> Iterator[None]:
    """While the signer runs, for the operator's command that needs the keys."""
    keys = _away(home).rename(vault(home) / "keys")
    try:
        yield
    finally:
        keys.rename(_away(home))


def _away(home: Path) -> Path:
    return vault(home) / "out-of-reach"


@contextmanager
def _app(home: Path, number: int) -> Iterator[str]:
    with _process(home, f"app{number}", ["serve", "--no-worker", "--port", "0"]) as server:
        said = _said(home.parent / f"app{number}.log", "/ (stop", server)
        address = said.partition("Datawharf on ")[2].partition("/ ")[0]
        wait_until_it_answers(f"{address}/healthz", server)
        yield address


@contextmanager
def _process(home: Path, name: str, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(COMMAND), *arguments, "--home", str(home)]
    # A scratch folder each, as containers have.
    own = {"PYTHONUNBUFFERED": "1", "DATAWHARF_CACHE": str(home.parent / f"{name}.scratch")}
    with (home.parent / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | own)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def _said(log: Path, words: str, process: subprocess.Popen[bytes]) -> str:
    """What a process wrote, once the words are in it."""
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        if words in (text := log.read_text()):
            return text
        time.sleep(0.1)
    raise AssertionError(f"it did not start: {log.read_text()}")


def wait_until_it_answers(address: str, server: subprocess.Popen[bytes]) -> None:
    """Until an address answers well, as long as the process lives."""
    give_up = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < give_up:
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{address} did not answer")

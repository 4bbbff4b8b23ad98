"""A real marketplace for a benchmark: initialised, served by `datawharf serve` on a free loopback port, and stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from ledger.keys import SigningKey
from market.client.sdk import Datawharf

START_SECONDS = 60
STOP_SECONDS = 20
PASSWORD = "a long password of a benchmark"
ZONE = "450000"


@dataclass(frozen=True)
class Served:
    """address: without a slash at the end. home: the folder of the installation. pid: the server's process."""

    address: str
    home: Path
    pid: int

    def cpu_seconds(self) -> float:
        """CPU time that the server has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served_market(scratch: Path, *options: str, worker: bool = True) -> Iterator[Served]:
    """A marketplace in `scratch`/home. options: more of `datawharf init`. worker: run jobs in the same process."""
    home, log = scratch / "home", scratch / "serve.log"
    said = subprocess.run(
        [*_command("init"), "--home", str(home), *options], capture_output=True, text=True, check=False
    )
    if said.returncode:
        raise RuntimeError(f"the marketplace was not made: {said.stderr}")
    serve = [*_command("serve"), "--home", str(home), "--port", "0", "--worker" if worker else "--no-worker"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            serve, stdout=output, stderr=output, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
    try:
        yield Served(_address(process, log), home, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Provider(Datawharf):
    """A client that also tells its API key."""

    api_key = ""


@contextmanager
def provider(market: Served, name: str = "provider") -> Iterator[Provider]:
    """Somebody who may register data: signed up, logged in, with a signing key."""
    organisation = {"name": {"zh": "北部湾港", "en": "Beibu Gulf Port"}, "zone": ZONE}
    email = f"{name}@example.org"
    with Provider(market.address) as client:
        client.sign_up(email=email, password=PASSWORD, name="Wei", organisation=organisation)
        client.api_key = client.log_in(email, PASSWORD)["key"]
        client.register_key(SigningKey.generate())
        yield client


def _command(verb: str) -> list[str]:
    return [sys.executable, "-m", "market.client", verb]


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        said = log.read_text(errors="replace").partition("Datawharf on ")[2].partition("/ (stop")
        if said[1] and _answers(said[0]):
            return said[0]
        time.sleep(0.1)
    raise RuntimeError(f"the marketplace did not start: {log.read_text(errors='replace')}")


def _answers(address: str) -> bool:
    """The address is said before the application is up."""
    try:
        return httpx.get(f"{address}/healthz", timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False

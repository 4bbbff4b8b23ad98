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


@contextmanager
def provider(market: Served, name: str = "provider") -> Iterator[Datawharf]:
    """Somebody who may register data: signed up, logged in, with a signing key."""
    organisation = {"name": {"zh": "北部湾港", "en": "Beibu Gulf Port"}, "zone": ZONE}
    email = f"{name}@example.org"
    with Datawharf(market.address) as client:
        client.sign_up(email=email, password=PASSWORD, name="Wei", organisation=organisation)
        client.log_in(email, PASSWORD)
        client.register_key(SigningKey.generate())
        yield client


def _command(verb: str) -> list[str]:
    return [sys.executable, "-m", "market.client", verb]


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        text = log.read_text(errors="replace")
        address = text.partition("Datawharf on ")[2].partition("/ (stop")
        if address[1]:
            _until_listening(address[0], process)
            return address[0]
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the marketplace did not start: {log.read_text(errors='replace')}")


def _until_listening(address: str, process: subprocess.Popen[bytes]) -> None:
    """The socket listens before the address is said; the first answer comes when the application is up."""
    with Datawharf(address) as visitor:
        visitor.head()
    assert process.poll() is None

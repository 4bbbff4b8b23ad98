"""A real S3 server of one test run: SeaweedFS, told its key as in the compose file; a bucket is made at the first write."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

WEED = Path(sys.executable).with_name("weed")
START_SECONDS = 60
BUCKET = "datawharf"


@dataclass(frozen=True)
class S3:
    """A bucket with the key that opens it."""

    endpoint: str
    access_key_id: str
    secret_access_key: str

    @property
    def options(self) -> dict[str, str]:
        """As obstore takes them."""
        return {
            "endpoint": self.endpoint,
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "region": "us-east-1",
        }


@contextmanager
def s3_server(folder: Path) -> Iterator[S3]:
    """SeaweedFS on loopback where it is installed, which checks every signature; else localbucket, which does not."""
    if WEED.is_file():
        command, port = _seaweedfs(folder)
        keys, health = (
            {"AWS_ACCESS_KEY_ID": "datawharf", "AWS_SECRET_ACCESS_KEY": "of-one-test-run"},
            "healthz",
        )
    else:
        (folder / BUCKET).mkdir()
        (port,) = _free_ports(1)
        command = [sys.executable, "-m", "localbucket", "--port", str(port), str(folder)]
        keys, health = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "other"}, ""
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | keys)
        try:
            _wait(f"http://127.0.0.1:{port}/{health}", server)
            yield S3(f"http://127.0.0.1:{port}", *keys.values())
        finally:
            server.kill()
            server.wait()


def _seaweedfs(folder: Path) -> tuple[list[str], int]:
    """The command of the compose file, on ports that are free."""
    master, volume, filer, port = _free_ports(4)
    command = [
        str(WEED),
        f"-logdir={folder}",
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-s3",
    ]
    command += [f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"]
    command += [f"-s3.port={port}", "-volume.max=8", "-master.volumeSizeLimitMB=64"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # on fixed ports they keep a second server out
    return command, port


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < give_up:
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"the S3 server did not start (exit code {server.poll()})")


def _free_ports(count: int) -> list[int]:
    """Ports below 50,000, since SeaweedFS also takes the port 10,000 above each."""
    found: list[int] = []
    while len(found) < count:
        port = random.randint(20_000, 49_000)
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
        found.append(port)
    return found

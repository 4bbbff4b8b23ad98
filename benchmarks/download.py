"""Sending one file to curl: our server by key, whole and by Range, beside nginx with sendfile, in the same run.

    python -m benchmarks.download [--scale tiny|usual|full] [--json]

Everybody sends the same bytes from the same file system with a warm cache to `curl -o /dev/null` on loopback. nginx
serves the file as it lies there (sendfile on, one worker); ours looks the key, the rights and the day's release up first.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.figures import MIB, Figure, Scale, alternate, command_line
from benchmarks.market import provider, served_market
from market.client.cli.provide import EXAMPLE
from market.client.sdk import Datawharf

BYTES = {Scale.TINY: 17 * MIB, Scale.USUAL: 1024 * MIB, Scale.FULL: 1024 * MIB}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 5, Scale.FULL: 9}
WHOLE_AT_LEAST, RANGE_AT_LEAST = 0.90, 0.50
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off; sendfile on; tcp_nopush on; default_type application/octet-stream;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


def run(scale: Scale) -> Iterator[Figure]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise SystemExit("this benchmark compares with nginx: install Debian's nginx-light")
    size = BYTES[scale]
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folder = Path(scratch)
        source = folder / "files" / "data.bin"
        source.parent.mkdir()
        write_random(source, size)
        with served_market(folder, worker=False) as market, provider(market) as client:
            version = publish(client, source)
            key = client.api._http.headers["Authorization"]
            ours = partial(fetch, f"{market.address}/api/v1/versions/{version}/files/data.bin", key)
            with nginx(program, folder, source.parent) as address:
                theirs = partial(fetch, f"{address}/data.bin", "")
                middle = f"{size // 4}-{size // 4 + size // 2 - 1}"
                seconds = alternate(
                    ROUNDS[scale],
                    {
                        "ours": partial(ours, "", size),
                        "nginx": partial(theirs, "", size),
                        "our range": partial(ours, middle, size // 2),
                        "nginx range": partial(theirs, middle, size // 2),
                    },
                )
    yield Figure(
        f"download of {size // MIB} MiB",
        seconds["ours"],
        "nginx sendfile",
        seconds["nginx"],
        at_least=WHOLE_AT_LEAST,
        amount=size / MIB,
        unit="MiB",
    )
    yield Figure(
        f"Range of {size // 2 // MIB} MiB",
        seconds["our range"],
        "nginx sendfile, the same Range",
        seconds["nginx range"],
        at_least=RANGE_AT_LEAST,
        amount=size / 2 / MIB,
        unit="MiB",
    )


def write_random(path: Path, size: int) -> None:
    """The same bytes each time, durable before anything is measured."""
    chance = random.Random(20260701)
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(chance.randbytes(MIB))
        file.flush()
        os.fsync(file.fileno())


def publish(client: Datawharf, source: Path) -> str:
    """Register the file as a version of a fresh asset; the version's id."""
    return client.register([source], metadata=EXAMPLE)["id"]


def fetch(address: str, key: str, span: str, size: int) -> float:
    """Seconds that curl needs to take it all and throw it away."""
    command = ["curl", "-s", "-S", "-f", "-o", "/dev/null", "-w", "%{size_download} %{time_total}", address]
    command += ["-H", f"Authorization: {key}"] if key else []
    command += ["-r", span] if span else []
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if int(said[0]) != size:
        raise RuntimeError(f"{said[0]} bytes came instead of {size}")
    return float(said[1])


@contextmanager
def nginx(program: str, folder: Path, root: Path) -> Iterator[str]:
    """An nginx of our own on a free loopback port; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Its worker must be able to read what we own, whoever runs this.
    folder.chmod(0o755)
    settings = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    settings.write_text(user + NGINX.format(folder=folder, port=port, root=root))
    server = subprocess.Popen([program, "-p", str(folder), "-c", str(settings)], stderr=subprocess.DEVNULL)
    try:
        _until_listening(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _until_listening(port: int, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 10
    while server.poll() is None and time.monotonic() < give_up:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("nginx did not start")


if __name__ == "__main__":
    command_line("download", run)

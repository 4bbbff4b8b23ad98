"""Sending one file through the product's own client to a real server, beside the two limits of this machine.

    python -m benchmarks.upload [--scale tiny|usual|full] [--json]

Timed from the announcement to the answer that the file is complete: every part durable, the whole compared with the
manifest, and every 4 MiB chunk as well. Hashing before (which makes the manifest) is not counted. The limits are
writing the same bytes to the same file system with one fsync, and one SHA-256 over them; the slower one counts.
Client and server share this machine's cores; `note` gives the CPU seconds of each.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import median

from benchmarks.figures import MIB, Figure, Scale, alternate, command_line, stopwatch
from benchmarks.market import Served, provider, served_market
from market.client import registering, sending
from market.client.cli.provide import EXAMPLE
from market.client.sdk import Datawharf

BYTES = {Scale.TINY: 17 * MIB, Scale.USUAL: 256 * MIB, Scale.FULL: 1024 * MIB}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 5, Scale.FULL: 3}
AT_LEAST = 0.85


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folder = Path(scratch)
        source = folder / "data.bin"
        write_random(source, BYTES[scale])
        with served_market(folder, worker=False) as market, provider(market) as client:
            uploads = Uploads(market, client, source)
            seconds = alternate(
                ROUNDS[scale],
                {
                    "upload": uploads.once,
                    "write + fsync": partial(write_durably, source, folder / "copy.bin"),
                    "one SHA-256": partial(hash_once, source),
                },
            )
        limit = max(("write + fsync", "one SHA-256"), key=lambda name: median(seconds[name]))
        yield Figure(
            f"upload of {BYTES[scale] // MIB} MiB",
            seconds["upload"],
            f"{limit}, the slower of the two limits",
            seconds[limit],
            at_least=AT_LEAST,
            amount=BYTES[scale] / MIB,
            unit="MiB",
            note=uploads.note,
        )


@dataclass
class Uploads:
    """Sends the file again and again, each time with other bytes at its start so that none are known already."""

    market: Served
    client: Datawharf
    source: Path
    server_cpu: list[float] = field(default_factory=list)
    client_cpu: list[float] = field(default_factory=list)

    def once(self) -> float:
        number = len(self.server_cpu)
        with self.source.open("r+b") as file:
            file.write(number.to_bytes(8, "big"))
        files = registering.hash_files([("data.bin", self.source)])
        asset = self.client.create_asset(EXAMPLE)
        body = registering.new_version_body(
            registering.manifest_of(files),
            version=f"1.0.{number}",
            previous=None,
            derived_from=(),
            notes=None,
            reference_url="",
        )
        version = self.client.api.post(f"/api/v1/assets/{asset['id']}/versions", body)
        os.sync()
        server, own = self.market.cpu_seconds(), time.process_time()
        with stopwatch() as watch:
            sending.upload_file(self.client.api, version["id"], files[0])
        self.server_cpu.append(self.market.cpu_seconds() - server)
        self.client_cpu.append(time.process_time() - own)
        (file_view,) = self.client.version(version["id"])["files"]
        assert file_view["state"] == "available"
        return watch.seconds

    @property
    def note(self) -> str:
        per_gib = 1024 * MIB / self.source.stat().st_size
        return (
            f"CPU seconds a GiB: server {median(self.server_cpu) * per_gib:.2f}, "
            f"client {median(self.client_cpu) * per_gib:.2f}"
        )


def write_random(path: Path, size: int) -> None:
    """A file of `size` bytes, always the same."""
    source = random.Random(1)
    with path.open("wb") as file:
        for start in range(0, size, 16 * MIB):
            file.write(source.randbytes(min(16 * MIB, size - start)))


def write_durably(source: Path, target: Path) -> float:
    """Seconds for writing the bytes of `source`, which lie in memory, and one fsync."""
    data = source.read_bytes()
    os.sync()
    with stopwatch() as watch, target.open("wb", buffering=0) as file:
        for start in range(0, len(data), MIB):
            file.write(memoryview(data)[start : start + MIB])
        os.fsync(file.fileno())
    target.unlink()
    return watch.seconds


def hash_once(source: Path) -> float:
    """Seconds for one SHA-256 over the bytes of `source`, read in pieces."""
    digest = sha256()
    with stopwatch() as watch, source.open("rb", buffering=0) as file:
        while piece := file.read(MIB):
            digest.update(piece)
    return watch.seconds


if __name__ == "__main__":
    command_line("upload", run)

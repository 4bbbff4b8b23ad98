"""Receiving one file through the product's own client, every chunk checked before it is kept, beside one SHA-256.

    python -m benchmarks.verified_download [--scale tiny|usual|full] [--json]

A real server sends on loopback; the client receives, hashes each 4 MiB chunk, and writes it. Client and server share
this machine's cores. Beside it: one SHA-256 over the same bytes from memory of the page cache.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from hashlib import file_digest
from pathlib import Path

from benchmarks.download import publish, write_random
from benchmarks.figures import MIB, Figure, Scale, alternate, command_line, stopwatch
from benchmarks.market import provider, served_market
from ledger.manifest import FileRow
from market.client.downloading import download_file
from market.client.sdk import Datawharf

BYTES = {Scale.TINY: 17 * MIB, Scale.USUAL: 512 * MIB, Scale.FULL: 1024 * MIB}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 5, Scale.FULL: 5}
AT_LEAST = 0.85


def run(scale: Scale) -> Iterator[Figure]:
    size = BYTES[scale]
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folder = Path(scratch)
        source = folder / "data.bin"
        write_random(source, size)
        with served_market(folder, worker=False) as market, provider(market) as client:
            version = client.version(publish(client, source))
            (row,) = client.checked_manifest(version).rows
            seconds = alternate(
                ROUNDS[scale],
                {
                    "download": partial(receive, client, version["id"], row, folder / "received"),
                    "one SHA-256": partial(hash_once, source),
                },
            )
    yield Figure(
        f"verified download of {size // MIB} MiB",
        seconds["download"],
        "one SHA-256 of the same bytes",
        seconds["one SHA-256"],
        at_least=AT_LEAST,
        amount=size / MIB,
        unit="MiB",
    )


def receive(client: Datawharf, version_id: str, row: FileRow, folder: Path) -> float:
    with stopwatch() as watch:
        target = download_file(client.api, version_id, row, folder)
    target.unlink()
    return watch.seconds


def hash_once(source: Path) -> float:
    with stopwatch() as watch, source.open("rb") as file:
        file_digest(file, "sha256")
    return watch.seconds


if __name__ == "__main__":
    command_line("verified_download", run)

"""The verifiable index: what an entry costs while the index grows from 10^3 to 10^6 entries, and what a history costs.

    python -m benchmarks.ledger_index [--scale tiny|usual|full] [--json]

An entry has nine keys. Its cost in a large index stands beside that in the smallest, since it should grow with the
logarithm only; so should its cost when the map is made again from nothing, as by a process that has none. A history of
1,000 entries stands beside 50 ms, without its entries and with them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from benchmarks.figures import Figure, Scale, command_line, stopwatch
from benchmarks.ledger_append import ORIGIN, create_log
from ledger.cose import Sign1, format_sign1
from ledger.index.state import index_origin
from ledger.indexer.follower import IndexFollower
from ledger.indexer.map import IndexMap
from ledger.indexer.prove import prove_history
from ledger.indexer.writer import IndexWriter
from ledger.keys import SIGNATURE_SIZE, SigningKey
from ledger.log import Log
from ledger.names import urn
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.reader import LogReader
from ledger.signer import Signer
from ledger.statement import Claims, in_toto, statement_to_sign
from ledger.stores.files import FileLock, FileObjects

LARGEST = {Scale.TINY: 1_000, Scale.USUAL: 100_000, Scale.FULL: 1_000_000}
REPEATS = {Scale.TINY: 1, Scale.USUAL: 5, Scale.FULL: 9}
BATCH = 256
GROWTH = 16_384
LIST = 1_000
"""So many entries are about asset 0; the others name an asset three times each."""
TARGET_SECONDS = 0.05


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        market = _Market(Path(scratch))
        smallest: list[float] = []
        smallest_again: list[float] = []
        size = 1_000
        while size <= LARGEST[scale]:
            market.grow(size)
            seconds = [market.add() / BATCH for _ in range(REPEATS[scale])]
            smallest = smallest or seconds
            yield Figure(
                f"index: an entry more in {size:,}, in batches of {BATCH}",
                seconds,
                "the same in 1,000",
                smallest,
                at_most=3,
                amount=1,
                unit="entries",
            )
            again = [market.make_again()]
            smallest_again = smallest_again or again
            yield Figure(
                f"index: an entry of a map made again from {size:,}",
                again,
                "the same of 1,000",
                smallest_again,
                at_most=3,
                amount=1,
                unit="entries",
            )
            for with_entries in (False, True):
                yield Figure(
                    f"index: history of {LIST:,} entries in {size:,}, {'with' if with_entries else 'without'} them",
                    [market.prove(with_entries) for _ in range(REPEATS[scale])],
                    "the target",
                    [TARGET_SECONDS],
                    at_most=1,
                )
            size *= 10
        market.close()


class _Market:
    """A log with its index, in files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = create_log(folder)
        (folder / "index").mkdir()
        self._map = IndexMap(ORIGIN, folder / "index" / "map.sqlite")
        self._writer = IndexWriter(_create_index_log(folder / "index"), self._map)
        self._reader = LogReader(ORIGIN, FileObjects(folder / "log"))

    def grow(self, size: int) -> None:
        while self._log.size < size:
            stop = min(size, self._log.size + GROWTH)
            self._append(stop - self._log.size)

    def add(self) -> float:
        """Seconds that the index takes for one more batch, its own publication included."""
        return self._append(BATCH)

    def make_again(self) -> float:
        """Seconds for each entry, by a process that has the published files and no map."""
        reader, index_reader = self._readers()
        index_map = IndexMap(ORIGIN, self._folder / "again.sqlite")
        follower = IndexFollower(index_map)
        with stopwatch() as watch:
            while not follower.advance(reader, index_reader):
                pass
        assert index_map.size == self._log.size
        index_map.close()
        (self._folder / "again.sqlite").unlink()
        return watch.seconds / self._log.size

    def _readers(self) -> tuple[LogReader, LogReader]:
        """Of both logs, without a tile yet."""
        return (
            Log.open_reader(ORIGIN, FileObjects(self._folder / "log")),
            Log.open_reader(index_origin(ORIGIN), FileObjects(self._folder / "index" / "log")),
        )

    def prove(self, with_entries: bool) -> float:
        """Seconds for the history of asset 0, by readers that have no tile yet."""
        reader, index_reader = self._readers()
        with stopwatch() as watch:
            prove_history(_asset_key(0), reader, index_reader, self._map, with_entries=with_entries)
        return watch.seconds

    def close(self) -> None:
        self._writer.close()
        self._log.close()

    def _append(self, count: int) -> float:
        start = self._log.size
        self._log.append([entry(index) for index in range(start, start + count)])
        self._log.publish(int(time.time()))
        with stopwatch() as watch:
            self._writer.follow(self._reader, int(time.time()))
        return watch.seconds


def entry(index: int) -> bytes:
    """A registration with a signature of zeros, which the index does not look at."""
    asset = 0 if index < 2 * LIST and index % 2 else 1 + index // 3
    claims = Claims(
        urn(ORIGIN, "org", _uuid(1 + index % 500)), urn(ORIGIN, "asset", _uuid(asset)), ORIGIN, index
    )
    predicate = {
        "version": "1.0.0",
        "manifest": f"{index:064x}",
        "contentRoot": f"{index:064x}",
        "metadata": f"{index:064x}",
        "delivery": "hosted",
        "derivedFrom": [f"{index // 7:064x}"],
        "previous": f"{index:064x}",
    }
    payload = in_toto(
        "urn:datawharf:predicate/registration/v1", "manifest.json", {"sha256": f"{index:064x}"}, predicate
    )
    parts = statement_to_sign(payload, claims, (index % 500).to_bytes(32, "big"))
    return format_sign1(Sign1(parts.protected, {}, parts.payload, bytes(SIGNATURE_SIZE)))


def _uuid(number: int) -> UUID:
    return UUID(int=0x01938E2A_7C00_7000_8000_000000000000 + number)


def _asset_key(number: int) -> str:
    return f"asset:{_uuid(number)}"


def _create_index_log(folder: Path) -> Log:
    origin = index_origin(ORIGIN)
    log_signer = NoteSigner(origin, SigningKey.from_seed(bytes(32)))
    cosigner = NoteSigner(f"{origin}/cosigner", SigningKey.from_seed(bytes(32)), COSIGNATURE_ED25519)
    signer = Signer(folder / "signer", log_signer, cosigner, SigningKey.from_seed(bytes(32)))
    return Log.create(origin, FileObjects(folder / "log"), FileLock(folder / "head"), signer, [])


if __name__ == "__main__":
    command_line("ledger_index", run)

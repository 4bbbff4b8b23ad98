"""The index of the ledger: a worker lets it follow the log, and anybody gets the history of a key out of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from ledger.bindings import LogPolicy, verify_log_policy
from ledger.errors import Conflict, Malformed, StorageFailed
from ledger.index.announcement import INDEX_MAP, verify_announcement
from ledger.index.state import index_origin
from ledger.indexer.map import IndexMap
from ledger.indexer.prove import prove_history
from ledger.indexer.writer import IndexWriter
from ledger.log import Cosigners, Log
from ledger.note import Verifier
from ledger.reader import LogReader
from ledger.signer import HeadSigner
from ledger.statement import parse_statement
from ledger.storage import LockStore, ObjectStore
from market.kit.errors import Fault, Kind
from market.kit.i18n import N_

FOLLOW_TOPIC = "ledger.index"
_ANNOUNCED_WITHIN = 3


class IndexUnavailable(Fault):
    kind, slug = Kind.UNAVAILABLE, "index-unavailable"
    title = N_("The index of the ledger cannot be read just now")


class HistoryTooLarge(Fault):
    kind, slug = Kind.TOO_LARGE, "history-too-large"
    title = N_("The history is too large")


@dataclass(frozen=True)
class IndexStores:
    """Where the index log is kept, what signs it, and who cosigns. Its map is a file of this machine.

    signer: None in a process that only reads.
    """

    objects: ObjectStore
    map_file: Path
    lock: LockStore
    signer: HeadSigner | None = None
    cosigners: Cosigners | None = None


class Index:
    """The index log of `origin`, and the map whose roots stand in it."""

    def __init__(self, origin: str, stores: IndexStores) -> None:
        self.origin = index_origin(origin)
        self.objects = stores.objects
        self._log_origin = origin
        self._stores = stores
        self._writer: IndexWriter | None = None
        self._reader: LogReader | None = None
        self._map: IndexMap | None = None
        self._guard = threading.RLock()
        self._reading = threading.Lock()

    def follow(self, log: LogReader, time: int) -> None:
        """Catch up with what `log` has published, and publish that. `StorageFailed` or `Conflict` if it cannot."""
        with self._guard:
            if self._writer is None:
                self._writer = IndexWriter(self._open_log(), self._open_map())
            try:
                self._writer.follow(log, time)
            except Exception:
                # As with the log: a writer that failed half-way is not trusted again.
                self._close_writer()
                raise

    def history(self, key: str, log: LogReader, *, with_entries: bool) -> bytes:
        """The history of a key, with the proof that nothing is left out; see `ledger.index.history`."""
        try:
            with self._reading:
                if self._map is None:
                    self._map = self._open_map()
                return prove_history(key, log, self._refreshed(log), self._map, with_entries=with_entries)
        except (Conflict, StorageFailed) as error:
            raise IndexUnavailable(
                N_("The index cannot answer: %(why)s"),
                hint=N_("Try again in a while; nothing was lost."),
                why=error,
            ) from error
        except Malformed as error:
            raise HistoryTooLarge(
                N_("The history of this key is too large to be sent with its entries."),
                hint=N_("Ask for it with entries=false, and read the entries from the log."),
            ) from error

    def checkpoint(self, size: int | None = None) -> bytes | None:
        """The newest published checkpoint of the index log, or the one kept at `size`; None if there is none."""
        return self.objects.read("checkpoint" if size is None else f"checkpoints/{size}")

    def close(self) -> None:
        with self._guard, self._reading:
            self._close_writer()
            if self._map is not None:
                self._map.close()
                self._map = None

    def _refreshed(self, log: LogReader) -> LogReader:
        if self._reader is None:
            self._reader = LogReader(self.origin, self.objects, _announced_key(log))
        return self._reader

    def _open_log(self) -> Log:
        stores = self._stores
        if stores.signer is None:
            raise StorageFailed("this process was not given the index's signer; run a worker that has it")
        if stores.lock.read() is None:
            return Log.create(
                self.origin, stores.objects, stores.lock, stores.signer, [], cosigners=stores.cosigners
            )
        return Log.load(self.origin, stores.objects, stores.lock, stores.signer, cosigners=stores.cosigners)

    def _open_map(self) -> IndexMap:
        self._stores.map_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return IndexMap(self._log_origin, self._stores.map_file)

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _announced_key(log: LogReader) -> Verifier:
    """The public key of the index, out of the first entries of the log that it is the index of."""
    policy: LogPolicy | None = None
    log.refresh()
    for entry in log.entries(0, _ANNOUNCED_WITHIN):
        statement = parse_statement(entry)
        if policy is None:
            policy = verify_log_policy(statement)
        elif statement.predicate_type == INDEX_MAP:
            return verify_announcement(statement, policy).log
    raise StorageFailed(f"The log {log.origin} does not name its index among its first entries.")

"""The index of the ledger: a worker lets it follow the log, and anybody gets the history of a key out of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Conflict, LedgerError, Malformed, StorageFailed, Unverified, WrongIndex
from ledger.index.state import index_origin
from ledger.indexer.own import OwnMap
from ledger.indexer.rebuild import announced_key
from ledger.indexer.writer import IndexWriter
from ledger.log import Cosigners, Log
from ledger.note import Verifier
from ledger.reader import LogReader
from ledger.signer import HeadSigner
from ledger.storage import LockStore, ObjectStore
from market.kit.errors import Fault, Kind
from market.kit.i18n import N_

FOLLOW_TOPIC = "ledger.index"
HISTORIES = "240/minute"
MOST_SERVED = 16 << 20
"""Bytes of entries in a history that is served: several times as many are in memory for each request."""


class IndexUnavailable(Fault):
    kind, slug = Kind.UNAVAILABLE, "index-unavailable"
    title = N_("The index of the ledger cannot be read just now")


class HistoryTooLarge(Fault):
    kind, slug = Kind.TOO_LARGE, "history-too-large"
    title = N_("The history is too large")


@dataclass(frozen=True)
class IndexStores:
    """Where the index log is kept, what signs it, and who cosigns.

    maps: folder of this machine, where each process keeps a map of its own. signer: None in a process that only reads.
    """

    objects: ObjectStore
    maps: Path
    lock: LockStore
    signer: HeadSigner | None = None
    cosigners: Cosigners | None = None


class Index:
    """The index log of `origin`, and this process's map of it."""

    def __init__(self, origin: str, stores: IndexStores) -> None:
        self.origin = index_origin(origin)
        self.objects = stores.objects
        self._stores = stores
        self._map = OwnMap(origin, stores.maps)
        self._log: Log | None = None
        self._writer: IndexWriter | None = None
        self._reader: LogReader | None = None

    def follow(self, log: LogReader, time: int) -> None:
        """Catch up with what `log` has published, and publish that. `StorageFailed` or `Conflict` if it cannot."""
        with self._map.changing():
            try:
                if self._writer is None:
                    self._writer = self._open_writer(log)
                self._writer.follow(log, time)
            except Exception:
                # As with the log: a writer that failed half-way is not trusted again.
                self._close_writer()
                raise

    def prepare(self, log: LogReader) -> None:
        """Begin to make this process's map, so that the first who asks need not wait for it."""
        with suppress(LedgerError):
            self._map.begin(log, self._index_reader(log))

    def history(self, key: str, log: LogReader, *, with_entries: bool) -> bytes:
        """The history of a key, with the proof that nothing is left out; see `ledger.index.history`.

        Every process gives the same bytes for the same state of the index; one that is behind, those of an earlier one.
        """
        try:
            return self._map.prove(
                key, log, self._index_reader(log), with_entries=with_entries, most=MOST_SERVED
            )
        except WrongIndex as error:
            raise IndexUnavailable(
                N_("The index does not match the log: %(why)s"),
                hint=N_(
                    "Waiting does not mend this: rely on no history from here, and tell the operator, who goes by "
                    'the run-book "An index is wrong" (docs/ledger/runbooks.md). Receipts stay good.'
                ),
                why=error,
            ) from error
        except (Conflict, StorageFailed, Unverified) as error:
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
        if self._log is not None:
            with self._map.changing():
                self._close_writer()
        self._map.close()

    def _index_reader(self, log: LogReader) -> LogReader:
        if self._reader is None:
            self._reader = LogReader(self.origin, self.objects, *self._verifiers(log))
        return self._reader

    def _verifiers(self, log: LogReader) -> tuple[Verifier, ...]:
        try:
            return (announced_key(log),)
        except Unverified:
            if self._stores.signer is None:
                raise
            # An index that is being started is named a little later.
            return tuple(self._stores.signer.log_verifiers)

    def _open_writer(self, log: LogReader) -> IndexWriter:
        self._log = self._open_log()
        self._map.catch_up(log, self._index_reader(log))
        with self._map.changing() as index_map:
            return IndexWriter(self._log, index_map)

    def _open_log(self) -> Log:
        stores = self._stores
        if stores.signer is None:
            raise StorageFailed("this process was not given the index's signer; run a worker that has it")
        if stores.lock.read() is None:
            return Log.create(
                self.origin, stores.objects, stores.lock, stores.signer, [], cosigners=stores.cosigners
            )
        return Log.load(self.origin, stores.objects, stores.lock, stores.signer, cosigners=stores.cosigners)

    def _close_writer(self) -> None:
        if self._log is not None:
            self._log.close()
        self._log = self._writer = None

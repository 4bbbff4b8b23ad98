"""The door to the ledger: one reader per process, one writer in all, and the platform's own key."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from ledger.bindings import LogPolicy, parse_log_policy
from ledger.check_time import Sighting, first_sighting
from ledger.checkpoint import cosignatures
from ledger.errors import StorageFailed, Unverified
from ledger.hashing import leaf_hash
from ledger.kept import KeptCheckpoints, Published
from ledger.keys import PublicKey, SigningKey
from ledger.log import Cosigners, Log
from ledger.note import Verifier, open_note
from ledger.policy import Policy, fingerprint
from ledger.reader import LogReader
from ledger.receipt import Opening
from ledger.signer import HeadSigner
from ledger.statement import parse_statement
from ledger.storage import LockStore, ObjectStore
from market.kit.errors import Fault, Kind
from market.kit.i18n import N_
from market.provenance.indexing import Index

POLICY_ENTRY = 0
# The log begins with its policy, the rule pack and the name of its index. Nobody handed them in, so no row knows them.
GENESIS_ENTRIES = 3
_REMEMBERED = 1024


class LedgerUnavailable(Fault):
    kind, slug = Kind.UNAVAILABLE, "ledger-unavailable"
    title = N_("The ledger cannot be read just now")


@dataclass(frozen=True)
class PlatformKey:
    """What the platform signs its own facts with."""

    org_id: UUID
    key: SigningKey


class Ledger:
    """Reads the log for pages and receipts, and lets one worker at a time append to it.

    policy: the trust file's content, that is the log's public keys and the witnesses. lock, signer, cosigners: what it
    takes to append; a process that only reads has none of them.
    """

    def __init__(
        self,
        origin: str,
        objects: ObjectStore,
        policy: Policy,
        platform: PlatformKey,
        *,
        lock: LockStore | None = None,
        signer: HeadSigner | None = None,
        cosigners: Cosigners | None = None,
        index: Index | None = None,
    ) -> None:
        self.origin, self.policy, self.platform = origin, policy, platform
        self.fingerprint = fingerprint(policy)
        self.objects = objects
        self._keys = policy.log_keys(origin)
        self.kept = KeptCheckpoints(origin, objects, *self._keys)
        self._cosigned: dict[int, Mapping[Verifier, int]] = {}
        self._lock, self._signer, self._cosigners = lock, signer, cosigners
        self.index = index
        self._rules: LogPolicy | None = None
        self._reader: LogReader | None = None
        self._writer: Log | None = None
        self._guard = threading.RLock()

    @contextmanager
    def writing(self) -> Iterator[Log]:
        """The log's writer, taken over at first use. Raises StorageFailed or Conflict when it cannot be had."""
        with self._guard:
            if self._writer is None:
                if self._lock is None or self._signer is None:
                    raise StorageFailed(
                        "this process was not given the log's signer; run a worker that has it"
                    )
                self._writer = Log.load(
                    self.origin, self.objects, self._lock, self._signer, cosigners=self._cosigners
                )
            try:
                yield self._writer
            except Exception:
                # A writer that failed half-way is not trusted again: the next use recovers from the stores.
                self._writer.close()
                self._writer = None
                raise

    def close(self) -> None:
        with self._guard:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        if self.index is not None:
            self.index.close()

    def refreshed(self) -> LogReader:
        """A view of everything that is published now."""
        try:
            with self._guard:
                if self._reader is None:
                    self._reader = Log.open_reader(self.origin, self.objects, *self._keys)
                else:
                    self._reader.refresh()
                return self._reader
        except StorageFailed as error:
            raise LedgerUnavailable(
                N_("The ledger's files cannot be read: %(why)s"),
                hint=N_("Try again; nothing was lost."),
                why=error,
            ) from error

    def receipt_keys(self) -> tuple[PublicKey, ...]:
        """The keys that sign receipts, as the log itself names them in entry 0."""
        return (self._log_policy().receipt_key,)

    def genesis_index(self, leaf: str) -> int | None:
        """Where an entry stands that the log began with, by its leaf hash in hex; None for any other."""
        reader = self.refreshed()
        for index in range(min(GENESIS_ENTRIES, reader.size)):
            if leaf_hash(reader.entry(index)).hex() == leaf:
                return index
        return None

    def receipt(self, index: int, supporting: Sequence[int], openings: Sequence[Opening]) -> bytes | None:
        """The canonical receipt of entry `index`, or None while no published checkpoint covers it."""
        reader = self.refreshed()
        if reader.published is None or reader.published.size <= index:
            return None
        return reader.receipt(index, supporting=tuple(supporting), openings=tuple(openings))

    def time_of(self, published: Published) -> datetime | None:
        """When the operator cosigned a checkpoint."""
        seen = cosignatures(open_note(published.note, [*self._keys, self._log_policy().cosigner]))
        return datetime.fromtimestamp(max(one.time for one in seen), UTC) if seen else None

    @property
    def operator(self) -> Verifier:
        """The key of the operator's own cosignature."""
        return self._log_policy().cosigner

    def cosigned(self, size: int) -> Mapping[Verifier, int]:
        """Who cosigned the checkpoint kept at `size`, and when (POSIX seconds): witnesses of the trust file, the operator.

        A line that does not verify counts for nothing. StorageFailed if no checkpoint is kept at that size.
        """
        found = self._cosigned.get(size)
        if found is None:
            found = self._cosigners_of(self.kept.at(size).note)
            if len(self._cosigned) >= _REMEMBERED:
                self._cosigned.clear()
            self._cosigned[size] = found
        return found

    def first_seen(self, published: Published) -> Sighting | None:
        """By when a checkpoint existed, and who says so, as the check of a receipt tells it; None if nobody states a time."""
        cosigned, operator = self._cosigners_of(published.note), self.operator
        said = [
            Sighting(cosigned[witness.verifier], witness.name, "witness")
            for witness in self.policy.witnesses
            if witness.verifier.key != operator.key and cosigned.get(witness.verifier)
        ]
        if cosigned.get(operator):
            said.append(Sighting(cosigned[operator], operator.name, ""))
        return first_sighting(said) if said else None

    def _cosigners_of(self, note: bytes) -> dict[Verifier, int]:
        found: dict[Verifier, int] = {}
        for verifier in (self.operator, *(witness.verifier for witness in self.policy.witnesses)):
            try:
                [cosignature] = cosignatures(open_note(note, [verifier]))
            except Unverified:
                continue
            found[verifier] = cosignature.time
        return found

    def _log_policy(self) -> LogPolicy:
        """What entry 0 says: which keys the log has besides those of its checkpoints. It never changes."""
        if self._rules is None:
            self._rules = parse_log_policy(parse_statement(self.refreshed().entry(POLICY_ENTRY)))
        return self._rules

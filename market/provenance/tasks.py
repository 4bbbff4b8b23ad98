"""The recording job: bring what was acknowledged into the log, once, in the order it came."""

from __future__ import annotations

from sqlmodel import Session

from ledger.hashing import leaf_hash
from market.kit.jobs import Effects, Handler, Payload, enqueue
from market.kit.ports import Ports
from market.provenance import repository
from market.provenance.gateway import Ledger
from market.provenance.indexing import FOLLOW_TOPIC
from market.provenance.models import RecordedStatement
from market.provenance.service import RECORD_TOPIC

BATCH = 4096


def handlers(ports: Ports) -> dict[str, Handler]:
    ledger = ports.get(Ledger)

    def record_pending(_payload: Payload) -> Effects | None:
        """Append everything that is pending.

        A crash after the append and before the database knows is found here: the log above the last known index is
        read first, so no statement enters twice.
        """
        with ports.db.reading() as session:
            waiting = repository.pending(session, BATCH)
            last = repository.last_index(session)
        if not waiting:
            return None
        with ledger.writing() as log:
            unseen = 0 if last is None else last + 1
            placed = {
                leaf_hash(entry).hex(): index
                for index, entry in enumerate(log.entries(unseen, log.size), unseen)
            }
            missing = [row for row in waiting if row.leaf not in placed]
            if missing:
                indices = log.append([row.statement for row in missing])
                placed |= {row.leaf: index for row, index in zip(missing, indices, strict=True)}
            log.publish(int(ports.clock.now().timestamp()))
        return _place(placed, ports)

    def follow(_payload: Payload) -> None:
        """Let the index catch up with the log. What a crash leaves undone is done the next time."""
        if ledger.index is not None:
            ledger.index.follow(ledger.refreshed(), int(ports.clock.now().timestamp()))

    return {RECORD_TOPIC: record_pending, FOLLOW_TOPIC: follow}


def _place(placed: dict[str, int], ports: Ports) -> Effects:
    def effects(session: Session) -> None:
        now = ports.clock.now()
        enqueue(session, FOLLOW_TOPIC, {}, now=now)
        for leaf, index in placed.items():
            row = session.get(RecordedStatement, leaf)
            if row is not None and row.log_index is None:
                row.state, row.log_index, row.recorded_at = "recorded", index, now
                session.add(row)

    return effects

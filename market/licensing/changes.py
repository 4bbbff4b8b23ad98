"""What a contract's change sets off above: orders follow it by a job."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from market.kit.jobs import enqueue
from market.licensing.models import Contract

# Wakes orders, when a contract has both signatures or is cancelled: {contract_id}.
CHANGED_TOPIC = "contract.changed"


def tell_orders(session: Session, found: Contract, now: datetime) -> None:
    key = f"{found.id}/{found.state}"
    enqueue(session, CHANGED_TOPIC, {"contract_id": str(found.id)}, now=now, key=key)

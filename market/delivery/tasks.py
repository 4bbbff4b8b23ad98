"""Jobs of delivery: usage becomes statements."""

from __future__ import annotations

from sqlmodel import Session

from market.delivery import service
from market.kit.jobs import Effects, Handler, Payload
from market.kit.ports import Ports
from market.provenance.gateway import Ledger


def handlers(ports: Ports) -> dict[str, Handler]:
    def state_usage(payload: Payload) -> Effects:
        def effects(session: Session) -> None:
            service.state_usage(session, ledger=ports.get(Ledger), payload=payload, now=ports.clock.now())

        return effects

    return {service.USAGE_TOPIC: state_usage}

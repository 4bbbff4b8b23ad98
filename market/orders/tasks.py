"""Jobs of orders: what a notice, a transfer or a changed contract sets off, and reconciliation, which needs none of them."""

from __future__ import annotations

from uuid import UUID

from market.kit.jobs import Handler, Payload
from market.kit.ports import Ports
from market.licensing import service as licensing
from market.orders import service
from market.orders.placing import PLATFORM
from market.payments import service as payments


def handlers(ports: Ports) -> dict[str, Handler]:
    def apply_event(payload: Payload) -> None:
        """Fetch what the notice is about. The order of notices does not matter, nor how often one comes."""
        with ports.db.reading() as session:
            event = payments.event(session, event_id=payload["event_id"])
        if event is None or not event.accepted:
            return
        with ports.db.reading() as session:
            order_id = payments.order_of_checkout(session, gateway_id=event.object_id)
        order_id = order_id or service.order_named_by(ports, gateway_id=event.object_id)
        if order_id is not None:
            service.look_at(ports, order_id=order_id, gateway_id=event.object_id, event_id=event.id)
            service.finish(ports, order_id=order_id)

    def take_transfer(payload: Payload) -> None:
        service.finish(ports, order_id=UUID(payload["order_id"]))

    def follow_contract(payload: Payload) -> None:
        with ports.db.writing() as session:
            contract = licensing.payable_contract(
                session, actor=PLATFORM, contract_id=UUID(payload["contract_id"])
            )
            service.follow_contract(session, contract=contract)

    def reconcile(payload: Payload) -> None:
        service.reconcile(ports, order_id=UUID(payload["order_id"]), looks=payload["looks"])

    return {
        payments.EVENT_TOPIC: apply_event,
        payments.PAID_TOPIC: take_transfer,
        licensing.CHANGED_TOPIC: follow_contract,
        service.RECONCILE_TOPIC: reconcile,
    }

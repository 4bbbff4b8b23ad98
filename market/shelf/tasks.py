"""Jobs of the shelf: keep documents in step with the slices below, and read samples."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session

from market.catalog.blob_store import BlobStore
from market.kit.jobs import Effects, Handler, Payload
from market.kit.ports import Ports
from market.shelf import service


def handlers(ports: Ports) -> dict[str, Handler]:
    def index(payload: Payload) -> Effects:
        """Something about an asset changed: metadata, version, offers, certificate."""

        def apply(session: Session) -> None:
            service.reindex(session, UUID(payload["asset"]), ports.clock.now())

        return apply

    def read_sample(payload: Payload) -> Effects | None:
        version_id = UUID(payload["version"])
        with ports.db.reading() as session:
            file = service.first_table(session, version_id)
        if file is None:
            return None
        store = ports.get(BlobStore)  # type: ignore[type-abstract]
        return service.make_sample(store, version_id, file, ports.clock.now())

    return {service.INDEX_TOPIC: index, service.SAMPLE_TOPIC: read_sample}

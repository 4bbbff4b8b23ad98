"""Jobs of the catalogue: finish what a request could not, and sweep what nobody finishes."""

from __future__ import annotations

import logging
from uuid import UUID

from market.catalog import service
from market.catalog.blob_store import BlobStore
from market.catalog.errors import BytesDiffer, UploadOver
from market.catalog.ports import intake_of
from market.catalog.uploads import FINISH_TOPIC, SWEEP_TOPIC
from market.kit.jobs import Handler, Payload
from market.kit.ports import Ports

log = logging.getLogger("datawharf.catalog")
_TOKENS_AT_A_TIME = 500


def handlers(ports: Ports) -> dict[str, Handler]:
    def finish_upload(payload: Payload) -> None:
        """Verify and promote an upload whose bytes are all here. A wrong digest is an answer, not a failure of the job."""
        try:
            intake_of(ports).finish(UUID(payload["upload"]))
        except (BytesDiffer, UploadOver) as refusal:
            log.info("upload %s came to nothing: %s", payload["upload"], refusal)

    def sweep_uploads(_payload: Payload) -> None:
        """End overdue uploads, then remove incoming bytes that belong to no unfinished upload."""
        with ports.db.writing() as session:
            service.sweep(session, now=ports.clock.now())
        store: BlobStore = intake_of(ports).store
        tokens = list(store.incoming())
        for start in range(0, len(tokens), _TOKENS_AT_A_TIME):
            with ports.db.reading() as session:
                strays = service.stray_tokens(session, tokens[start : start + _TOKENS_AT_A_TIME])
            for token in strays:
                store.discard(token)

    return {FINISH_TOPIC: finish_upload, SWEEP_TOPIC: sweep_uploads}

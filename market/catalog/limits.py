"""How much an organisation may keep and send."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from market.catalog.blob_store import BlobStore
from market.config import Settings
from market.kit.ports import Ports

MAX_FILES = 5_000
# Base64 and all, this stays below what a request may carry.
MAX_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True)
class UploadLimits:
    """quota_bytes: an organisation's stored and announced bytes. in_flight: its unfinished uploads at a time.

    draft_assets: its assets of which nothing is registered. draft_versions: its versions that are not registered, of all
    its assets together; each can name MAX_FILES files.

    chunk_bytes: the most that one PATCH carries, if the store takes that much. lifetime: after this an unfinished
    upload is thrown away.
    """

    quota_bytes: int = 50 * 10**9
    in_flight: int = 64
    draft_assets: int = 1_000
    draft_versions: int = 100
    chunk_bytes: int = 64 << 20
    lifetime: timedelta = timedelta(hours=24)


def limits_of(ports: Ports) -> UploadLimits:
    """The limits that create_app was given, else the usual ones with the quota of the settings."""
    limits: UploadLimits | None = ports.extras.get(UploadLimits)
    settings: Settings | None = ports.extras.get(Settings)
    store: BlobStore | None = ports.extras.get(BlobStore)
    if limits is None:
        limits = (
            UploadLimits(
                quota_bytes=settings.org_quota_bytes,
                in_flight=settings.org_uploads,
                draft_assets=settings.org_draft_assets,
                draft_versions=settings.org_draft_versions,
            )
            if settings is not None
            else UploadLimits()
        )
    if store is not None and store.chunk_bytes < limits.chunk_bytes:
        return replace(limits, chunk_bytes=store.chunk_bytes)
    return limits

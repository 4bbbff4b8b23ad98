"""The catalogue in verbs. What other slices call is here; each verb lives in the module of its subject."""

from __future__ import annotations

from market.catalog.assets import (
    CHANGED_TOPIC,
    announce_change,
    as_edited,
    asset,
    assets_of,
    create_asset,
    described,
    edit_asset,
    own_asset,
    resource,
    storage,
    summaries,
)
from market.catalog.changes import FileChanges, file_changes
from market.catalog.drafts import discard_version, restart_version
from market.catalog.intake import Intake
from market.catalog.registration import metadata_opening, prepare_registration, register_version
from market.catalog.uploads import open_upload, stray_tokens, sweep, upload_state
from market.catalog.versions import (
    add_version,
    drafts_of,
    file_of,
    files_of,
    first_of_types,
    kept_at,
    lineage,
    manifest_of,
    registered_manifest,
    sidecar,
    version,
    versions_of,
)

__all__ = [
    "CHANGED_TOPIC",
    "FileChanges",
    "Intake",
    "add_version",
    "announce_change",
    "as_edited",
    "asset",
    "assets_of",
    "create_asset",
    "described",
    "discard_version",
    "drafts_of",
    "edit_asset",
    "file_changes",
    "file_of",
    "files_of",
    "first_of_types",
    "kept_at",
    "lineage",
    "manifest_of",
    "metadata_opening",
    "open_upload",
    "own_asset",
    "prepare_registration",
    "register_version",
    "registered_manifest",
    "resource",
    "restart_version",
    "sidecar",
    "storage",
    "stray_tokens",
    "summaries",
    "sweep",
    "upload_state",
    "version",
    "versions_of",
]

"""From a folder of files to a registered version: hash, manifest, statement, signature, upload."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from ledger.keys import SigningKey
from ledger.manifest import FileRow, Manifest, hash_file
from market.client.errors import ClientError
from market.client.progress import Progress, Silent, to_absolute
from market.client.signing import sign_fact
from market.statements import commit
from market.statements.metadata import snapshot

_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".txt": "text/plain",
    ".md": "text/markdown",
}


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine, its row in the manifest, and its chunk hashes if it is over 16 MiB."""

    path: Path
    row: FileRow
    chunk_hashes: tuple[bytes, ...] = ()


def find_files(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """(name in the manifest, place) of every regular file under `paths`; a folder gives the names inside it."""
    found: list[tuple[str, Path]] = []
    for path in paths:
        if path.is_dir():
            found += [
                (each.relative_to(path).as_posix(), each)
                for each in sorted(path.rglob("*"))
                if each.is_file() and not any(part.startswith(".") for part in each.relative_to(path).parts)
            ]
        elif path.is_file():
            found.append((path.name, path))
        else:
            raise ClientError("{path} is neither a file nor a folder.", path=path)
    if not found:
        raise ClientError("There are no files to register. Name a file, or a folder that holds some.")
    return found


def hash_files(named: Sequence[tuple[str, Path]], progress: Progress | None = None) -> list[LocalFile]:
    """Hash every file once. Raises Conflict if one changes meanwhile, Malformed for a name that no manifest may hold."""
    progress = progress or Silent()
    hashed: list[LocalFile] = []
    for name, path in named:
        progress.begin(f"hash {name}", path.stat().st_size)
        media_type = (
            _TYPES.get(path.suffix.lower()) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        )
        found = hash_file(path, to_absolute(progress), name=name, media_type=media_type)
        progress.end()
        hashed.append(LocalFile(path, found.row, found.chunk_hashes))
    return hashed


def manifest_of(files: Sequence[LocalFile]) -> Manifest:
    return Manifest(file.row for file in files)


def new_version_body(
    manifest: Manifest,
    *,
    version: str,
    previous: str | None,
    derived_from: Sequence[str],
    notes: Mapping[str, str] | None,
    reference_url: str,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "version": version,
        "manifest": base64.b64encode(manifest.canonical).decode(),
        "derived_from": sorted(derived_from),
        "delivery": "reference" if reference_url else "hosted",
    }
    if previous:
        body["previous"] = previous
    if notes:
        body["notes"] = dict(notes)
    if reference_url:
        body["reference_url"] = reference_url
    return body


def sign_registration(
    key: SigningKey,
    *,
    origin: str,
    org_id: UUID,
    asset_id: UUID,
    metadata: Mapping[str, Any],
    manifest: Manifest,
    version: Mapping[str, Any],
) -> dict[str, Any]:
    """The provider's statement about a version, as the registration call takes it: {statement, openings}."""
    predicate = {
        "version": version["version"],
        "manifest": manifest.digest,
        "contentRoot": manifest.content_root,
        "delivery": version["delivery"],
        "derivedFrom": sorted(version["derived_from"]),
        "previous": version["previous"],
    }
    return sign_fact(
        key,
        origin=origin,
        org_id=org_id,
        kind="registration",
        subject_id=asset_id,
        predicate=predicate,
        commitments={"metadata": commit(snapshot(metadata))},
    )


def missing_files(version: Mapping[str, Any], files: Sequence[LocalFile]) -> Iterator[LocalFile]:
    """Those of `files` that the marketplace does not have yet."""
    waiting = {file["path"] for file in version["files"] if file["state"] == "waiting"}
    return (file for file in files if file.row.path in waiting)

"""Whether data are what a statement registered: files against a manifest, and the manifest against the statement."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ledger.digests import digest_file
from ledger.errors import LedgerError
from ledger.finding import Finding
from ledger.manifest import FileRow, Manifest
from ledger.statement import Statement

MANIFEST_NAME = "manifest.json"


def check_data(
    statement: Statement,
    manifest: Manifest | None,
    files: Mapping[str, Path] | None,
    on_progress: Callable[[int], None] | None,
) -> dict[str, Any]:
    """Details of the step `fingerprint`; a Finding for everything but files that all match."""
    if manifest is None and not files:
        raise Finding("not_run", "")
    registered = _registered_digest(statement)
    if registered is None:
        raise Finding("not_run", "not_about_data")
    if manifest is None:
        raise Finding("warning", "no_manifest")
    if manifest.digest.hex() != registered:
        raise Finding("failed", "other_manifest", found=manifest.digest.hex(), registered=registered)
    if not files:
        raise Finding("not_run", "manifest_only")
    compared = _compare_files(manifest, files, on_progress)
    missing = [row.path for row in manifest.rows if row.path not in files]
    if missing:
        raise Finding("warning", "some_files", files=len(files), missing=missing)
    return {"files": len(files), "bytes": compared}


def _registered_digest(statement: Statement) -> str | None:
    """The SHA-256 of the manifest in the statement's subject, in hex."""
    for subject in statement.document["subject"]:
        if subject["name"] == MANIFEST_NAME:
            found: str | None = subject["digest"].get("sha256")
            return found
    return None


def _compare_files(
    manifest: Manifest, files: Mapping[str, Path], on_progress: Callable[[int], None] | None
) -> int:
    done = 0
    for name in sorted(files):
        row = manifest.row(name)
        if row is None:
            raise Finding("failed", "not_in_manifest", file=name)
        _compare_file(row, files[name], _offset(on_progress, done))
        done += row.size
    return done


def _compare_file(row: FileRow, path: Path, on_progress: Callable[[int], None] | None) -> None:
    try:
        size = path.stat().st_size
        if size != row.size:
            raise Finding("failed", "size", file=row.path, found=size, registered=row.size)
        found = digest_file(path, on_progress)
    except (OSError, LedgerError) as error:
        raise Finding("failed", "unreadable", file=row.path, reason=str(error)) from None
    if (found.size, found.sha256, found.chunks) != (row.size, row.sha256, row.chunks):
        raise Finding("failed", "content", file=row.path)


def _offset(on_progress: Callable[[int], None] | None, done: int) -> Callable[[int], None] | None:
    if on_progress is None:
        return None
    return lambda size: on_progress(done + size)

"""What changed in the files of a version. The database compares: only what is shown leaves it, of however many files."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from market.catalog import repository
from market.catalog.versions import readable_version
from market.kit.auth import Principal


@dataclass(frozen=True)
class Paths:
    """count: of all; first: the first of them by name."""

    count: int
    first: list[str]


@dataclass(frozen=True)
class FileChanges:
    added: Paths
    removed: Paths
    changed: Paths


def file_changes(
    session: Session, *, actor: Principal, newer_id: UUID, older_id: UUID, most: int
) -> FileChanges:
    """How the files of one version differ from those of another, with at most `most` names of each kind."""
    for version_id in (newer_id, older_id):
        readable_version(session, actor, version_id)
    return FileChanges(
        added=Paths(*repository.paths_only_in(session, newer_id, older_id, most)),
        removed=Paths(*repository.paths_only_in(session, older_id, newer_id, most)),
        changed=Paths(*repository.paths_that_differ(session, newer_id, older_id, most)),
    )

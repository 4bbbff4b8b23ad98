"""Registering a version: the provider's signed statement must say exactly what is stored here, byte for byte."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlmodel import Session

from market.catalog import repository
from market.catalog.assets import announce_change, load, metadata_of, resource_of
from market.catalog.errors import (
    FilesMissing,
    SourceUnknown,
    VersionOvertaken,
    VersionSealed,
)
from market.catalog.models import Asset, AssetVersion, LineageEdge
from market.catalog.schemas import VersionDetail
from market.catalog.verbs import REGISTER_VERSION
from market.catalog.versions import detail_of, load_version
from market.kit.auth import Principal, decide, nothing_there
from market.kit.errors import NotFound
from market.kit.i18n import N_, NN_
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import About
from market.provenance.signing import OpeningBody, SignedBody, ToSign, opening_body, prepare, record_signed
from market.statements import commit, resealed

METADATA = "metadata"


def register_version(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    version_id: UUID,
    signed: SignedBody,
    now: datetime,
) -> VersionDetail:
    """Check the statement against what is stored, record it, and seal the version. The same statement again is no change.

    Raises FilesMissing, StatementDiffers, VersionOvertaken, VersionSealed, and what recording raises.
    """
    version, asset = load_version(session, version_id)
    decide(actor, REGISTER_VERSION, resource_of(asset))
    asset = load(session, asset.id, for_update=True)
    if version.state == "registered":
        return _again(session, asset, version, provenance.read(ledger, signed.data).statement.leaf_hash.hex())
    _check_complete(session, version)
    _check_turn(asset, version)
    snapshot = metadata_of(asset).snapshot_bytes()
    stated = record_signed(
        session,
        actor=actor,
        ledger=ledger,
        signed=signed,
        kind="registration",
        subject_id=asset.id,
        predicate=_predicate(session, version),
        contents={METADATA: snapshot},
        about=About(org_ids=[asset.org_id], asset_id=asset.id),
        now=now,
    )
    _seal(session, asset, version, stated.leaf, snapshot, now)
    return detail_of(session, asset, version)


def prepare_registration(
    session: Session, *, actor: Principal, ledger: Ledger, version_id: UUID, now: datetime
) -> ToSign:
    """The statement about a draft version for the organisation's newest key, under a fresh salt. Raises NoSigningKey."""
    version, asset = load_version(session, version_id)
    decide(actor, REGISTER_VERSION, resource_of(asset))
    return prepare(
        session,
        ledger=ledger,
        kind="registration",
        org_id=asset.org_id,
        subject_id=asset.id,
        predicate=_predicate(session, version),
        commitments={METADATA: commit(metadata_of(asset).snapshot())},
        now=now,
    )


def _predicate(session: Session, version: AssetVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        # From the stored bytes, not from the column beside them.
        "manifest": sha256(repository.record_of(session, version.id).manifest).hexdigest(),
        "contentRoot": version.content_root,
        "delivery": version.delivery,
        "derivedFrom": version.derived_from,
        "previous": load_version(session, version.previous_id)[0].leaf if version.previous_id else None,
    }


def metadata_opening(session: Session, *, version_id: UUID) -> OpeningBody:
    """What opens the metadata commitment of a registered version: whoever has it can compare what the pages say today.

    Public, as the metadata themselves are. Raises NotFound where it was erased.
    """
    version, _ = load_version(session, version_id)
    if version.leaf is None:
        raise nothing_there()
    found = provenance.opening(session, version.leaf, METADATA)
    if found is None:
        raise NotFound(N_("This version's metadata cannot be opened: they were erased."))
    return opening_body(METADATA, resealed(found.salt, found.content))


def _again(session: Session, asset: Asset, version: AssetVersion, leaf: str) -> VersionDetail:
    if version.leaf == leaf:
        return detail_of(session, asset, version)
    raise VersionSealed(
        N_("Version %(version)s is registered already, by the statement %(leaf)s."),
        hint=N_("Make a new version for anything that changed."),
        where="statement",
        version=version.version,
        leaf=version.leaf,
    )


def _check_complete(session: Session, version: AssetVersion) -> None:
    waiting = [file.path for file in repository.files_of(session, version.id) if file.state == "waiting"]
    if waiting:
        raise FilesMissing(
            NN_(
                "The file %(path)s is not here yet.",
                "%(count)s files are not here yet, first of all %(path)s.",
            ),
            hint=N_("Upload them; an upload goes on where it stopped. Then register again."),
            where=waiting[0],
            count=len(waiting),
            path=waiting[0],
        )


def _check_turn(asset: Asset, version: AssetVersion) -> None:
    if asset.current_version_id != version.previous_id:
        raise VersionOvertaken(
            N_("Another version was registered since version %(version)s was begun."),
            hint=N_("Make this version anew, so that it follows the current one."),
            where="previous",
            version=version.version,
        )


def _seal(
    session: Session, asset: Asset, version: AssetVersion, leaf: str, snapshot: bytes, now: datetime
) -> None:
    sources = repository.versions_by_leaf(session, version.derived_from)
    missing = [source for source in version.derived_from if source not in sources]
    if missing:
        raise SourceUnknown(
            N_("No registration here has the leaf hash %(leaf)s."),
            hint=N_("Name the leaf of a registered version; its asset page shows it."),
            where="derivedFrom",
            leaf=missing[0],
        )
    version.state, version.leaf, version.registered_at = "registered", leaf, now
    record = repository.record_of(session, version.id)
    record.metadata_snapshot = snapshot
    asset.current_version_id = version.id
    asset.registered_at = asset.registered_at or now
    session.add_all([version, record, asset])
    session.add_all(LineageEdge(version_id=version.id, source_id=source.id) for source in sources.values())
    session.flush()
    announce_change(session, asset.id, now=now)

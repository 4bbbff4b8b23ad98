"""Registering a version: the provider's signed statement must say exactly what is stored here, byte for byte."""

from __future__ import annotations

import base64
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
    StatementDiffers,
    VersionOvertaken,
    VersionSealed,
)
from market.catalog.models import Asset, AssetVersion, LineageEdge
from market.catalog.schemas import Opening, Registration, VersionDetail, read_base64
from market.catalog.verbs import REGISTER_VERSION
from market.catalog.versions import detail_of, load_version
from market.kit.auth import Principal, decide, nothing_there
from market.kit.errors import NotFound
from market.kit.i18n import N_, NN_
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import About, OpeningIn
from market.provenance.signing import ToSign, prepare
from market.statements import Fact, commit, opens

METADATA = "metadata"


def register_version(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    version_id: UUID,
    registration: Registration,
    now: datetime,
) -> VersionDetail:
    """Check the statement against what is stored, record it, and seal the version. The same statement again is no change.

    Raises FilesMissing, StatementDiffers (where: which part), VersionOvertaken, VersionSealed, and what recording raises.
    """
    version, asset = load_version(session, version_id)
    decide(actor, REGISTER_VERSION, resource_of(asset))
    asset = load(session, asset.id, for_update=True)
    statement = _bytes_of(registration.statement, "statement")
    fact = provenance.read(ledger, statement)
    leaf = fact.statement.leaf_hash.hex()
    if version.state == "registered":
        return _again(session, asset, version, leaf)
    _check_complete(session, version)
    _check_fact(session, asset, version, fact)
    opening = _check_opening(asset, fact, registration.opening)
    _check_turn(asset, version)
    provenance.record(
        session,
        actor=actor,
        ledger=ledger,
        statement=statement,
        openings=[opening],
        about=About(org_ids=[asset.org_id], asset_id=asset.id),
        now=now,
    )
    _seal(session, asset, version, leaf, opening.content, now)
    return detail_of(session, asset, version)


def prepare_registration(
    session: Session, *, actor: Principal, ledger: Ledger, version_id: UUID, now: datetime
) -> ToSign:
    """The statement about a draft version for the organisation's newest key, under a fresh salt. Raises NoSigningKey."""
    version, asset = load_version(session, version_id)
    decide(actor, REGISTER_VERSION, resource_of(asset))
    predicate: dict[str, Any] = {
        "version": version.version,
        "manifest": version.manifest_digest,
        "contentRoot": version.content_root,
        "delivery": version.delivery,
        "derivedFrom": version.derived_from,
        "previous": load_version(session, version.previous_id)[0].leaf if version.previous_id else None,
    }
    return prepare(
        session,
        ledger=ledger,
        kind="registration",
        org_id=asset.org_id,
        subject_id=asset.id,
        predicate=predicate,
        commitments={METADATA: commit(metadata_of(asset).snapshot())},
        now=now,
    )


def metadata_opening(session: Session, *, version_id: UUID) -> Opening:
    """What opens the metadata commitment of a registered version: whoever has it can compare what the pages say today.

    Public, as the metadata themselves are. Raises NotFound where it was erased.
    """
    version, _ = load_version(session, version_id)
    if version.leaf is None:
        raise nothing_there()
    found = provenance.opening(session, version.leaf, METADATA)
    if found is None:
        raise NotFound(N_("This version's metadata cannot be opened: they were erased."))
    return Opening(salt=_text(found.salt), content=_text(found.content))


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


def _check_fact(session: Session, asset: Asset, version: AssetVersion, fact: Fact) -> None:
    manifest = repository.record_of(session, version.id).manifest
    previous = load_version(session, version.previous_id)[0].leaf if version.previous_id else None
    expected: dict[str, object] = {
        "kind": "registration",
        "iss": asset.org_id,
        "sub": asset.id,
        # From the stored bytes, not from the column beside them.
        "manifest": sha256(manifest).hexdigest(),
        "contentRoot": version.content_root,
        "version": version.version,
        "delivery": version.delivery,
        "derivedFrom": version.derived_from,
        "previous": previous,
    }
    said = dict(fact.predicate) | {"kind": fact.kind.name, "iss": fact.org_id, "sub": fact.subject_id}
    said["derivedFrom"] = sorted(said.get("derivedFrom", []))
    for name, value in expected.items():
        if said.get(name) != value:
            raise StatementDiffers(
                N_("The statement says %(said)s for %(name)s; stored here is %(stored)s."),
                hint=N_("Make and sign the statement from this version's manifest and metadata."),
                where=f"statement/{name}",
                said=str(said.get(name)),
                name=name,
                stored=str(value),
            )


def _check_opening(asset: Asset, fact: Fact, given: Opening) -> OpeningIn:
    salt, content = _bytes_of(given.salt, "opening/salt"), _bytes_of(given.content, "opening/content")
    if not opens(fact.hash_of(METADATA), salt, content):
        raise StatementDiffers(
            N_("The opening does not open the statement's metadata commitment."),
            hint=N_("Send the salt and the exact metadata that the statement was made with."),
            where="opening",
        )
    if content != metadata_of(asset).snapshot_bytes():
        raise StatementDiffers(
            N_("The statement commits to other metadata than the asset has now."),
            hint=N_("Read the asset again, then make and sign the statement anew."),
            where="opening/content",
        )
    return OpeningIn(METADATA, salt, content)


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


def _bytes_of(text: str, where: str) -> bytes:
    data = read_base64(text, 1 << 20)
    if data is None:
        raise StatementDiffers(
            N_("This is not base64."),
            hint=N_("Send standard base64 with padding, without line breaks."),
            where=where,
        )
    return data


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()

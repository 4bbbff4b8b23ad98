"""Certificates: the registrar's word that an application passed the formal review. Not a decision on ownership."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from market.catalog import service as catalog
from market.kit.auth import Principal, Resource, decide, system
from market.kit.errors import NotFound
from market.kit.i18n import CHINA, N_
from market.registry import repository
from market.registry.models import Application, Certificate
from market.registry.schemas import CertificateView, Status
from market.registry.verbs import READ_CERTIFICATE
from market.zones import service as zones

# No 0, 1, I, O: a code is read aloud and typed.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_EXPIRING = timedelta(days=60)
DISCLAIMER = {
    "zh": "仅表示通过形式审核，不作为权属认定。",
    "en": "Formal review only. This is not a decision on ownership.",
}


def new_code() -> str:
    """A query code of twelve characters in groups of four, for example 7Q4M-XK2P-9TRD."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return "-".join(letters[start : start + 4] for start in (0, 4, 8))


def draft(session: Session, found: Application, now: datetime) -> Certificate:
    """The certificate that issuing would give; the same one when it is prepared again."""
    known = repository.certificate_of_application(session, found.id)
    if known is not None and known.registration == found.registration:
        return known
    version = catalog.version(session, actor=system("registry"), version_id=found.version_id)
    signed = catalog.described(session, version_id=found.version_id)
    pack = zones.default_rule_pack()
    today = now.astimezone(CHINA).date()
    until = today.replace(year=today.year + pack.validity_years, day=min(today.day, 28))
    number = zones.next_registration_code(session, adcode=found.zone, kind=signed.kind, now=now)
    document = {
        "asset": str(found.asset_id),
        "contentRoot": version.content_root,
        "disclaimer": DISCLAIMER,
        "grade": signed.grade,
        "kind": signed.kind,
        "number": number,
        "organisation": str(found.org_id),
        "registration": found.registration,
        "rights": [right.model_dump() for right in signed.rights],
        "rulePack": found.rule_pack,
        "title": signed.title.model_dump(),
        "validFrom": today.isoformat(),
        "validUntil": until.isoformat(),
        "version": version.version,
        "zone": found.zone,
    }
    if known is not None:
        session.delete(known)
        session.flush()
    made = Certificate(
        code=new_code(),
        number=number,
        application_id=found.id,
        asset_id=found.asset_id,
        version_id=found.version_id,
        org_id=found.org_id,
        zone=found.zone,
        registration=found.registration,
        document=document,
        salt=secrets.token_bytes(32),
        valid_from=today,
        valid_until=until,
    )
    session.add(made)
    session.flush()
    return made


def predicate_of(certificate: Certificate) -> dict[str, str]:
    """What the certificate's statement says in the clear."""
    return {
        "registration": certificate.registration,
        "number": certificate.number,
        "validFrom": certificate.valid_from.isoformat(),
        "validUntil": certificate.valid_until.isoformat(),
    }


def issue(session: Session, certificate: Certificate, leaf: str, now: datetime) -> None:
    """The certificate takes effect; an earlier one of the same asset is superseded."""
    for earlier in repository.certificates_of_asset(session, certificate.asset_id):
        if earlier.state == "VALID":
            earlier.state = "SUPERSEDED"
            session.add(earlier)
    certificate.state, certificate.leaf, certificate.issued_at = "VALID", leaf, now
    session.add(certificate)
    session.flush()
    catalog.announce_change(session, certificate.asset_id, now=now)


def certificate(session: Session, *, actor: Principal, code: str, now: datetime) -> CertificateView:
    """By query code, which resolves for ever, whatever became of the certificate."""
    decide(actor, READ_CERTIFICATE, Resource())
    found = repository.certificate_by_code(session, code.strip().upper())
    if found is None or found.state == "DRAFT":
        raise NotFound(
            N_("There is no certificate with the code %(code)s."),
            hint=N_("A code has three groups of four, without 0, 1, I and O."),
            code=code[:20],
        )
    return view(found, now)


def certificate_of(session: Session, *, asset_id: UUID, now: datetime) -> CertificateView | None:
    """The newest certificate of an asset, valid or not."""
    rows = repository.certificates_of_asset(session, asset_id)
    return view(rows[0], now) if rows else None


def valid_certificates(
    session: Session, *, asset_ids: Iterable[UUID], now: datetime
) -> dict[UUID, CertificateView]:
    """The valid certificate of each asset that has one."""
    rows = repository.valid_certificates(session, asset_ids, now.astimezone(CHINA).date())
    return {asset_id: view(row, now) for asset_id, row in rows.items()}


def view(found: Certificate, now: datetime) -> CertificateView:
    fields = found.model_dump(exclude={"id", "state", "salt", "issued_at"})
    return CertificateView(**fields, status=_status(found, now), issued_at=found.issued_at or now)


def _status(found: Certificate, now: datetime) -> Status:
    today = now.astimezone(CHINA).date()
    if found.state != "VALID":
        return Status(found.state)
    if today > found.valid_until:
        return Status.EXPIRED
    return Status.EXPIRING if today > found.valid_until - _EXPIRING else Status.VALID

"""What a party signs on its own machine: the exact bytes go out, the signature comes back.

The marketplace never holds a party's key. The command line checks and signs with the key file; a page signs in the
browser (static/js/sign_page.js). Either way the same statement comes back.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlmodel import Session

from ledger.errors import LedgerError
from ledger.names import urn
from ledger.statement import assemble_statement, canonical_json, parse_canonical_json, statement_to_sign
from market.kit.auth import Principal
from market.kit.errors import Fault, Kind
from market.kit.forms import Submitted
from market.kit.i18n import N_
from market.provenance import repository
from market.provenance.errors import StatementDiffers, StatementMalformed
from market.provenance.gateway import Ledger
from market.provenance.schemas import About, OpeningIn, StatementView
from market.provenance.service import read, record
from market.statements import Commitment, Fact, build, claims_for

_SIGN_EXACTLY = N_("Read again what is to be signed, and sign exactly that.")


class NoSigningKey(Fault):
    kind, slug = Kind.CONFLICT, "no-signing-key"
    title = N_("Your organisation has no signing key")


def _base64(text: str) -> str:
    try:
        canonical = base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except (binascii.Error, ValueError):
        canonical = False
    if not canonical:
        raise ValueError(N_("This is not base64 in its canonical form."))
    return text


Base64 = Annotated[str, Field(max_length=400_000), AfterValidator(_base64)]


class OpeningBody(BaseModel):
    """Opens the commitment in the predicate field `name`: salt (32 bytes) and content (canonical JSON), in base64."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=40)]
    salt: Base64
    content: Base64


class SignedBody(BaseModel):
    """A signed statement (COSE_Sign1, base64), and what opens its commitments."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"statement": "0oRYQ6MBJwN4HGFwcGxpY2F0aW9u", "openings": []}]},
    )

    statement: Base64
    openings: Annotated[list[OpeningBody], Field(max_length=8)] = []

    @property
    def data(self) -> bytes:
        return base64.b64decode(self.statement)

    @property
    def opened(self) -> list[OpeningIn]:
        return [
            OpeningIn(one.name, base64.b64decode(one.salt), base64.b64decode(one.content))
            for one in self.openings
        ]


class ToSign(BaseModel):
    """What a party is asked to sign. org: its URN. openings: what the commitments in the payload stand for."""

    kind: str
    org: str
    origin: str
    kid: str
    protected: str
    payload: str
    openings: list[OpeningBody]

    @property
    def openings_field(self) -> str:
        """The openings as the signing page takes them: base64 of their canonical JSON."""
        return base64.b64encode(canonical_json([one.model_dump() for one in self.openings])).decode()


def prepare(
    session: Session,
    *,
    ledger: Ledger,
    kind: str,
    org_id: UUID,
    subject_id: UUID,
    predicate: dict[str, Any],
    commitments: dict[str, Commitment],
    now: datetime,
) -> ToSign:
    """The bytes for the organisation's newest key. commitments: by predicate field; their digests are filled in."""
    signer = repository.newest_bound_key(session, org_id)
    if signer is None:
        raise NoSigningKey(
            N_("Nothing can be signed before a key is registered."),
            hint=N_("Make one under Organisation, Signing keys, or with: datawharf keys make."),
        )
    fields = predicate | {name: commitment.hex for name, commitment in commitments.items()}
    claims = claims_for(kind, ledger.origin, org_id=org_id, subject_id=subject_id, now=now)
    parts = statement_to_sign(build(kind, **fields), claims, bytes.fromhex(signer.kid))
    return ToSign(
        kind=kind,
        org=urn(ledger.origin, "org", org_id),
        origin=ledger.origin,
        kid=signer.kid,
        protected=base64.b64encode(parts.protected).decode(),
        payload=base64.b64encode(parts.payload).decode(),
        openings=[opening_body(name, commitment) for name, commitment in commitments.items()],
    )


def opening_body(name: str, commitment: Commitment) -> OpeningBody:
    return OpeningBody(
        name=name,
        salt=base64.b64encode(commitment.salt).decode(),
        content=base64.b64encode(commitment.content).decode(),
    )


def record_signed(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    signed: SignedBody,
    kind: str,
    subject_id: UUID,
    predicate: Mapping[str, Any],
    contents: Mapping[str, bytes],
    about: About,
    now: datetime,
) -> StatementView:
    """Record what came back signed, if it says exactly what was to be signed.

    predicate: as for `prepare`. contents: by predicate field, what each commitment stands for, all of which the body opens;
    one whose digest is in `predicate` too is under a salt that both sides know. Raises StatementDiffers, and what recording
    raises, which checks that the openings open.
    """
    fact = read(ledger, signed.data)
    _check_says(fact, kind, subject_id, predicate, contents)
    _check_opens(signed, contents)
    return record(
        session,
        actor=actor,
        ledger=ledger,
        statement=signed.data,
        openings=signed.opened,
        about=about,
        now=now,
    )


def _check_says(
    fact: Fact, kind: str, subject_id: UUID, predicate: Mapping[str, Any], contents: Mapping[str, bytes]
) -> None:
    said = {"predicateType": fact.kind.name, "sub": fact.subject_id} | dict(fact.predicate)
    asked = {"predicateType": kind, "sub": subject_id} | dict(predicate)
    for name in (*asked, *sorted(said.keys() - asked.keys() - contents.keys())):
        if said.get(name) != asked.get(name):
            raise StatementDiffers(
                N_("It says %(said)s for %(name)s; expected was %(asked)s. Nothing was recorded."),
                hint=_SIGN_EXACTLY,
                where=f"statement/{name}",
                said=said.get(name),
                name=name,
                asked=asked.get(name),
            )


def _check_opens(signed: SignedBody, contents: Mapping[str, bytes]) -> None:
    if sorted(one.name for one in signed.opened) != sorted(contents):
        raise StatementDiffers(
            N_("Open these commitments, each once: %(names)s. Nothing was recorded."),
            hint=_SIGN_EXACTLY,
            where="openings",
            names=", ".join(contents),
        )
    for one in signed.opened:
        if one.content != contents[one.name]:
            raise StatementDiffers(
                N_("What it commits to as %(name)s is not what was to be signed. Nothing was recorded."),
                hint=_SIGN_EXACTLY,
                where=f"openings/{one.name}",
                name=one.name,
            )


def read_signed_form(form: Submitted, prefix: str = "") -> SignedBody:
    """The statement that a signing form sent: fields protected, payload, signature and openings (with `prefix`)."""
    try:
        protected, payload, signature = (
            base64.b64decode(str(form.values.get(prefix + name, "")), validate=True)
            for name in ("protected", "payload", "signature")
        )
        statement = assemble_statement(protected, payload, signature)
        encoded = form.values.get(prefix + "openings")
        openings = parse_canonical_json(base64.b64decode(str(encoded), validate=True)) if encoded else []
        return SignedBody(statement=base64.b64encode(statement.leaf_bytes).decode(), openings=openings)
    except (LedgerError, ValueError) as error:
        raise StatementMalformed(
            N_("The form came without a usable signature."),
            hint=N_(
                "Signing needs JavaScript and your organisation's key in this browser; or sign with the datawharf command."
            ),
        ) from error

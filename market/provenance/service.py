"""Provenance in verbs: record a statement, hand out its receipt, tell an asset's history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from ledger.errors import LedgerError, Malformed, Unverified
from ledger.keys import PublicKey
from ledger.receipt import Opening
from ledger.statement import Statement, parse_statement, sign_statement
from market.kit.auth import Principal, Resource, Via, allowed, decide
from market.kit.errors import NotFound
from market.kit.i18n import N_
from market.kit.jobs import enqueue
from market.provenance import repository
from market.provenance.errors import (
    BadSignature,
    KeyWithdrawn,
    StatementMalformed,
    UnknownKey,
    WrongLog,
    WrongSigner,
)
from market.provenance.gateway import POLICY_ENTRY, Ledger
from market.provenance.models import RecordedStatement, StatementParty, StoredOpening
from market.provenance.schemas import About, HeadView, OpeningIn, StatementView
from market.provenance.verbs import READ_OPENINGS, READ_RECEIPT, RECORD
from market.statements import Fact, Signer, build, claims_for, explain, opens, read_fact

RECORD_TOPIC = "ledger.record"
_UNKNOWN = N_("The ledger knows no statement with this leaf hash.")


def read(ledger: Ledger, statement: bytes) -> Fact:
    """The fact in a statement that somebody brought, its shape checked. Refusals say what is wrong with it."""
    try:
        return read_fact(parse_statement(statement), ledger.origin)
    except Unverified as error:
        raise WrongLog(
            "%(why)s",
            hint=N_("Sign it for this log: the origin is %(origin)s."),
            why=error,
            origin=ledger.origin,
        ) from error
    except Malformed as error:
        raise StatementMalformed(
            "%(why)s",
            hint=N_("Make the statement with the datawharf command or the signing page."),
            why=error,
        ) from error


def record(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    statement: bytes,
    openings: Sequence[OpeningIn] = (),
    about: About | None = None,
    now: datetime,
) -> StatementView:
    """Accept a statement for the log. When the caller's transaction is committed, it is acknowledged; the receipt follows.

    Checked here: shape, log, that its organisation is the actor's, and the signature by a key bound to it. Whether the
    fact may be stated is the calling slice's to check. The same statement again, by the same organisation, is the same
    record.
    """
    fact = read(ledger, statement)
    about = about or About()
    _check_issuer(actor, fact, ledger)
    known = repository.statement(session, fact.statement.leaf_hash.hex())
    if known is not None:
        return view(known, ledger)
    _check_signature(session, fact, ledger)
    _check_openings(fact, openings)
    return _store(session, fact, openings, about, ledger, now)


def record_as_platform(
    session: Session,
    *,
    ledger: Ledger,
    kind: str,
    subject_id: UUID,
    predicate: dict[str, object],
    openings: Sequence[OpeningIn] = (),
    about: About | None = None,
    now: datetime,
) -> StatementView:
    """State and record a fact of the platform's own."""
    payload = build(kind, **predicate)
    claims = claims_for(kind, ledger.origin, org_id=ledger.platform.org_id, subject_id=subject_id, now=now)
    signed = sign_statement(payload, claims, ledger.platform.key)
    fact = read_fact(signed, ledger.origin)
    known = repository.statement(session, signed.leaf_hash.hex())
    return view(known, ledger) if known else _store(session, fact, openings, about or About(), ledger, now)


def keep_stated(
    session: Session, *, ledger: Ledger, kind: str, predicate: Mapping[str, object], now: datetime
) -> None:
    """State what the platform says of itself, unless its newest statement of this kind says the same."""
    row = repository.newest_about(session, kind, ledger.platform.org_id)
    if row is None or parse_statement(row.statement).predicate != predicate:
        record_as_platform(
            session,
            ledger=ledger,
            kind=kind,
            subject_id=ledger.platform.org_id,
            predicate=dict(predicate),
            now=now,
        )


def statement(session: Session, ledger: Ledger, leaf: str) -> StatementView:
    return view(_known(session, leaf), ledger)


def statement_bytes(session: Session, leaf: str) -> bytes:
    """The leaf bytes, exactly as they are in the log."""
    return _known(session, leaf).statement


def statements(session: Session, ledger: Ledger, leaves: Sequence[str]) -> dict[str, StatementView]:
    """The known ones among `leaves`, by leaf."""
    return {leaf: view(row, ledger) for leaf, row in repository.statements(session, leaves).items()}


def history(session: Session, ledger: Ledger, asset_id: UUID, limit: int = 200) -> list[StatementView]:
    """What was stated about an asset, newest first."""
    return [view(row, ledger) for row in repository.of_asset(session, asset_id, limit)]


def receipt(session: Session, *, actor: Principal, ledger: Ledger, leaf: str) -> bytes | None:
    """The receipt bundle of a statement, or None while it is on its way into the log. Parties get the openings too."""
    decide(actor, READ_RECEIPT, Resource())
    row = repository.statement(session, leaf)
    if row is None:
        begun = ledger.genesis_index(leaf)
        if begun is None:
            raise NotFound(_UNKNOWN)
        return ledger.receipt(begun, [POLICY_ENTRY] if begun != POLICY_ENTRY else [], [])
    if row.log_index is None:
        return None
    supporting = [POLICY_ENTRY]
    signer = repository.key(session, row.kid)
    if signer is not None:
        binding = _known(session, signer.binding)
        if binding.log_index is None:
            return None
        supporting.insert(0, binding.log_index)
    mine = actor.org_id is not None and repository.is_party(session, leaf, actor.org_id)
    reads = mine and allowed(actor, READ_OPENINGS, Resource(org_id=actor.org_id))
    shown = repository.openings(session, leaf) if reads or actor.via is Via.SYSTEM else ()
    return ledger.receipt(
        row.log_index,
        [index for index in supporting if index != row.log_index],
        [Opening(opening.name, opening.salt, opening.content) for opening in shown],
    )


def opening(session: Session, leaf: str, name: str) -> OpeningIn | None:
    """What opens a commitment, for the slice whose content it is. None where it was erased."""
    for row in repository.openings(session, leaf):
        if row.name == name:
            return OpeningIn(row.name, row.salt, row.content)
    return None


def head(ledger: Ledger) -> HeadView:
    """The newest published checkpoint."""
    published = ledger.refreshed().published
    if published is None:
        raise NotFound(N_("This log has not published a checkpoint yet."))
    note = published.note.decode()
    return HeadView(
        origin=ledger.origin,
        size=published.size,
        root=note.split("\n")[2],
        time=ledger.time_of(published),
        checkpoint=note,
        fingerprint=ledger.fingerprint,
    )


def view(row: RecordedStatement, ledger: Ledger) -> StatementView:
    fact = read_fact(parse_statement(row.statement), ledger.origin)
    return StatementView(
        leaf=row.leaf,
        kind=row.kind,
        org_id=row.org_id,
        subject_id=row.subject_id,
        asset_id=row.asset_id,
        says={"zh": explain(fact, "zh"), "en": explain(fact, "en")},
        state=row.state,
        index=row.log_index,
        created_at=row.created_at,
    )


def _known(session: Session, leaf: str) -> RecordedStatement:
    row = repository.statement(session, leaf)
    if row is None:
        raise NotFound(_UNKNOWN)
    return row


def _check_issuer(actor: Principal, fact: Fact, ledger: Ledger) -> None:
    if fact.kind.signer is Signer.PLATFORM or fact.org_id == ledger.platform.org_id:
        raise WrongSigner(N_("Statements of this kind are made by the platform itself."))
    decide(actor, RECORD, Resource(org_id=actor.org_id))
    if actor.via is not Via.SYSTEM and fact.org_id != actor.org_id:
        raise WrongSigner(
            N_("The statement names another organisation than the one you act for."),
            hint=N_("Sign it with the key of the organisation you act for, or switch organisations."),
        )


def _check_signature(session: Session, fact: Fact, ledger: Ledger) -> None:
    row = repository.key(session, fact.statement.kid.hex())
    if row is None or row.org_id != fact.org_id:
        raise UnknownKey(
            N_("The key %(kid)s is not one of this organisation's."),
            hint=N_(
                "Register the key first, under Organisation, Signing keys, or with: datawharf keys register."
            ),
            kid=fact.statement.kid.hex()[:16],
        )
    if row.state == "withdrawn":
        raise KeyWithdrawn(
            N_("The key %(kid)s was withdrawn; nothing new can be signed with it."),
            hint=N_("Sign with another key of your organisation."),
            kid=row.kid[:16],
        )
    check_signature(fact.statement, PublicKey.parse(bytes.fromhex(row.key)))


def check_signature(statement: Statement, key: PublicKey) -> None:
    try:
        statement.verify(key)
    except LedgerError as error:
        raise BadSignature(
            N_("The signature does not fit the statement; it was not recorded."),
            hint=N_("Sign the exact bytes again, with the key that the statement names."),
        ) from error


def _check_openings(fact: Fact, openings: Sequence[OpeningIn]) -> None:
    for one in openings:
        committed = fact.predicate.get(one.name)
        if not isinstance(committed, str) or not opens(bytes.fromhex(committed), one.salt, one.content):
            raise StatementMalformed(
                N_("The content given for %(name)s is not what the statement commits to."),
                hint=N_("Send the salt and the exact bytes that were committed to."),
                where=one.name,
                name=one.name,
            )


def _store(
    session: Session, fact: Fact, openings: Sequence[OpeningIn], about: About, ledger: Ledger, now: datetime
) -> StatementView:
    leaf = fact.statement.leaf_hash.hex()
    row = RecordedStatement(
        leaf=leaf,
        kind=fact.kind.name,
        org_id=fact.org_id,
        subject_id=fact.subject_id,
        asset_id=about.asset_id,
        kid=fact.statement.kid.hex(),
        statement=fact.statement.leaf_bytes,
        created_at=now,
    )
    if not repository.add_statement(session, row):
        return view(_known(session, leaf), ledger)
    session.add_all(
        StoredOpening(leaf=leaf, name=one.name, salt=one.salt, content=one.content) for one in openings
    )
    session.add_all(StatementParty(leaf=leaf, org_id=org_id) for org_id in {fact.org_id, *about.org_ids})
    enqueue(session, RECORD_TOPIC, {}, now=now, key=leaf)
    return view(row, ledger)

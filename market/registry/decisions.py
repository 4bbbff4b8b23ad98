"""Deciding on an application: what is to be signed goes out, the signed decision comes back and takes effect."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from ledger.statement import canonical_json
from market.accounts import service as accounts
from market.kit.auth import Principal, Resource, allowed, decide
from market.kit.i18n import N_
from market.provenance.gateway import Ledger
from market.provenance.schemas import About, StatementView
from market.provenance.signing import SignedBody, ToSign, prepare, record_signed
from market.registry import certificates, repository
from market.registry.errors import CertificateUnsigned, DecisionUsed, OwnApplication, WrongState
from market.registry.models import Application
from market.registry.schemas import (
    ApplicationView,
    CertificateDraft,
    Decision,
    DecisionDraft,
    DecisionIn,
    SignedDecision,
    State,
)
from market.registry.service import WAYS, check_reasons, load, move, view
from market.registry.verbs import DECIDE
from market.statements import Commitment, commit

LEADS_TO: dict[Decision, State] = {
    Decision.ACCEPT: State.ACCEPTED,
    Decision.REVIEW: State.FORMAL_REVIEW,
    Decision.RETURN: State.RETURNED,
    Decision.REFUSE: State.REFUSED,
    Decision.ISSUE: State.ISSUED,
}


def prepare_decision(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    application_id: UUID,
    asked: DecisionIn,
    now: datetime,
) -> DecisionDraft:
    """What the registrar would sign for this decision. Issuing allots the certificate's number and query code."""
    found = _decidable(session, actor, application_id)
    _check_way(found, asked.decision)
    check_reasons(LEADS_TO[asked.decision], asked.reasons)
    commitments: dict[str, Commitment] = {"application": commit(application_document(found))}
    if asked.reasons is not None:
        commitments["reasons"] = commit(asked.reasons.model_dump())
    to_sign = _prepare(session, ledger, actor, "decision", found.id, {
        "registration": found.registration, "decision": asked.decision.value,
    }, commitments, now)  # fmt: skip
    result = DecisionDraft(decision=asked.decision, reasons=asked.reasons, to_sign=to_sign)
    if asked.decision is Decision.ISSUE:
        draft = certificates.draft(session, found, now)
        result.certificate = CertificateDraft(
            code=draft.code,
            to_sign=_prepare(
                session,
                ledger,
                actor,
                "certificate",
                draft.id,
                certificates.predicate_of(draft),
                {"certificate": commit(draft.document, draft.salt)},
                now,
            ),
        )
    return result


def decide_application(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    application_id: UUID,
    decided: SignedDecision,
    now: datetime,
) -> ApplicationView:
    """Record the registrar's signed decision and let it take effect, both or neither."""
    found = _decidable(session, actor, application_id)
    _check_way(found, decided.decision)
    expected: dict[str, Any] = {"registration": found.registration, "decision": decided.decision.value}
    contents = {"application": application_document(found)}
    if decided.reasons is not None:
        contents["reasons"] = decided.reasons.model_dump()
    stated = _record(session, actor, ledger, found, "decision", found.id, decided, expected, contents, now)
    _refuse_used(session, found, stated.leaf)
    if decided.decision is Decision.ISSUE:
        _issue(session, actor, ledger, found, decided, now)
    move(session, actor, found, LEADS_TO[decided.decision], now, reasons=decided.reasons, leaf=stated.leaf)
    return view(session, found)


def may_decide(session: Session, *, actor: Principal, application: ApplicationView) -> bool:
    """Whether to show the actor what a registrar does."""
    return allowed(actor, DECIDE, Resource(zone=application.zone)) and not _own_matter(
        session, actor, application.id, application.org_id
    )


def application_document(found: Application) -> dict[str, Any]:
    """What a decision is about, as it is committed to."""
    return {
        "application": str(found.id),
        "asset": str(found.asset_id),
        "registration": found.registration,
        "rulePack": found.rule_pack,
        "zone": found.zone,
    }


def _issue(
    session: Session,
    actor: Principal,
    ledger: Ledger,
    found: Application,
    decided: SignedDecision,
    now: datetime,
) -> None:
    draft = repository.certificate_of_application(session, found.id)
    if draft is None or decided.certificate is None:
        raise CertificateUnsigned(
            N_("Issuing takes two signed statements: the decision and the certificate."),
            hint=N_("Prepare the decision again and sign both."),
            where="certificate",
        )
    stated = _record(
        session, actor, ledger, found, "certificate", draft.id, decided.certificate,
        certificates.predicate_of(draft), {"certificate": draft.document}, now,
    )  # fmt: skip
    certificates.issue(session, draft, stated.leaf, now)


def _decidable(session: Session, actor: Principal, application_id: UUID) -> Application:
    found = load(session, application_id, for_update=True)
    decide(actor, DECIDE, Resource(zone=found.zone))
    if _own_matter(session, actor, found.id, found.org_id):
        raise OwnApplication(
            N_("You belong to the organisation that applies, or had a hand in its application."),
            hint=N_("Another registrar has to decide on this one, who has nothing to do with the applicant."),
        )
    return found


def _own_matter(session: Session, actor: Principal, application_id: UUID, applicant: UUID) -> bool:
    """Whether one person would apply and decide: whatever organisation he acts for now, and also after he left one."""
    if actor.org_id == applicant:
        return True
    if actor.account_id is None:
        return False
    if accounts.is_member(session, account_id=actor.account_id, org_id=applicant):
        return True
    steps = repository.steps(session, application_id)
    return any(step.account_id == actor.account_id and step.leaf is None for step in steps)


def _check_way(found: Application, decision: Decision) -> None:
    if LEADS_TO[decision] not in WAYS[State(found.state)]:
        raise WrongState(
            N_("It is in the state %(state)s; from there it can go to: %(ways)s."),
            hint=N_("Open the application again: somebody may have decided meanwhile."),
            state=found.state,
            ways=", ".join(sorted(WAYS[State(found.state)])) or "-",
        )


def _prepare(
    session: Session,
    ledger: Ledger,
    actor: Principal,
    kind: str,
    subject_id: UUID,
    predicate: dict[str, Any],
    commitments: dict[str, Commitment],
    now: datetime,
) -> ToSign:
    return prepare(
        session,
        ledger=ledger,
        kind=kind,
        org_id=actor.acting_org,
        subject_id=subject_id,
        predicate=predicate,
        commitments=commitments,
        now=now,
    )


def _record(
    session: Session,
    actor: Principal,
    ledger: Ledger,
    found: Application,
    kind: str,
    subject_id: UUID,
    signed: SignedBody,
    expected: dict[str, Any],
    contents: dict[str, dict[str, Any]],
    now: datetime,
) -> StatementView:
    return record_signed(
        session,
        actor=actor,
        ledger=ledger,
        signed=signed,
        kind=kind,
        subject_id=subject_id,
        predicate=expected,
        contents={name: canonical_json(content) for name, content in contents.items()},
        about=About(org_ids=[found.org_id], asset_id=found.asset_id),
        now=now,
    )


def _refuse_used(session: Session, found: Application, leaf: str) -> None:
    """Each decision is signed anew: one of an earlier round decides nothing in a later one."""
    if any(step.leaf == leaf for step in repository.steps(session, found.id)):
        raise DecisionUsed(
            N_("A decision of an earlier round decides nothing in a later one."),
            hint=N_("Prepare the decision again and sign exactly what comes back."),
            where="statement",
        )

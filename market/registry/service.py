"""Registration in verbs. What a registrar decides is a statement that its own key signs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.catalog import service as catalog
from market.kit.auth import Principal, Resource, allowed, decide, nothing_there, see
from market.kit.errors import InvalidInput
from market.kit.i18n import N_
from market.kit.paging import Page, page_by_id, read_id
from market.kit.texts import LocalText
from market.registry import repository
from market.registry.errors import AlreadyApplied, MayNotBeRegistered, NotYetRegistered, WrongState
from market.registry.models import Application, ApplicationStep
from market.registry.schemas import ApplicationView, State, StepView
from market.registry.verbs import APPLY, OVERSEE, READ_OWN_APPLICATIONS, READ_QUEUE
from market.zones import service as zones

# state -> states that a verb may lead to
WAYS: dict[State, frozenset[State]] = {
    State.SUBMITTED: frozenset({State.ACCEPTED, State.RETURNED, State.REFUSED, State.WITHDRAWN}),
    State.ACCEPTED: frozenset({State.FORMAL_REVIEW, State.RETURNED, State.REFUSED, State.WITHDRAWN}),
    State.FORMAL_REVIEW: frozenset({State.ISSUED, State.RETURNED, State.REFUSED, State.WITHDRAWN}),
    State.RETURNED: frozenset({State.SUBMITTED, State.WITHDRAWN}),
    State.REFUSED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.ISSUED: frozenset(),
}


def submit_application(
    session: Session, *, actor: Principal, version_id: UUID, now: datetime
) -> ApplicationView:
    """Apply for the registration of a version that its provider has signed; or hand a returned one in again.

    Raises NotYetRegistered, AlreadyApplied, MayNotBeRegistered.
    """
    version = catalog.version(session, actor=actor, version_id=version_id)
    decide(actor, APPLY, Resource(org_id=version.org_id))
    if version.leaf is None:
        raise NotYetRegistered(
            N_("Sign and record the version first; the application is about that statement."),
            hint=N_("Use the signing page of the version, or: datawharf register."),
        )
    signed = catalog.described(session, version_id=version_id)
    pack = zones.default_rule_pack()
    if signed.grade == "CORE":
        raise MayNotBeRegistered(
            N_("Core data may not be registered for trade (rule pack %(pack)s, %(version)s)."),
            hint=N_("If the grade is wrong, correct it in the asset's metadata and sign a new version."),
            where="grade",
            pack=pack.id,
            version=pack.version,
        )
    known = repository.of_version(session, version_id)
    if known is not None and known.state != State.RETURNED:
        raise AlreadyApplied(
            N_("The application for this version is in the state %(state)s."),
            hint=N_("Follow it under Provide data, Registrations."),
            state=known.state,
        )
    if known is None:
        known = Application(
            org_id=version.org_id,
            asset_id=version.asset_id,
            version_id=version_id,
            registration=version.leaf,
            zone=signed.adcode,
            rule_pack=pack.id,
            submitted_at=now,
            changed_at=now,
        )
        session.add(known)
        session.flush()
        _note(session, actor, known, None, None, now)
    else:
        known.registration = version.leaf
        move(session, actor, known, State.SUBMITTED, now)
    return view(session, known)


def withdraw_application(
    session: Session, *, actor: Principal, application_id: UUID, now: datetime
) -> ApplicationView:
    """Take an application back, before it is decided."""
    found = repository.application(session, application_id, for_update=True)
    decide(actor, APPLY, Resource(org_id=found.org_id if found else None))
    found = _there(found)
    move(session, actor, found, State.WITHDRAWN, now)
    return view(session, found)


def application(session: Session, *, actor: Principal, application_id: UUID) -> ApplicationView:
    """An application, for its applicant or for the registrar of its zone."""
    return view(session, visible(session, actor, application_id))


def applications_of(
    session: Session, *, actor: Principal, cursor: str | None, limit: int
) -> Page[ApplicationView]:
    """One's organisation's applications, newest first."""
    decide(actor, READ_OWN_APPLICATIONS, Resource(org_id=actor.org_id))
    before = read_id(cursor)
    rows = repository.of_org(session, actor.acting_org, before, limit + 1)
    return page_by_id(rows, limit, lambda shown: [view(session, row) for row in shown])


def queue(
    session: Session, *, actor: Principal, state: State | None, cursor: str | None, limit: int
) -> Page[ApplicationView]:
    """What waits for the registrar, oldest first: all open applications, or those in one state."""
    zone = actor.zone or ""
    decide(actor, READ_QUEUE, Resource(zone=zone))
    after = read_id(cursor)
    states = (state,) if state else repository.OPEN
    rows = repository.queue(session, zone, states, after, limit + 1)
    return page_by_id(rows, limit, lambda shown: [view(session, row) for row in shown])


def visible(session: Session, actor: Principal, application_id: UUID) -> Application:
    """The application, for its applicant, who reviews it in its zone, and the platform's auditor; NotFound for others."""
    found = load(session, application_id)
    stands = Resource(org_id=found.org_id, zone=found.zone)
    if any(allowed(actor, verb, stands) for verb in (READ_QUEUE, OVERSEE)):
        return found
    see(actor, READ_OWN_APPLICATIONS, Resource(org_id=found.org_id))
    return found


def move(
    session: Session,
    actor: Principal,
    found: Application,
    to: State,
    now: datetime,
    *,
    reasons: LocalText | None = None,
    leaf: str | None = None,
) -> None:
    """Go one step, or raise WrongState saying which steps there are."""
    ways = WAYS[State(found.state)]
    if to not in ways:
        raise WrongState(
            N_("It is in the state %(state)s; from there it can go to: %(ways)s."),
            hint=N_("Open the application again: somebody may have decided meanwhile."),
            state=found.state,
            ways=", ".join(sorted(ways)) or "-",
        )
    check_reasons(to, reasons)
    found.state, found.changed_at, found.revision = to, now, found.revision + 1
    found.reasons = reasons.model_dump() if reasons else None
    session.add(found)
    _note(session, actor, found, reasons, leaf, now)


def check_reasons(to: State, reasons: LocalText | None) -> None:
    """Raise InvalidInput where an applicant would be sent back, or away, without being told why."""
    if to in (State.RETURNED, State.REFUSED) and reasons is None:
        raise InvalidInput(
            N_("Say why, in Chinese or English, so that the applicant can act on it."), where="reasons"
        )


def view(session: Session, found: Application) -> ApplicationView:
    certificate = (
        repository.certificate_of_application(session, found.id) if found.state == State.ISSUED else None
    )
    return ApplicationView(
        **found.model_dump(exclude={"state", "reasons"}),
        state=State(found.state),
        reasons=_text(found.reasons),
        steps=[
            StepView(state=State(step.state), at=step.at, reasons=_text(step.reasons), leaf=step.leaf)
            for step in repository.steps(session, found.id)
        ],
        certificate_code=certificate.code if certificate else None,
    )


def _note(
    session: Session,
    actor: Principal,
    found: Application,
    reasons: LocalText | None,
    leaf: str | None,
    now: datetime,
) -> None:
    step = ApplicationStep(
        application_id=found.id,
        state=found.state,
        account_id=actor.account_id,
        leaf=leaf,
        reasons=reasons.model_dump() if reasons else None,
        at=now,
    )
    session.add(step)
    session.flush()


def _text(stored: dict[str, str] | None) -> LocalText | None:
    return LocalText(**stored) if stored else None


def load(session: Session, application_id: UUID, *, for_update: bool = False) -> Application:
    """The row, whoever asks; a caller decides next."""
    return _there(repository.application(session, application_id, for_update=for_update))


def _there(found: Application | None) -> Application:
    if found is None:
        raise nothing_there()
    return found

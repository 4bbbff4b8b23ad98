"""Sign-up, and organisations from founding to suspension."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.names import urn
from market.accounts import repository
from market.accounts.confirmation import require_fresh
from market.accounts.errors import AddressHasAccount, TooManyOrganisations, WrongOrganisationState
from market.accounts.models import Account, Membership, MembershipRole, Organisation
from market.accounts.passwords import refuse_weak
from market.accounts.roles import fit_kind
from market.accounts.schemas import (
    AccountView,
    EditedOrg,
    LegalKind,
    Me,
    MembershipView,
    NewAccount,
    NewOrg,
    OrgKind,
    OrgState,
    OrgView,
    SignedUp,
    tidy_email,
)
from market.accounts.verbs import CREATE_ORG, EDIT_ORG, FOUND_ORG, READ_ORG, READ_SELF, SUSPEND_ORG
from market.accounts.views import account_view, membership_view, org_name, org_view
from market.kit.auth import HUB, Principal, Resource, Role, decide, system
from market.kit.errors import InvalidInput, NotFound
from market.kit.etag import same_revision
from market.kit.i18n import N_
from market.kit.ids import new_id
from market.kit.texts import LocalText

if TYPE_CHECKING:
    from sqlmodel import Session


MOST_ORGANISATIONS = 20


def refuse_weak_password(new: NewAccount) -> None:
    """Raises WeakPassword for what a guesser tries first, the person's and the organisation's names among it."""
    names = new.organisation.name if new.organisation else None
    refuse_weak(new.password, new.email, new.name, *((names.zh, names.en) if names else ()))


def sign_up(session: Session, *, new: NewAccount, password_hash: str, origin: str, now: datetime) -> SignedUp:
    """Make an account, and its organisation in one go. The answer is the same for an address that has one already.

    password_hash: of new.password, made before this transaction. origin: the log's, for the organisation's name in it.
    """
    refuse_weak_password(new)
    account = Account(
        email=new.email, name=new.name, lang=new.lang, password_hash=password_hash, created_at=now
    )
    # The zone is looked up for known addresses too: a wrong one is refused alike.
    zone = _zone(session, new.organisation.zone) if new.organisation else HUB
    if repository.add_unless_taken(session, account) and new.organisation is not None:
        _found(session, account.id, new.organisation, zone=zone, origin=origin, now=now)
    return SignedUp(email=new.email, name=new.name, lang=new.lang)


def create_org(session: Session, *, actor: Principal, new: NewOrg, origin: str, now: datetime) -> OrgView:
    """An organisation that provides or buys; who makes it owns it. Raises TooManyOrganisations.

    Each has a quota of its own, so that without an end to them there would be none to what one person may store.
    """
    decide(actor, CREATE_ORG, Resource())
    if actor.account_id is None:
        raise NotFound(N_("There is no such account."))
    zone = _zone(session, new.zone)
    session.get(Account, actor.account_id, with_for_update=True)
    if len(repository.memberships_of(session, actor.account_id)) >= MOST_ORGANISATIONS:
        raise TooManyOrganisations(
            N_("Whoever belongs to %(most)s organisations can make no further one."),
            hint=N_("Leave one that you no longer need, or ask the owner of the next to invite you."),
            most=MOST_ORGANISATIONS,
        )
    return org_view(_found(session, actor.account_id, new, zone=zone, origin=origin, now=now))


def _found(
    session: Session, account_id: UUID, new: NewOrg, *, zone: str, origin: str, now: datetime
) -> Organisation:
    org_id = new_id()
    org = Organisation(
        id=org_id,
        urn=urn(origin, "org", org_id),
        kind=OrgKind.MEMBER,
        name_zh=new.name.zh,
        name_en=new.name.en,
        legal_kind=new.legal_kind,
        uscc=new.uscc,
        adcode=new.adcode,
        industry=new.industry,
        zone=zone,
        created_at=now,
    )
    session.add(org)
    session.flush()
    add_membership(session, org_id, account_id, [Role.OWNER], now)
    return org


def add_membership(
    session: Session, org_id: UUID, account_id: UUID, roles: Iterable[Role], now: datetime
) -> bool:
    """False where the account is a member already."""
    joined = Membership(org_id=org_id, account_id=account_id, created_at=now)
    rows = [MembershipRole(membership_id=joined.id, role=role) for role in sorted(roles)]
    return repository.add_unless_taken(session, joined, *rows)


def _zone(session: Session, adcode: str) -> str:
    """The adcode, if a zone is run there. Before any zone is founded only the hub is known."""
    if adcode != HUB and repository.zone_organisation(session, adcode) is None:
        raise InvalidInput(
            N_("There is no data zone with the code %(adcode)s."),
            hint=N_("Take one from the list of zones; 450000 is the hub."),
            where="zone",
            adcode=adcode,
        )
    return adcode


def found_platform(
    session: Session, *, org_id: UUID, origin: str, email: str, password_hash: str, now: datetime
) -> OrgView:
    """The organisation that runs this marketplace, with its first owner and operator. Called once, at the installation."""
    founder = system("installation")
    name = LocalText(zh="数港", en="Datawharf")
    view = _found_staffed(
        session, founder, OrgKind.PLATFORM, name, adcode=None, org_id=org_id, origin=origin, now=now
    )
    account = Account(
        email=tidy_email(email), name="Operator", lang="zh", password_hash=password_hash, created_at=now
    )
    session.add(account)
    session.flush()
    add_membership(session, org_id, account.id, [Role.OWNER, Role.OPERATOR], now)
    return view


def found_zone(
    session: Session, *, actor: Principal, adcode: str, name: LocalText, origin: str, now: datetime
) -> OrgView:
    """The registrar of a zone; one per adcode. 450000 is the hub, which reaches all zones."""
    return _found_staffed(
        session, actor, OrgKind.ZONE, name, adcode=adcode, org_id=new_id(), origin=origin, now=now
    )


def _found_staffed(
    session: Session,
    actor: Principal,
    kind: OrgKind,
    name: LocalText,
    *,
    adcode: str | None,
    org_id: UUID,
    origin: str,
    now: datetime,
) -> OrgView:
    decide(actor, FOUND_ORG, Resource())
    require_fresh(actor, now)
    org = Organisation(
        id=org_id,
        urn=urn(origin, "org", org_id),
        kind=kind,
        name_zh=name.zh,
        name_en=name.en,
        legal_kind=LegalKind.INSTITUTION,
        adcode=adcode,
        zone=adcode or HUB,
        created_at=now,
    )
    if not repository.add_unless_taken(session, org):
        raise WrongOrganisationState(N_("There is one already, and there can be only one."))
    return org_view(org)


def appoint(
    session: Session,
    *,
    actor: Principal,
    org_id: UUID,
    new: NewAccount,
    password_hash: str,
    roles: Iterable[Role],
    now: datetime,
    existing: bool = False,
) -> AccountView:
    """Make an account for `new` and give it `roles` in an organisation.

    This is how the operator's command fills the first seats, before anybody is there to invite. existing: an account that
    somebody made with this address may be taken; sign-up proves no address, so whoever says so knows whose it is.
    Raises AddressHasAccount.
    """
    decide(actor, FOUND_ORG, Resource())
    require_fresh(actor, now)
    org = repository.locked_organisation(session, org_id)
    if org is None:
        raise NotFound(N_("There is no such organisation."))
    account = repository.account_by_email(session, new.email)
    if account is None:
        account = Account(
            email=new.email, name=new.name, lang=new.lang, password_hash=password_hash, created_at=now
        )
        session.add(account)
        session.flush()
        existing = True
    wanted = fit_kind(OrgKind(org.kind), roles)
    known = repository.membership(session, org_id, account.id)
    if known is None and not existing:
        raise AddressHasAccount(
            N_("%(email)s belongs to an account that somebody signed up for; it may be anybody's."),
            hint=N_(
                "If you know that it is the right person's, run the command again with --existing-account."
            ),
            where="email",
            email=new.email,
        )
    if known is None:
        add_membership(session, org_id, account.id, wanted, now)
    else:
        repository.set_roles(session, known.id, repository.roles(session, org_id, account.id) | wanted)
    return account_view(account)


def me(session: Session, *, actor: Principal) -> Me:
    """Who acts, and with what rights."""
    decide(actor, READ_SELF, Resource())
    account = repository.account(session, actor.account_id) if actor.account_id else None
    if account is None:
        raise NotFound(N_("There is no such account."))
    current = repository.organisation(session, actor.org_id) if actor.org_id else None
    return Me(
        account=account_view(account),
        organisation=org_view(current) if current else None,
        roles=sorted(actor.roles),
        memberships=_memberships(session, account.id),
        scopes=sorted(actor.scopes) if actor.scopes is not None else None,
        confirmed_at=actor.confirmed_at,
    )


def _memberships(session: Session, account_id: UUID) -> list[MembershipView]:
    return [membership_view(org, roles) for org, roles in repository.memberships_of(session, account_id)]


def my_organisations(session: Session, *, actor: Principal) -> list[MembershipView]:
    decide(actor, READ_SELF, Resource())
    return _memberships(session, actor.account_id) if actor.account_id else []


def my_org(session: Session, *, actor: Principal, org_id: UUID) -> OrgView:
    """The organisation one acts for; any other looks as if it did not exist."""
    decide(actor, READ_ORG, Resource(org_id=org_id))
    return org(session, org_id)


def org(session: Session, org_id: UUID) -> OrgView:
    """For other slices, which have decided already. Raises NotFound."""
    found = repository.organisation(session, org_id)
    if found is None:
        raise NotFound(N_("There is no such organisation."))
    return org_view(found)


def org_names(session: Session, ids: Iterable[UUID]) -> dict[UUID, LocalText]:
    """Names of organisations; ids that are unknown are missing from the answer."""
    return {found.id: org_name(found) for found in repository.organisations(session, ids)}


def is_member(session: Session, *, account_id: UUID, org_id: UUID) -> bool:
    """Whether a person belongs to an organisation, whatever he does there."""
    return bool(repository.roles(session, org_id, account_id))


def zone_org(session: Session, adcode: str) -> OrgView:
    """The registrar of a zone. Raises NotFound where none is founded."""
    found = repository.zone_organisation(session, adcode)
    if found is None:
        raise NotFound(N_("There is no data zone with the code %(adcode)s."), adcode=adcode)
    return org_view(found)


def zone_orgs(session: Session) -> list[OrgView]:
    """All registrars, by adcode: the hub first."""
    return [org_view(found) for found in repository.zone_organisations(session)]


def platform_org(session: Session) -> OrgView:
    found = repository.platform_organisation(session)
    if found is None:
        raise NotFound(N_("The platform's own organisation is not founded yet."))
    return org_view(found)


def edit_org(
    session: Session, *, actor: Principal, org_id: UUID, changes: EditedOrg, expected_revision: int
) -> OrgView:
    """Change the given fields of an organisation that is still at the expected revision."""
    decide(actor, EDIT_ORG, Resource(org_id=org_id))
    found = repository.locked_organisation(session, org_id)
    if found is None:
        raise NotFound(N_("There is no such organisation."))
    same_revision(expected_revision, found.revision)
    given = changes.model_dump(exclude_unset=True)
    if changes.name is not None:
        found.name_zh, found.name_en = changes.name.zh, changes.name.en
    if changes.zone is not None and found.kind == OrgKind.MEMBER:
        found.zone = _zone(session, changes.zone)
    if changes.legal_kind is not None:
        found.legal_kind = changes.legal_kind
    for field in ("uscc", "industry"):
        if field in given:
            setattr(found, field, given[field])
    if "adcode" in given and found.kind == OrgKind.MEMBER:
        found.adcode = given["adcode"]
    found.revision += 1
    session.add(found)
    return org_view(found)


def suspend_org(session: Session, *, actor: Principal, org_id: UUID, now: datetime) -> OrgView:
    """From the next request on, nobody acts for this organisation, by session or by key."""
    return _set_state(session, actor, org_id, OrgState.SUSPENDED, now)


def restore_org(session: Session, *, actor: Principal, org_id: UUID, now: datetime) -> OrgView:
    return _set_state(session, actor, org_id, OrgState.ACTIVE, now)


def _set_state(session: Session, actor: Principal, org_id: UUID, state: OrgState, now: datetime) -> OrgView:
    decide(actor, SUSPEND_ORG, Resource(org_id=org_id))
    require_fresh(actor, now)
    found = repository.locked_organisation(session, org_id)
    if found is None:
        raise NotFound(N_("There is no such organisation."))
    if found.kind == OrgKind.PLATFORM:
        raise WrongOrganisationState(N_("The platform cannot suspend itself."))
    if found.state != state:
        found.state, found.revision = state, found.revision + 1
        session.add(found)
    return org_view(found)

"""Who acts, what they may do, and the one `decide` behind every door.

A slice declares its verbs; a route names the verb it needs; a service asks `decide` about the object at hand.
Foreign and unknown objects look the same (NotFound).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlmodel import Session

from market.kit.errors import Forbidden, NotFound, SignInRequired
from market.kit.i18n import N_
from market.kit.texts import LocalText


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    PUBLISHER = "publisher"
    BUYER = "buyer"
    BILLING = "billing"
    MEMBER = "member"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    AUDITOR = "auditor"


class Reach(StrEnum):
    """On whose objects a verb works."""

    ANYONE = "anyone"  # public: no sign-in needed
    SELF = "self"  # the account's own things
    OWN = "own"  # objects of the organisation one acts for
    ZONE = "zone"  # objects of the zone that one's organisation runs; the hub reaches all zones
    PLATFORM = "platform"  # all objects, for staff of the platform


class Via(StrEnum):
    NOBODY = "nobody"
    SESSION = "session"
    API_KEY = "api_key"
    SYSTEM = "system"


HUB = "450000"


@dataclass(frozen=True)
class Principal:
    """Who acts, with rights computed from the membership as it is now.

    zone: the adcode whose registrar the acting organisation is, if it is one.
    scopes: what an API key is limited to; None means no such limit.
    """

    via: Via = Via.NOBODY
    account_id: UUID | None = None
    org_id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    zone: str | None = None
    platform: bool = False
    scopes: frozenset[str] | None = None
    key_id: UUID | None = None
    label: str = field(default="", compare=False)
    org_name: LocalText | None = field(default=None, compare=False)
    session_token: str = field(default="", repr=False, compare=False)
    confirmed_at: datetime | None = field(default=None, compare=False)

    @property
    def signed_in(self) -> bool:
        return self.via is not Via.NOBODY

    @property
    def acting_org(self) -> UUID:
        """The organisation acted for; a principal without one is told to choose or make one."""
        if self.org_id is None:
            raise Forbidden(
                N_("You do not act for an organisation yet."),
                hint=N_("Create an organisation, or ask to be invited."),
            )
        return self.org_id


ANONYMOUS = Principal()


def system(label: str) -> Principal:
    """The platform itself, for jobs that carry on what a person began."""
    return Principal(via=Via.SYSTEM, platform=True, roles=frozenset(Role), label=label)


@dataclass(frozen=True)
class Verb:
    """Something one can do.

    roles: which roles may (ignored for ANYONE and SELF). key_scope: the API-key scope that allows it; None = never by key.
    writes: False promises that the verb changes nothing; an unsafe route may not be guarded by such a verb.
    """

    name: str
    reach: Reach
    roles: frozenset[Role] = frozenset()
    key_scope: str | None = None
    writes: bool = True


@dataclass(frozen=True)
class Resource:
    """What `decide` needs to know of an object: whose it is and which zone it stands in."""

    org_id: UUID | None = None
    zone: str | None = None


def may_ever(actor: Principal, verb: Verb) -> None:
    """Refuse at the door whoever could not use `verb` on any object."""
    if verb.reach is Reach.ANYONE or actor.via is Via.SYSTEM:
        return
    if not actor.signed_in:
        raise SignInRequired(
            N_("This needs a signed-in account or an API key."),
            hint=N_("Sign in, or send the header Authorization: Bearer with an API key."),
        )
    if actor.scopes is not None and (verb.key_scope is None or verb.key_scope not in actor.scopes):
        raise Forbidden(
            N_("This API key may not do that (scope %(scope)s)."),
            hint=N_("Make a key that has the scope, or sign in on the web pages."),
            scope=verb.key_scope or "-",
        )
    if verb.reach is Reach.SELF:
        return
    if not actor.roles & verb.roles or not _stands_where(actor, verb):
        raise Forbidden(
            N_("Your role does not allow this."),
            hint=N_(
                "It takes one of the roles: %(roles)s. Ask an owner or administrator of your organisation."
            ),
            roles=", ".join(sorted(verb.roles)),
        )


def _stands_where(actor: Principal, verb: Verb) -> bool:
    if verb.reach is Reach.PLATFORM:
        return actor.platform
    if verb.reach is Reach.ZONE:
        return actor.zone is not None
    return actor.org_id is not None


def decide(actor: Principal, verb: Verb, resource: Resource) -> None:
    """Return if `actor` may use `verb` on `resource`; raise SignInRequired, Forbidden or NotFound if not."""
    may_ever(actor, verb)
    if actor.via is Via.SYSTEM or verb.reach in (Reach.ANYONE, Reach.SELF, Reach.PLATFORM):
        return
    if verb.reach is Reach.OWN and resource.org_id == actor.org_id:
        return
    if verb.reach is Reach.ZONE and resource.zone is not None and actor.zone in (resource.zone, HUB):
        return
    raise nothing_there()


def nothing_there() -> NotFound:
    """For what is not there, in the very words for what is somebody else's."""
    return NotFound(N_("There is no such thing, or it belongs to somebody else."))


def see(actor: Principal, verb: Verb, resource: Resource) -> None:
    """`decide` behind a door that is open to anyone: whoever may not, for whatever reason, finds nothing.

    A refusal for want of a role would tell a stranger that the object is there.
    """
    if not allowed(actor, verb, resource):
        raise nothing_there()


def allowed(actor: Principal, verb: Verb, resource: Resource) -> bool:
    """`decide` as a yes or no, to show or hide a button."""
    try:
        decide(actor, verb, resource)
    except (SignInRequired, Forbidden, NotFound):
        return False
    return True


class Authenticator(Protocol):
    """Port: turns credentials into a principal with today's rights. Implemented by accounts."""

    def by_api_key(self, session: Session, token: str) -> Principal:
        """Raises SignInRequired for an unknown, ended or malformed key."""

    def by_session(self, session: Session, token: str) -> Principal:
        """ANONYMOUS when the session is unknown or over."""

    def standing(self, session: Session, *, account_id: UUID, org_id: UUID, key_id: UUID | None) -> Principal:
        """What somebody may do now who proved himself before; ANONYMOUS once account, membership or key has ended."""


Guard = Callable[..., Awaitable[Principal]]

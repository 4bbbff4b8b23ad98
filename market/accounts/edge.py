"""Sign-in as both doors do it: count the try, compare the password outside any transaction, then act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from market.accounts import service
from market.accounts.limits import CONFIRM_PER_ACCOUNT, network_hash, spend_sign_in
from market.accounts.passwords import Passwords
from market.kit.auth import Principal
from market.kit.ports import Ports
from market.kit.ratelimit import RateLimits

if TYPE_CHECKING:
    from sqlmodel import Session

Result = TypeVar("Result")


@dataclass(frozen=True)
class Proved:
    """An account whose password was just compared. rehash: the same password under today's cost, if it has to change."""

    account_id: UUID
    compared_hash: str
    rehash: str | None
    network_hash: str


def passwords_of(ports: Ports) -> Passwords:
    """The process's one queue for hashing; made at first use where create_app was given none."""
    found = ports.extras.get(Passwords)
    if isinstance(found, Passwords):
        return found
    made: Passwords = ports.extras.setdefault(Passwords, Passwords())
    return made


def prove(ports: Ports, limits: RateLimits, *, email: str, password: str, network: str) -> Proved:
    """Compare the password. Raises WrongCredentials, TooManyRequests or SignInBusy, alike for unknown addresses."""
    hashed = network_hash(email, network)
    with ports.db.reading() as session:
        found = service.credentials(session, email=email, network_hash=hashed)
    spend_sign_in(limits, email=email, network=network, known_network=found.known_network)
    passwords = passwords_of(ports)
    if not passwords.matches(found.password_hash, password):
        raise service.wrong_credentials()
    if found.account_id is None or found.password_hash is None:
        raise service.wrong_credentials()
    rehash = passwords.hash(password) if passwords.outdated(found.password_hash) else None
    return Proved(found.account_id, found.password_hash, rehash, hashed)


def after_password(
    ports: Ports,
    limits: RateLimits,
    *,
    actor: Principal,
    password: str,
    work: Callable[[Session, str], Result],
) -> Result:
    """Run `work(session, compared hash)` in a writing transaction if `password` is the actor's."""
    with ports.db.reading() as session:
        stored = service.password_of(session, actor=actor)
    limits.spend(CONFIRM_PER_ACCOUNT, "confirm", str(actor.account_id))
    if not passwords_of(ports).matches(stored, password):
        raise service.wrong_password()
    with ports.db.writing() as session:
        return work(session, stored)

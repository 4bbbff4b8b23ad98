"""The approved table: which routes there are, behind which verb each stands, and whom a verb lets through.

The table (authz.toml) was written down and agreed on; it is not read from the code. A change of rights is a change of it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.market.authorisation.world import HUB, Someone

TABLE = Path(__file__).with_name("authz.toml")


class Verdict(StrEnum):
    PASS = "passes"
    SIGN_IN = "must sign in"
    FORBIDDEN = "may not"
    NOTHING = "finds nothing"


@dataclass(frozen=True)
class ApprovedVerb:
    """reach: anyone, self, own, zone or platform. roles: None for all. scope: of a key; "" where no key will do."""

    name: str
    reach: str
    roles: frozenset[str] | None
    scope: str
    routes: tuple[str, ...]


def approved() -> dict[str, ApprovedVerb]:
    """By route ("GET /api/v1/me")."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    found: dict[str, ApprovedVerb] = {}
    for name, row in table["verbs"].items():
        roles = row.get("roles", "all")
        verb = ApprovedVerb(
            name,
            row["reach"],
            None if roles == "all" else frozenset(roles),
            row.get("scope", ""),
            tuple(row["routes"]),
        )
        for route in verb.routes:
            assert route not in found, f"{route} is approved twice"
            found[route] = verb
    return found


def at_the_door(person: Someone, verb: ApprovedVerb, *, page: bool) -> Verdict:
    """Whether somebody may try the verb at all."""
    if not page and person.ended:
        return Verdict.SIGN_IN
    if verb.reach == "anyone":
        return Verdict.PASS
    if (person.cookie if page else person.key) is None:
        return Verdict.SIGN_IN
    if not page and person.scopes is not None and verb.scope not in person.scopes:
        return Verdict.FORBIDDEN
    if verb.reach == "self":
        return Verdict.PASS
    fits = verb.roles is None or bool(person.roles & verb.roles)
    return Verdict.PASS if fits and _stands_there(person, verb.reach) else Verdict.FORBIDDEN


def with_object(person: Someone, verb: ApprovedVerb, *, page: bool) -> Verdict:
    """What becomes of the verb on an object that belongs to harbour and stands in its zone."""
    verdict = at_the_door(person, verb, page=page)
    if verdict is not Verdict.PASS:
        return verdict
    if verb.reach == "own" and person.where != "org":
        return Verdict.NOTHING
    if verb.reach == "zone" and person.where not in ("zone:450700", f"zone:{HUB}"):
        return Verdict.NOTHING
    return Verdict.PASS


def _stands_there(person: Someone, reach: str) -> bool:
    if reach == "platform":
        return person.where == "platform"
    if reach == "zone":
        return person.where.startswith("zone:")
    return bool(person.where)

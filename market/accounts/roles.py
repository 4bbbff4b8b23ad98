"""Which roles an organisation of a kind has, and who may give them: nobody gives or takes more than he has."""

from __future__ import annotations

from collections.abc import Iterable

from market.accounts.errors import RankTooLow, RoleNotForKind
from market.accounts.schemas import OrgKind
from market.kit.auth import Role
from market.kit.i18n import N_

ROLES_OF: dict[OrgKind, frozenset[Role]] = {
    OrgKind.MEMBER: frozenset(
        {Role.OWNER, Role.ADMIN, Role.PUBLISHER, Role.BUYER, Role.BILLING, Role.MEMBER}
    ),
    OrgKind.ZONE: frozenset({Role.OWNER, Role.ADMIN, Role.REVIEWER, Role.MEMBER}),
    OrgKind.PLATFORM: frozenset({Role.OWNER, Role.ADMIN, Role.OPERATOR, Role.AUDITOR, Role.MEMBER}),
}
_RANKS = {Role.OWNER: 3, Role.ADMIN: 2}
# What the system and nobody else stands above.
ABOVE_ALL = 4


def rank_of(roles: Iterable[Role]) -> int:
    """0 for somebody without a role, 1 for a plain one, 2 for an administrator, 3 for an owner."""
    return max((_RANKS.get(role, 1) for role in roles), default=0)


def refuse_above(actor_rank: int, *role_sets: Iterable[Role]) -> None:
    """Refuse if one of the sets (what a member has, what he shall have) ranks above the one who acts."""
    if any(rank_of(roles) > actor_rank for roles in role_sets):
        raise RankTooLow(
            N_("This would give or take a role above your own."),
            hint=N_("Ask an owner of the organisation."),
            where="roles",
        )


def fit_kind(kind: OrgKind, roles: Iterable[Role]) -> frozenset[Role]:
    """The roles as a set, if an organisation of this kind has them all."""
    wanted = frozenset(roles)
    if not wanted or not wanted <= ROLES_OF[kind]:
        raise RoleNotForKind(
            N_("Members here have one or more of the roles: %(roles)s."),
            hint=N_("Choose among these."),
            where="roles",
            roles=", ".join(sorted(ROLES_OF[kind])),
        )
    return wanted

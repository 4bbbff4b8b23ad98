"""Whatever people try with members and roles: nobody's rank rises without one who has it, and an owner stays."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import SQLModel

from market.accounts import service
from market.accounts.errors import (
    AlreadyMember,
    InviteNotUsable,
    LastOwnerStays,
    RankTooLow,
    RoleNotForKind,
)
from market.accounts.roles import ROLES_OF, rank_of
from market.accounts.schemas import NewAccount, NewInvite, NewOrg, OrgKind
from market.kit.auth import Principal, Role, Via, system
from market.kit.db import Database
from market.kit.errors import Forbidden, NotFound
from market.kit.texts import LocalText
from tests.market.accounts.conftest import ORIGIN, PASSWORD

PEOPLE = 5
EXPECTED = (RankTooLow, LastOwnerStays, AlreadyMember, RoleNotForKind, InviteNotUsable, Forbidden, NotFound)
people = st.integers(0, PEOPLE - 1)
role_sets = st.sets(st.sampled_from(sorted(Role)), min_size=1, max_size=2).map(sorted)
HEADS = {Role.OWNER, Role.ADMIN}


class Organisation(RuleBasedStateMachine):
    """The model is {person: roles}; the service must agree with it after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.db = Database(f"sqlite:///{Path(self.folder.name) / 'org.db'}")
        SQLModel.metadata.create_all(self.db.engine)
        self.now = datetime(2026, 7, 1, tzinfo=UTC)
        self.accounts: list[UUID] = []
        self.held: dict[int, frozenset[Role]] = {}
        self.invites: list[tuple[str, int, int, frozenset[Role], datetime]] = []

    def teardown(self) -> None:
        self.db.close()
        self.folder.cleanup()

    @initialize()
    def found(self) -> None:
        with self.db.writing() as session:
            for number in range(PEOPLE):
                new = NewAccount(email=f"p{number}@example.com", password=PASSWORD, name=f"P{number}")
                service.sign_up(session, new=new, password_hash="-", origin=ORIGIN, now=self.now)
            for number in range(PEOPLE):
                found = service.credentials(session, email=f"p{number}@example.com", network_hash="-")
                assert found.account_id is not None
                self.accounts.append(found.account_id)
            org = service.create_org(
                session,
                actor=Principal(via=Via.SESSION, account_id=self.accounts[0]),
                new=NewOrg(name=LocalText(en="Org")),
                origin=ORIGIN,
                now=self.now,
            )
        self.org = org.id
        self.held[0] = frozenset({Role.OWNER})

    def actor(self, person: int) -> Principal:
        roles = self.held.get(person, frozenset())
        return Principal(
            via=Via.SESSION,
            account_id=self.accounts[person],
            org_id=self.org if roles else None,
            roles=roles,
            confirmed_at=self.now,
        )

    def rank(self, person: int) -> int:
        return rank_of(self.held.get(person, frozenset()))

    def _try(self, step: object) -> object | None:
        """The step's result, or None where it was refused with nothing changed."""
        try:
            with self.db.writing() as session:
                return step(session)  # type: ignore[operator]
        except EXPECTED:
            return None

    @rule(who=people, whom=people, roles=role_sets)
    def change_roles(self, who: int, whom: int, roles: list[Role]) -> None:
        done = self._try(
            lambda session: service.change_roles(
                session,
                actor=self.actor(who),
                org_id=self.org,
                account_id=self.accounts[whom],
                roles=roles,
                now=self.now,
            )
        )
        may = (
            self.held.get(who, frozenset()) & HEADS
            and whom in self.held
            and set(roles) <= ROLES_OF[OrgKind.MEMBER]
            and max(rank_of(roles), self.rank(whom)) <= self.rank(who)
            and (Role.OWNER in roles or self.owners() != {whom})
        )
        assert (done is not None) == bool(may)
        if may:
            self.held[whom] = frozenset(roles)

    @rule(who=people, whom=people)
    def remove(self, who: int, whom: int) -> None:
        done = self._try(
            lambda session: (
                service.remove_member(
                    session,
                    actor=self.actor(who),
                    org_id=self.org,
                    account_id=self.accounts[whom],
                    now=self.now,
                )
                or True
            )
        )
        may = (
            self.held.get(who, frozenset()) & HEADS
            and whom in self.held
            and self.rank(whom) <= self.rank(who)
            and self.owners() != {whom}
        )
        assert (done is not None) == bool(may)
        if may:
            del self.held[whom]

    @rule(who=people)
    def leave(self, who: int) -> None:
        done = self._try(
            lambda session: service.leave(session, actor=self.actor(who), org_id=self.org) or True
        )
        may = who in self.held and self.owners() != {who}
        assert (done is not None) == may
        if may:
            del self.held[who]

    @rule(who=people, whom=people, roles=role_sets)
    def invite(self, who: int, whom: int, roles: list[Role]) -> None:
        new = NewInvite(email=f"p{whom}@example.com", roles=roles)
        made = self._try(
            lambda session: service.invite(
                session, actor=self.actor(who), org_id=self.org, new=new, now=self.now
            )
        )
        may = (
            self.held.get(who, frozenset()) & HEADS
            and whom not in self.held
            and set(roles) <= ROLES_OF[OrgKind.MEMBER]
            and rank_of(roles) <= self.rank(who)
        )
        assert (made is not None) == bool(may)
        if may:
            self.invites.append((made.token, who, whom, frozenset(roles), self.now))  # type: ignore[union-attr]

    @precondition(lambda self: self.invites)
    @rule(data=st.data(), who=people)
    def accept(self, data: st.DataObject, who: int) -> None:
        number = data.draw(st.integers(0, len(self.invites) - 1))
        token, by, whom, roles, made_at = self.invites[number]
        done = self._try(
            lambda session: service.accept_invite(session, actor=self.actor(who), token=token, now=self.now)
        )
        may = (
            who == whom
            and who not in self.held
            and self.now < made_at + timedelta(hours=72)
            and rank_of(roles) <= self.rank(by)
        )
        assert (done is not None) == may
        if may:
            self.held[who] = roles
            del self.invites[number]  # a second use must fail: see the test below

    @rule(hours=st.sampled_from([1, 30, 73]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    def owners(self) -> set[int]:
        return {person for person, roles in self.held.items() if Role.OWNER in roles}

    @invariant()
    def the_service_agrees(self) -> None:
        if not self.accounts:
            return
        assert self.owners()
        with self.db.reading() as session:
            reader = Principal(via=Via.SYSTEM, org_id=self.org, roles=frozenset(Role), platform=True)
            seen = {
                member.account_id: frozenset(member.roles)
                for member in service.members_of(session, actor=reader, org_id=self.org)
            }
        assert seen == {self.accounts[person]: roles for person, roles in self.held.items()}


TestOrganisation = Organisation.TestCase
TestOrganisation.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


def test_a_stranger_who_knows_the_ids_can_do_nothing(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'x.db'}")
    SQLModel.metadata.create_all(db.engine)
    now = datetime(2026, 7, 1, tzinfo=UTC)
    with db.writing() as session:
        org = service.found_zone(
            session, actor=system("test"), adcode="450100", name=LocalText(en="Z"), origin=ORIGIN, now=now
        )
    stranger = Principal(
        via=Via.SESSION, account_id=uuid4(), org_id=uuid4(), roles=frozenset({Role.OWNER}), confirmed_at=now
    )
    with db.reading() as session:
        for attempt in (
            lambda: service.members_of(session, actor=stranger, org_id=org.id),
            lambda: service.my_org(session, actor=stranger, org_id=org.id),
            lambda: service.api_keys_of(session, actor=stranger, org_id=org.id, now=now),
            lambda: service.invites_of(session, actor=stranger, org_id=org.id, now=now),
        ):
            with pytest.raises(NotFound):
                attempt()
    db.close()

"""A small marketplace of this slice alone: its routes and pages on a real database, with a clock that tests set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlmodel import SQLModel
from starlette.testclient import TestClient

import market.accounts.models
import market.kit.idempotency
import market.kit.jobs
import market.provenance.models
from ledger.keys import SigningKey
from ledger.note import NoteSigner
from ledger.policy import Policy, TrustedLog
from ledger.stores.memory import MemoryObjects
from market.accounts import key_pages, key_routes, organisation_pages, pages, routes, service
from market.accounts.authenticator import AccountsAuthenticator
from market.accounts.passwords import Passwords
from market.accounts.schemas import NewAccount, OrgView
from market.kit import middleware, problems
from market.kit.auth import Principal, Role, system
from market.kit.db import Database
from market.kit.guards import refuse_unguarded
from market.kit.ports import Ports
from market.kit.ratelimit import RateLimits
from market.kit.texts import LocalText
from market.provenance import routes as provenance_routes
from market.provenance.gateway import Ledger, PlatformKey
from market.zones import pages as zone_pages

ORIGIN = "ledger.test/accounts"
PASSWORD = "seven quiet harbours"
SYSTEM = system("test")


class SetClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 7, 1, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def pass_by(self, **span: float) -> None:
        self.time += timedelta(**span)


@dataclass
class Caller:
    """Somebody at the API with his key."""

    web: TestClient
    key: str
    account: UUID
    org: UUID | None

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.web.request(
            method,
            path.replace("{org}", str(self.org)),
            json=body,
            headers={"Authorization": f"Bearer {self.key}", "Idempotency-Key": str(uuid4())}
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )


@dataclass
class Market:
    db: Database
    ports: Ports
    clock: SetClock
    app: FastAPI
    web: TestClient
    passwords: Passwords

    def sign_up(self, email: str, org: str | None = None, **more: Any) -> Any:
        body = {"email": email, "password": PASSWORD, "name": email.split("@")[0], **more}
        if org is not None:
            body["organisation"] = {"name": {"en": org}}
        return self.web.post("/api/v1/accounts", json=body, headers={"Idempotency-Key": str(uuid4())})

    def log_in(self, email: str, password: str = PASSWORD, org: UUID | None = None) -> Any:
        body = {"email": email, "password": password}
        return self.web.post("/api/v1/logins", json=body | ({"organisation": str(org)} if org else {}))

    def caller(self, email: str, org: UUID | None = None) -> Caller:
        answer = self.log_in(email, org=org)
        assert answer.status_code == 200, answer.text
        made = answer.json()
        acting = made["organisation"]
        return Caller(
            self.web, made["key"], UUID(made["account"]["id"]), UUID(acting["id"]) if acting else None
        )

    def owner(self, email: str = "owner@example.com", org: str = "Harbour Data") -> Caller:
        assert self.sign_up(email, org).status_code == 201
        return self.caller(email)

    def member(self, owner: Caller, email: str, *roles: str) -> Caller:
        """Signs up, is invited by the owner, and joins."""
        assert self.sign_up(email).status_code == 201
        made = owner("POST", "/api/v1/organisations/{org}/invites", {"email": email, "roles": list(roles)})
        assert made.status_code == 201, made.text
        joining = self.caller(email)
        joined = joining("POST", "/api/v1/invites/acceptance", {"token": made.json()["token"]})
        assert joined.status_code == 201, joined.text
        return self.caller(email)

    def session(self, email: str) -> str:
        """The cookie of a fresh web session."""
        with self.db.writing() as session:
            found = service.credentials(session, email=email, network_hash="-")
            assert found.account_id is not None
            assert found.password_hash is not None
            return service.sign_in(
                session,
                account_id=found.account_id,
                compared_hash=found.password_hash,
                network_hash="-",
                agent="test",
                now=self.clock.now(),
            )

    def staff(self, email: str, org: OrgView, *roles: Role) -> UUID:
        new = NewAccount(email=email, password=PASSWORD, name=email.split("@")[0])
        with self.db.writing() as session:
            view = service.appoint(
                session,
                actor=SYSTEM,
                org_id=org.id,
                new=new,
                password_hash=self.passwords.hash(PASSWORD),
                roles=roles,
                now=self.clock.now(),
                existing=True,
            )
        return view.id

    def found_zone(self, adcode: str) -> OrgView:
        with self.db.writing() as session:
            return service.found_zone(
                session,
                actor=SYSTEM,
                adcode=adcode,
                name=LocalText(en=f"Zone {adcode}"),
                origin=ORIGIN,
                now=self.clock.now(),
            )

    def found_platform(self) -> OrgView:
        """With the operator operator@example.com."""
        with self.db.writing() as session:
            return service.found_platform(
                session,
                org_id=uuid4(),
                origin=ORIGIN,
                email="operator@example.com",
                password_hash=self.passwords.hash(PASSWORD),
                now=self.clock.now(),
            )

    def principal(self, email: str) -> Principal:
        """Who acts with a fresh login of this address."""
        with self.db.reading() as session:
            return self.ports.authenticator.by_api_key(session, self.log_in(email).json()["key"])


def _ledger() -> Ledger:
    """A ledger that nobody has appended to: bindings wait in it."""
    log = NoteSigner(ORIGIN, SigningKey.from_seed(bytes([7]) * 32))
    platform = PlatformKey(uuid4(), SigningKey.from_seed(bytes([9]) * 32))
    return Ledger(
        ORIGIN,
        MemoryObjects(),
        Policy((TrustedLog(log.verifier),)),
        platform,
    )


def build(url: str, home: Path, passwords: Passwords, *, rate_limits: bool = False) -> Market:
    db, clock = Database(url), SetClock()
    SQLModel.metadata.create_all(db.engine)
    ports = Ports(
        db,
        clock,
        AccountsAuthenticator(db, clock),
        b"0" * 32,
        "http://testserver",
        secure_cookies=False,
        extras={Passwords: passwords, Ledger: _ledger()},
    )
    app = FastAPI()
    app.state.ports, app.state.page_context = ports, [zone_pages.page_context]
    app.state.rate_limits = RateLimits(enabled=rate_limits)
    problems.install(app)
    for router in (
        routes.router,
        key_routes.router,
        pages.router,
        organisation_pages.router,
        key_pages.router,
        provenance_routes.router,
    ):
        app.include_router(router)
    refuse_unguarded(app)
    app.add_middleware(middleware.SecurityHeaders, https=False)
    web = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
    return Market(db, ports, clock, app, web, passwords)


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture
def market(database_url: str, tmp_path: Path, passwords: Passwords) -> Iterator[Market]:
    """On each engine."""
    built = build(database_url, tmp_path, passwords)
    yield built
    built.db.close()


@pytest.fixture
def small_market(sqlite_url: str, tmp_path: Path, passwords: Passwords) -> Iterator[Market]:
    """On SQLite only, where the engine makes no difference."""
    built = build(sqlite_url, tmp_path, passwords)
    yield built
    built.db.close()


@pytest.fixture
def limited_market(sqlite_url: str, tmp_path: Path, passwords: Passwords) -> Iterator[Market]:
    built = build(sqlite_url, tmp_path, passwords, rate_limits=True)
    yield built
    built.db.close()


class Browser:
    """Somebody with a browser: keeps cookies, and sends forms as a browser does, with the token of the page."""

    def __init__(self, market: Market) -> None:
        self.web = TestClient(market.app, follow_redirects=False, raise_server_exceptions=False)
        self.page = ""

    def get(self, path: str) -> Any:
        answer = self.web.get(path)
        self.page = answer.text
        return answer

    def token(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.page)
        assert found is not None, self.page
        return found[1]

    def send(self, path: str, _from: str = "", **fields: Any) -> Any:
        """Open the page `_from` and send a form of it."""
        if _from:
            assert self.get(_from).status_code == 200, self.page
        answer = self.web.post(
            path,
            data={name.replace("__", "[]"): value for name, value in fields.items()} | {"csrf": self.token()},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        if answer.status_code < 300 or answer.status_code >= 400:
            self.page = answer.text
        return answer

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.send("/en/signin", _from="/en/signin", email=email, password=password)

    @property
    def cookie(self) -> str:
        return self.web.cookies.get("dw_session", "")


@pytest.fixture
def browser(small_market: Market) -> Browser:
    return Browser(small_market)

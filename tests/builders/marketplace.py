"""A whole marketplace for a test: every slice, a real database, a real ledger on files, a clock that the test sets.

Parties act through the product's own SDK on the app itself, without a socket; jobs run when the test drains them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from starlette.testclient import TestClient

from ledger.keys import SigningKey
from market.accounts import service as accounts
from market.accounts.schemas import NewAccount
from market.app import create_app, job_handlers
from market.catalog.schemas import EXAMPLE_METADATA
from market.cli.setup import NewHome, initialise
from market.client import Datawharf
from market.compose import open_ports
from market.config import Settings, load_settings
from market.kit.auth import Role, system
from market.kit.jobs import Worker
from market.kit.ports import Ports
from market.kit.ratelimit import RateLimits
from market.kit.texts import LocalText
from market.provenance.gateway import Ledger
from tests.fakes.clock import FakeClock

PASSWORD = "seven quiet harbours at dusk"
BASE = "http://127.0.0.1"
FOUNDER = system("test")


_made: list[FastAPI] = []


def _app_on(settings: Settings, ports: Ports) -> FastAPI:
    """The app on these ports. Building its routes takes a second, so a test process builds them once."""
    if not _made:
        _made.append(create_app(settings, ports))
    app = _made[0]
    app.state.ports, app.state.settings = ports, settings
    app.state.rate_limits = RateLimits(enabled=False)
    return app


class Marketplace:
    """The app and what it stands on. `drain` runs the jobs that are due. told: what `init` is told besides."""

    def __init__(
        self,
        home: Path,
        database_url: str,
        *,
        base: str = BASE,
        clock: FakeClock | None = None,
        told: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.clock = clock or FakeClock()
        new = NewHome(home, base, database=database_url, **(told or {}))
        made = initialise(new, self.clock, **({"embedded_worker": False} | settings))
        self.settings = made.settings
        self.ports = open_ports(self.settings, self.clock)
        self.app = self.open_app()
        self.worker = Worker(self.ports.db, job_handlers(self.ports), self.clock)
        self._zones: dict[str, UUID] = {}
        self.operator_password = made.operator_password

    def restart(self) -> None:
        """As if all processes had been stopped and started again, with what the home says by now."""
        self.close()
        self.settings = load_settings(self.settings.home)
        self.ports = open_ports(self.settings, self.clock)
        self.app = self.open_app()
        self.worker = Worker(self.ports.db, job_handlers(self.ports), self.clock)

    def open_app(self) -> FastAPI:
        return _app_on(self.settings, self.ports)

    def keep_app(self) -> None:
        """Have an app of its own, for a marketplace that outlives the making of the next one."""
        self.app = create_app(self.settings, self.ports)
        self.app.state.rate_limits = RateLimits(enabled=False)

    @property
    def ledger(self) -> Ledger:
        return self.ports.get(Ledger)

    def drain(self) -> int:
        return self.worker.drain()

    def browser(self) -> TestClient:
        """A visitor's browser, with cookies of its own."""
        return TestClient(self.app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False)

    def visitor(self) -> Datawharf:
        return Datawharf(BASE, http=self.browser())

    def party(self, name: str, *, zone: str = "450700", with_key: bool = True) -> Datawharf:
        """Somebody new with an organisation of that name, logged in, and with a signing key bound."""
        self.found(zone)
        person = self.visitor()
        email = f"{name}@example.com"
        organisation = {"name": {"zh": f"{name}公司", "en": f"{name} Ltd"}, "zone": zone}
        person.sign_up(email=email, password=PASSWORD, name=name, organisation=organisation)
        person.log_in(email, PASSWORD)
        if with_key:
            person.register_key(SigningKey.generate())
        return person

    def found(self, adcode: str) -> UUID:
        """The organisation that registers in a zone, founded as the operator does it."""
        if adcode not in self._zones:
            name = LocalText(zh=f"{adcode}登记处", en=f"Registry of {adcode}")
            with self.ports.db.writing() as session:
                org = accounts.found_zone(
                    session,
                    actor=FOUNDER,
                    adcode=adcode,
                    name=name,
                    origin=self.settings.origin,
                    now=self.clock.now(),
                )
            self._zones[adcode] = org.id
        return self._zones[adcode]

    def registrar(self, adcode: str = "450700") -> Datawharf:
        """The registrar of a zone: a person with its key."""
        email = f"registrar-{adcode}@example.com"
        org_id, now = self.found(adcode), self.clock.now()
        with self.ports.db.writing() as session:
            accounts.appoint(
                session,
                actor=FOUNDER,
                org_id=org_id,
                new=NewAccount(email=email, password=PASSWORD, name="Registrar"),
                password_hash=accounts.hash_password(PASSWORD),
                roles=[Role.OWNER, Role.REVIEWER],
                now=now,
            )
        person = self.visitor()
        person.log_in(email, PASSWORD)
        person.register_key(SigningKey.generate())
        return person

    def operator(self, name: str) -> None:
        """Somebody who works for the platform. A second time it is the same person."""
        with self.ports.db.writing() as session:
            accounts.appoint(
                session,
                actor=FOUNDER,
                org_id=UUID(self.settings.platform_org),
                new=NewAccount(email=f"{name}@example.com", password=PASSWORD, name=name),
                password_hash=accounts.hash_password(PASSWORD),
                roles=[Role.OPERATOR],
                now=self.clock.now(),
                existing=True,
            )

    def registered(self, provider: Datawharf, folder: Path, **metadata: Any) -> dict[str, Any]:
        """A registered version of a small asset of one file."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ports.csv").write_text("code,name\nCNQZH,Qinzhou\nCNFAN,Fangchenggang\n", encoding="utf-8")
        version = provider.register([folder], metadata=EXAMPLE_METADATA | metadata)
        self.drain()
        return dict(version)

    def certified(
        self, provider: Datawharf, registrar: Datawharf, folder: Path, **metadata: Any
    ) -> dict[str, Any]:
        """The same, through the registrar's review to its certificate. Gives the application."""
        version = self.registered(provider, folder, **metadata)
        application = provider.apply(version["id"])
        for decision in ("accepted", "formal-review", "issued"):
            application = registrar.decide(application["id"], decision)
        self.drain()
        return dict(application)

    def close(self) -> None:
        self.ledger.close()
        self.ports.db.close()


@contextmanager
def marketplace(home: Path, database_url: str, **settings: Any) -> Iterator[Marketplace]:
    made = Marketplace(home, database_url, **settings)
    try:
        yield made
    finally:
        made.close()

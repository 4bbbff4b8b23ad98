"""A market as a process of its own on loopback, and parties that come to it with the product's own client."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from ledger.keys import SigningKey
from ledger.policy import Policy, parse_policy
from market.catalog.schemas import EXAMPLE_METADATA
from market.cli.setup import NewHome, initialise
from market.cli.zone import add_zone
from market.client import Datawharf
from market.client.views import Version
from market.config import Settings
from market.kit.clock import SystemClock
from tests.journeys.served import Served

PASSWORD = "seven quiet harbours at dusk"
ZONE = "450700"
OPEN_TERMS = {
    "kind": "OPEN",
    "term_days": 30,
    "quota_rows": 1000,
    "environment": ["download", "api"],
    "licence": "CC-BY-4.0",
    "terms": {"may": [{"action": "use"}], "must_not": [], "must": [{"action": "attribute"}]},
}


@dataclass
class Market:
    """A running market. `party` and `registrar` come with a key of their own."""

    settings: Settings
    server: Served
    _names: Iterator[int] = field(default_factory=count)

    @property
    def trust(self) -> Policy:
        return parse_policy(self.settings.trust_file.read_bytes())

    def party(self) -> Datawharf:
        """Somebody new with an organisation and a signing key."""
        email = f"party{next(self._names)}@example.com"
        client = Datawharf(self.server.address)
        client.sign_up(
            email=email,
            password=PASSWORD,
            name="Mei",
            organisation={"name": {"zh": "某公司", "en": email}},
        )
        client.log_in(email, PASSWORD)
        client.register_key(SigningKey.generate())
        return client

    def registrar(self) -> Datawharf:
        """Another reviewer of the zone."""
        email = f"registrar{next(self._names)}@example.com"
        now = SystemClock().now()
        add_zone(self.settings, ZONE, email=email, password=PASSWORD, now=now)
        client = Datawharf(self.server.address)
        client.log_in(email, PASSWORD)
        client.register_key(SigningKey.generate())
        return client

    def register(
        self, provider: Datawharf, folder: Path, data: bytes = b"code,name\nCNQZH,Qinzhou\n"
    ) -> Version:
        """A registered version of one file."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ports.csv").write_bytes(data)
        return provider.register([folder], metadata=EXAMPLE_METADATA)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    folder = tmp_path_factory.mktemp("client-market")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    made = initialise(NewHome(folder / "home", f"http://127.0.0.1:{port}"), rate_limits=False)
    add_zone(made.settings, ZONE, email="first@example.com", password=PASSWORD, now=SystemClock().now())
    server = Served(folder / "home", port, folder / "server.log")
    server.start()
    try:
        yield Market(made.settings, server)
    finally:
        server.stop()

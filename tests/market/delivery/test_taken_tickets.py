"""A ticket is only as good as the right of the person who took it, looked up again at each use."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from market.accounts import service as accounts
from market.client import Datawharf
from tests.builders.marketplace import FOUNDER, PASSWORD, Marketplace


@pytest.fixture
def provider(small_market: Marketplace) -> Datawharf:
    return small_market.party("harbour")


def take_ticket(person: Datawharf, version_id: str) -> str:
    url: str = person.api.post("/api/v1/tickets", {"version_id": version_id, "path": "ports.csv"})["url"]
    return url


def test_a_ticket_ends_with_the_key_that_took_it(
    small_market: Marketplace, provider: Datawharf, tmp_path: Path
) -> None:
    version = small_market.registered(provider, tmp_path / "data")
    again = small_market.visitor()
    again.log_in("harbour@example.com", PASSWORD)
    ticket, other = take_ticket(again, version["id"]), take_ticket(provider, version["id"])
    assert small_market.browser().get(ticket).status_code == 200
    again.api.send("DELETE", "/api/v1/me/key")
    refused = small_market.browser().get(ticket)
    assert (refused.status_code, refused.json()["slug"]) == (403, "ticket-invalid")
    assert small_market.browser().get(other).status_code == 200


def test_a_ticket_ends_when_its_organisation_is_suspended(
    small_market: Marketplace, provider: Datawharf, tmp_path: Path
) -> None:
    version = small_market.registered(provider, tmp_path / "data")
    ticket = take_ticket(provider, version["id"])
    with small_market.ports.db.writing() as session:
        accounts.suspend_org(
            session, actor=FOUNDER, org_id=UUID(version["org_id"]), now=small_market.clock.now()
        )
    assert small_market.browser().get(ticket).status_code == 403


def test_a_ticket_ends_when_its_taker_leaves(
    small_market: Marketplace, provider: Datawharf, tmp_path: Path
) -> None:
    version = small_market.registered(provider, tmp_path / "data")
    members = f"/api/v1/organisations/{version['org_id']}"
    clerk = small_market.visitor()
    clerk.sign_up(email="clerk@example.com", password=PASSWORD, name="Clerk")
    clerk.log_in("clerk@example.com", PASSWORD)
    invitation = {"email": "clerk@example.com", "roles": ["publisher"]}
    token = provider.api.post(f"{members}/invites", invitation)["token"]
    clerk.api.post("/api/v1/invites/acceptance", {"token": token})
    clerk.log_in("clerk@example.com", PASSWORD)
    ticket = take_ticket(clerk, version["id"])
    assert small_market.browser().get(ticket).status_code == 200
    provider.api.send("DELETE", f"{members}/members/{clerk.api.get('/api/v1/me')['account']['id']}")
    assert small_market.browser().get(ticket).status_code == 403

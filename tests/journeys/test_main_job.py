"""The main job, told through HTTP to a server of its own: register, list, license, deliver, verify.

On SQLite as embedded, and on PostgreSQL. Provider, registrar, buyer and auditor each have a client and a key of their own.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from ledger.check import check_bundle
from ledger.keys import SigningKey
from ledger.manifest import parse_manifest
from ledger.policy import parse_policy
from market.catalog.schemas import EXAMPLE_METADATA
from market.cli.demo.processes import Processes, until_answering
from market.cli.setup import NewHome, initialise
from market.cli.zone import add_zone
from market.client import Datawharf, Problem
from market.client.downloading import MANIFEST
from market.client.views import Entitlement, Offer, Version
from market.config import Settings
from market.kit.clock import SystemClock
from tests.journeys.served import Served

PASSWORD = "seven quiet harbours at dusk"
TABLE = "code,name,depth_m\n" + "".join(
    f"CN{number:03},Berth {number},{number % 17}\n" for number in range(500)
)
TERMS: dict[str, Any] = {
    "term_days": 30,
    "quota_rows": 200,
    "environment": ["download", "api"],
    "licence": "CC-BY-4.0",
    "terms": {"may": [{"action": "use"}], "must_not": [], "must": [{"action": "attribute"}]},
}
Found = TypeVar("Found")


@dataclass
class Town:
    """The market, and who came to it."""

    settings: Settings
    server: Served
    simulator: str
    provider: Datawharf
    registrar: Datawharf
    buyer: Datawharf
    visitor: Datawharf


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    port, stripe_port = free_port(), free_port()
    address, simulator = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{stripe_port}"
    made = initialise(
        NewHome(tmp_path / "home", address, database=database_url),
        stripe={
            "secret_key": "sk_test_journey",
            "webhook_secret": "whsec_journey",
            "api_base": simulator,
            "pay_origin": simulator,
        },
    )
    email = "registrar@example.com"
    add_zone(made.settings, "450700", email=email, password=PASSWORD, now=SystemClock().now())
    server = Served(tmp_path / "home", port, tmp_path / "server.log")
    with Processes(tmp_path / "logs") as processes:
        stripe = [sys.executable, "-m", "market.stripe_simulator", "--port", str(stripe_port)]
        stripe += ["--webhook-url", f"{address}/webhooks/stripe", "--webhook-secret", "whsec_journey"]
        until_answering(
            processes.start("stripe", [*stripe, "--secret-key", "sk_test_journey"]), f"{simulator}/_sim"
        )
        server.start()
        try:
            with ExitStack() as clients:
                registrar = clients.enter_context(Datawharf(address))
                registrar.log_in(email, PASSWORD)
                registrar.register_key(SigningKey.generate())
                provider, buyer = (
                    clients.enter_context(_party(address, name)) for name in ("provider", "buyer")
                )
                visitor = clients.enter_context(Datawharf(address, lang="zh"))
                yield Town(made.settings, server, simulator, provider, registrar, buyer, visitor)
        finally:
            server.stop()


def _party(address: str, name: str) -> Datawharf:
    client = Datawharf(address)
    client.sign_up(
        email=f"{name}@example.com",
        password=PASSWORD,
        name=name.title(),
        organisation={"name": {"zh": f"{name}公司", "en": f"{name} Ltd"}, "zone": "450700"},
    )
    client.log_in(f"{name}@example.com", PASSWORD)
    client.register_key(SigningKey.generate())
    return client


def until(look: Callable[[], Found | None], what: str) -> Found:
    deadline = time.monotonic() + 60
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)
    return found


@pytest.mark.slow
def test_the_main_job(town: Town, tmp_path: Path) -> None:
    version = _registered(town, tmp_path)
    open_offer, paid_offer, request_offer = _listed(town, version)
    _found_by_anyone(town, version)
    _refused_without_licence(town, version, tmp_path)
    licence = _taken_by_click(town, open_offer)
    assert _requested(town, request_offer)["state"] == "ACTIVE"
    assert _bought(town, paid_offer)["state"] == "ACTIVE"
    received = _downloaded(town, version, tmp_path)
    _read_by_rows(town, version, licence)
    _audited(town, version, tmp_path / "got", received)


def _registered(town: Town, tmp_path: Path) -> Version:
    """Hashed, signed, sent; returned once with reasons, handed in again, and issued."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "berths.csv").write_text(TABLE, "utf-8")
    title = {"zh": "钦州港泊位", "en": "Berths of Qinzhou"}
    version = town.provider.register([data], metadata=EXAMPLE_METADATA | {"title": title})
    application = town.provider.apply(version["id"])
    assert [one["id"] for one in town.registrar.queue()] == [application["id"]]
    reasons = {"zh": "请说明来源。", "en": "Say where they come from."}
    town.registrar.decide(application["id"], "accepted")
    assert town.registrar.decide(application["id"], "returned", reasons)["reasons"] == reasons
    with pytest.raises(Problem) as refused:
        town.registrar.decide(application["id"], "issued")
    assert refused.value.slug == "application-in-another-state"
    application = town.provider.apply(version["id"])
    for step in ("accepted", "formal-review", "issued"):
        application = town.registrar.decide(application["id"], step)
    page = httpx.get(f"{town.server.address}/c/{application['certificate_code']}", follow_redirects=True)
    assert page.status_code == 200
    assert str(application["certificate_code"]) in page.text
    return version


def _listed(town: Town, version: Version) -> tuple[Offer, Offer, Offer]:
    publish = town.provider.publish_offer
    asset = version["asset_id"]
    made = (
        publish(asset, TERMS | {"kind": "OPEN"}),
        publish(asset, TERMS | {"kind": "PAID", "price": {"minor": 19_900, "currency": "CNY"}}),
        publish(asset, TERMS | {"kind": "REQUEST", "questions": [{"zh": "用途？", "en": "What for?"}]}),
    )
    assert town.provider.list_asset(asset)["shown"] is True
    return made


def _found_by_anyone(town: Town, version: Version) -> None:
    def hit() -> dict[str, Any] | None:
        return next((one for one in town.visitor.search("泊位") if one["id"] == version["asset_id"]), None)

    assert until(hit, "the asset in the search")["title"]["en"] == "Berths of Qinzhou"
    page = httpx.get(f"{town.server.address}/zh/assets/{version['asset_id']}", follow_redirects=True)
    assert page.status_code == 200
    assert "钦州港泊位" in page.text


def _refused_without_licence(town: Town, version: Version, tmp_path: Path) -> None:
    with pytest.raises(Problem) as refused:
        town.buyer.download(version["asset_id"], tmp_path / "nothing")
    assert (refused.value.status, refused.value.slug) == (403, "licence-needed")
    assert not (tmp_path / "nothing" / "berths.csv").exists()


def _taken_by_click(town: Town, offer: Offer) -> Entitlement:
    contract = town.buyer.accept_offer(offer["id"])
    (signed,) = town.provider.countersign_waiting()
    assert signed["id"] == contract["id"]
    sides: list[dict[str, Any]] = town.buyer.api.get(f"/api/v1/contracts/{contract['id']}")["signatures"]
    assert [side["party"] for side in sides] == ["buyer", "provider"]
    with pytest.raises(Problem) as twice:
        town.buyer.accept_offer(offer["id"])
    assert twice.value.slug == "licence-already-granted"
    return _licence(town, contract["id"])


def _requested(town: Town, offer: Offer) -> Entitlement:
    with pytest.raises(Problem) as early:
        town.buyer.accept_offer(offer["id"])
    assert early.value.slug == "approval-needed"
    sent = town.buyer.request_access(
        offer["id"], purpose="RESEARCH", description="Tides", answers=["To model tides"]
    )
    (waiting,) = town.provider.requests()
    assert waiting["answers"] == ["To model tides"]
    town.provider.decide_request(sent["id"], approve=True)
    contract = town.buyer.accept_offer(offer["id"], request_id=sent["id"])
    town.provider.countersign_waiting()
    return _licence(town, contract["id"])


def _bought(town: Town, offer: Offer) -> Entitlement:
    """The pay page is pressed as a browser does it; the notice comes twice and pays once."""
    contract = town.buyer.accept_offer(offer["id"])
    town.provider.countersign_waiting()
    order = town.buyer.order(contract["id"])
    assert order["state"] == "AWAITING_PAYMENT"
    pressed = httpx.post(str(order["checkout_url"]), data={"action": "pay"})
    assert pressed.status_code == 303
    assert pressed.headers["location"].startswith(town.server.address)

    def fulfilled() -> Any:
        now = town.buyer.order_now(order["id"])
        return now if now["state"] == "FULFILLED" else None

    until(fulfilled, "the payment")
    assert httpx.post(f"{town.simulator}/_sim/settled", json={"within": 30}, timeout=60).json()["settled"]
    attempts = httpx.get(f"{town.simulator}/_sim/deliveries").json()["attempts"]
    taken = [one for one in attempts if one["type"] == "checkout.session.completed" and one["status"] < 300]
    assert len(taken) == 2
    assert len([one for one in town.buyer.entitlements() if one["contract_id"] == contract["id"]]) == 1
    return _licence(town, contract["id"])


def _licence(town: Town, contract_id: str) -> Entitlement:
    (found,) = (one for one in town.buyer.entitlements() if one["contract_id"] == contract_id)
    return found


def _downloaded(town: Town, version: Version, tmp_path: Path) -> str:
    done = town.buyer.download(version["asset_id"], tmp_path / "got")
    assert (tmp_path / "got" / "berths.csv").read_text("utf-8") == TABLE
    assert (done["state"], done["content_root"]) == ("received", version["content_root"])
    deliveries = town.buyer.api.get("/api/v1/deliveries")["items"]
    assert [one["state"] for one in deliveries] == ["received"]
    ticket = town.buyer.ticket(version["id"], "berths.csv")
    address = httpx.URL(town.server.address).join(ticket["url"])
    part = httpx.get(address, headers={"Range": "bytes=5-14"}, follow_redirects=True)
    assert (part.status_code, part.text) == (206, TABLE[5:15])
    assert done["leaf"]
    return done["leaf"]


def _read_by_rows(town: Town, version: Version, licence: Entitlement) -> None:
    """Counted row by row, up to the quota and not beyond."""
    page = town.buyer.rows(
        version["asset_id"], "berths.csv", columns="code,depth_m", where="depth_m gt 15", limit=3
    )
    assert page["rows"][0] == {"code": "CN016", "depth_m": 16}
    assert len(page["rows"]) == 3
    assert page["remaining"] is not None
    used = sum(one["rows_used"] for one in town.buyer.entitlements())
    assert used == 3
    assert licence["rows_used"] == 0


def _audited(town: Town, version: Version, data: Path, received: str) -> None:
    """With what the parties hold in their hands: receipts, data, and the trust file; no market."""
    trust = parse_policy(town.settings.trust_file.read_bytes())
    registration = town.provider.receipt(str(version["leaf"]))
    acknowledgement = town.provider.receipt(received)
    town.server.stop()
    manifest = parse_manifest((data / MANIFEST).read_bytes())
    files = {row.path: data / row.path for row in manifest.rows}
    report = check_bundle(registration, trust, manifest=manifest, files=files, now=int(time.time()))
    assert report.ok, [step.sentence() for step in report.steps]
    assert report.step("fingerprint").outcome == "passed"
    assert check_bundle(acknowledgement, trust, now=int(time.time())).ok
    with (data / "berths.csv").open("r+b") as file:
        file.write(b"C")
    assert not check_bundle(registration, trust, manifest=manifest, files=files).ok

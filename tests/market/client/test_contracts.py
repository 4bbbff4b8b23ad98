"""What the client refuses to sign when a market, or whoever has its database, shows one thing and means another."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from ledger.statement import canonical_json
from market.catalog.schemas import EXAMPLE_METADATA
from market.client import ClientError, Datawharf
from market.client.comparing import compare
from market.client.views import Offer, Version
from market.kit.db import Database
from market.tables import metadata
from tests.market.client.conftest import OPEN_TERMS, Market


@dataclass
class Traded:
    provider: Datawharf
    version: Version
    offer: Offer


@pytest.fixture(scope="module")
def traded(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traded]:
    """An asset with a published offer."""
    with market.party() as provider:
        version = market.register(provider, tmp_path_factory.mktemp("data"))
        yield Traded(provider, version, provider.publish_offer(version["asset_id"], OPEN_TERMS))


@pytest.fixture
def buyer(market: Market) -> Iterator[Datawharf]:
    with market.party() as client:
        yield client


@contextmanager
def tampering(client: Datawharf, path: str, change: Callable[[dict[str, Any]], None]) -> Iterator[list[str]]:
    """While the block runs, answers from addresses that end with `path` are changed. Gives the paths posted to."""
    posted: list[str] = []
    send = client.api.send

    def sent(method: str, address: str, **more: Any) -> Any:
        reply = send(method, address, **more)
        if method == "POST":
            posted.append(address)
        if address.endswith(path):
            answer = reply.json()
            change(answer)
            reply._content = json.dumps(answer).encode()
        return reply

    client.api.send = sent  # type: ignore[method-assign]
    try:
        yield posted
    finally:
        client.api.send = send  # type: ignore[method-assign]


def _shorter_term(contract: dict[str, Any]) -> None:
    contract["document"]["offer"]["termDays"] = 9999


def _other_contract(contract: dict[str, Any]) -> None:
    contract["id"] = "0192f0c1-2345-7abc-8def-000000000001"


def _other_asset(contract: dict[str, Any]) -> None:
    contract["asset_id"] = "0192f0c1-2345-7abc-8def-000000000001"


def _other_payload(contract: dict[str, Any]) -> None:
    payload = json.loads(base64.b64decode(contract["to_sign"]["payload"]))
    payload["predicate"]["party"] = "provider"
    contract["to_sign"]["payload"] = base64.b64encode(canonical_json(payload)).decode()


def _other_terms_behind(contract: dict[str, Any]) -> None:
    content = json.loads(base64.b64decode(contract["offer_terms"]["content"]))
    content["termDays"] = 1
    contract["offer_terms"]["content"] = base64.b64encode(canonical_json(content)).decode()


@pytest.mark.parametrize(
    "change", [_shorter_term, _other_contract, _other_asset, _other_payload, _other_terms_behind]
)
def test_a_buyer_signs_nothing_but_what_is_shown(
    traded: Traded, buyer: Datawharf, change: Callable[[dict[str, Any]], None]
) -> None:
    with (
        tampering(buyer, "/contracts", change) as posted,
        pytest.raises(ClientError, match="Nothing was signed"),
    ):
        buyer.accept_offer(traded.offer["id"])
    assert not [address for address in posted if address.endswith("/signatures")]


def test_an_offer_is_signed_only_with_the_terms_that_were_asked_for(traded: Traded) -> None:
    def cheaper(draft: dict[str, Any]) -> None:
        draft["to_sign"] = honest["to_sign"]

    terms = copy.deepcopy(OPEN_TERMS) | {"term_days": 7}
    honest = traded.provider.api.post(
        "/api/v1/offers/drafts", {"asset_id": traded.version["asset_id"], **OPEN_TERMS}
    )
    with (
        tampering(traded.provider, "/offers/drafts", cheaper) as posted,
        pytest.raises(ClientError, match="differs in: term_days"),
    ):
        traded.provider.publish_offer(traded.version["asset_id"], terms)
    assert not [address for address in posted if address.endswith("/offers")]


def test_a_providers_machine_countersigns_what_repeats_its_offer(traded: Traded, buyer: Datawharf) -> None:
    contract = buyer.accept_offer(traded.offer["id"])
    assert contract["state"] == "AWAITING_PROVIDER"
    assert [one["id"] for one in traded.provider.countersign_waiting()] == [contract["id"]]
    assert buyer.contract(contract["id"])["state"] == "IN_FORCE"
    assert traded.provider.countersign_waiting() == []


def test_a_providers_machine_leaves_alone_what_its_key_never_offered(
    traded: Traded, buyer: Datawharf
) -> None:
    contract = buyer.accept_offer(traded.offer["id"])
    with (
        tampering(traded.provider, contract["id"], _other_terms_behind),
        pytest.raises(ClientError, match=contract["id"]),
    ):
        traded.provider.countersign_waiting()
    assert buyer.contract(contract["id"])["state"] == "AWAITING_PROVIDER"
    assert traded.provider.countersign_waiting() != []


def test_a_registrar_signs_the_decision_that_it_made(market: Market, traded: Traded) -> None:
    def issue_instead(draft: dict[str, Any]) -> None:
        draft["to_sign"] = honest["to_sign"]

    application = traded.provider.apply(traded.version["id"])
    with market.registrar() as registrar:
        address = f"/api/v1/applications/{application['id']}/decision-drafts"
        honest = registrar.api.post(address, {"decision": "refused", "reasons": {"zh": "不行", "en": "No"}})
        with (
            tampering(registrar, "/decision-drafts", issue_instead),
            pytest.raises(ClientError, match="under another decision"),
        ):
            registrar.decide(application["id"], "accepted")
        assert registrar.decide(application["id"], "accepted")["state"] == "ACCEPTED"


def test_a_market_that_shows_what_was_signed_passes_the_comparison(market: Market, traded: Traded) -> None:
    for leaf in (traded.version["leaf"], traded.offer["leaf"]):
        found = compare(traded.provider, traded.provider.receipt(str(leaf)), market.trust)
        assert found.differences == ()


def test_a_rewritten_offer_is_named_and_nobody_signs_under_it(
    market: Market, traded: Traded, buyer: Datawharf
) -> None:
    receipt = traded.provider.receipt(str(traded.offer["leaf"]))
    with rewritten(market, traded.offer):
        found = compare(traded.provider, receipt, market.trust)
        assert [(one.what, one.sealed, one.shown) for one in found.differences] == [("termDays", "30", "3")]
        with pytest.raises(ClientError, match="not those that the provider signed"):
            buyer.accept_offer(traded.offer["id"])
    assert compare(traded.provider, receipt, market.trust).differences == ()


def test_rewritten_metadata_are_named_to_anybody(market: Market, traded: Traded) -> None:
    table = metadata.tables["version_record"]
    receipt = traded.provider.receipt(str(traded.version["leaf"]))
    version, described = UUID(traded.version["id"]), canonical_json(EXAMPLE_METADATA)
    forged = canonical_json(EXAMPLE_METADATA | {"licence": "CC0-1.0"})
    with (
        written(market, table, version, {"metadata_snapshot": forged}, {"metadata_snapshot": described}),
        Datawharf(market.server.address) as visitor,
    ):
        (one,) = compare(visitor, receipt, market.trust).differences
    assert (one.what, one.sealed, one.shown) == ("licence", "CC-BY-4.0", "CC0-1.0")


def test_a_forged_receipt_proves_nothing(market: Market, traded: Traded, tmp_path: Path) -> None:
    receipt = traded.provider.receipt(str(traded.version["leaf"]))
    with pytest.raises(ClientError, match="does not hold"):
        compare(traded.provider, receipt.replace(b'"index":', b'"index":1', 1), market.trust)


@contextmanager
def rewritten(market: Market, offer: Offer) -> Iterator[None]:
    """While the block runs, the database has other terms for an offer than its provider signed."""
    table = metadata.tables["offer_revision"]
    db = Database(market.settings.database)
    with db.reading() as session:
        row = (
            session.connection().execute(table.select().where(table.c.leaf == offer["leaf"])).mappings().one()
        )
    db.close()
    old = {name: row[name] for name in ("content", "conditions", "term_days")}
    new = {
        "content": canonical_json(json.loads(old["content"]) | {"termDays": 3}),
        "conditions": old["conditions"] | {"term_days": 3},
        "term_days": 3,
    }
    with written(market, table, row["id"], new, old):
        yield


@contextmanager
def written(
    market: Market, table: Any, key: UUID, new: dict[str, Any], old: dict[str, Any]
) -> Iterator[None]:
    db = Database(market.settings.database)
    (primary,) = table.primary_key
    try:
        with db.writing() as session:
            session.connection().execute(update(table).where(primary == key).values(**new))
        yield
    finally:
        with db.writing() as session:
            session.connection().execute(update(table).where(primary == key).values(**old))
        db.close()

"""Recording: once, in order, whatever dies in between; receipts for everybody, openings for the parties alone."""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from ledger.check import check_bundle
from ledger.errors import StorageFailed
from ledger.hashing import leaf_hash
from ledger.keys import SigningKey
from market.catalog.schemas import EXAMPLE_METADATA
from market.client import Datawharf, Problem, registering
from market.client.signing import sign_fact
from market.kit.jobs import Job
from market.provenance.models import RecordedStatement
from market.provenance.tasks import handlers
from market.statements import commit
from market.statements.metadata import snapshot
from tests.builders.marketplace import Marketplace


def leaves(market: Marketplace) -> list[str]:
    reader = market.ledger.refreshed()
    return [leaf_hash(entry).hex() for entry in reader.entries(0, reader.size)]


def waiting(market: Marketplace) -> list[str]:
    with market.ports.db.reading() as session:
        rows = session.exec(select(RecordedStatement).where(RecordedStatement.state == "pending")).all()
    return [row.leaf for row in sorted(rows, key=lambda row: row.id)]


def record(market: Marketplace) -> Any:
    """The job's slow part alone; what it gives back would write the effects."""
    (handler,) = handlers(market.ports).values()
    return handler({})


def test_statements_enter_the_log_in_the_order_in_which_they_came(market: Marketplace) -> None:
    for name in ("harbour", "corridor", "coast"):
        market.party(name)
    expected = waiting(market)
    assert len(expected) == 3
    market.drain()
    assert leaves(market)[-3:] == expected
    assert waiting(market) == []


def test_a_crash_between_the_log_and_the_database_doubles_nothing(market: Marketplace) -> None:
    """The entries are in the log, the effects are lost; more came meanwhile; the next run finds all of them once."""
    market.party("harbour")
    for _ in range(3):
        assert record(market) is not None  # its effects are thrown away, as by a kill
    market.party("corridor")
    expected = waiting(market)
    market.ledger.close()  # what the dead worker held in memory is gone too
    market.drain()
    assert max(Counter(leaves(market)).values()) == 1
    assert leaves(market)[-2:] == expected
    assert waiting(market) == []
    with market.ports.db.reading() as session:
        for row in session.exec(select(RecordedStatement)).all():
            assert row.log_index is not None
            assert leaves(market)[row.log_index] == row.leaf


def test_a_failed_publication_is_retried_and_doubles_nothing(market: Marketplace) -> None:
    market.party("harbour")
    files, real = market.ledger.objects, type(market.ledger.objects).replace
    broken = True

    class Flaky(type(files)):  # type: ignore[misc]
        def replace(self, path: str, data: bytes) -> None:
            if broken:
                raise StorageFailed("the disk is away")
            real(self, path, data)

    files.__class__ = Flaky
    market.drain()
    broken = False
    assert len(waiting(market)) == 1
    market.clock.advance(seconds=5)
    market.drain()
    files.__class__ = Flaky.__mro__[1]
    assert waiting(market) == []
    assert max(Counter(leaves(market)).values()) == 1
    with market.ports.db.reading() as session:
        assert {job.state for job in session.exec(select(Job)).all()} == {"done"}


@pytest.fixture
def provider(market: Marketplace) -> Datawharf:
    return market.party("harbour")


def registration(provider: Datawharf, version: dict[str, Any]) -> Any:
    return provider.api.get(f"/api/v1/statements/{version['leaf']}")


def test_receipts_verify_and_only_parties_get_what_opens_them(
    market: Marketplace, provider: Datawharf, tmp_path: Path
) -> None:
    version = market.registered(provider, tmp_path / "data")
    registrar = market.registrar()
    application = provider.apply(version["id"])
    with_reasons = registrar.decide(
        application["id"], "returned", {"zh": "请说明来源", "en": "Say where from"}
    )
    market.drain()
    leaf = with_reasons["steps"][-1]["leaf"]
    bundles = {
        name: who.api.get_bytes(f"/api/v1/statements/{leaf}/receipt")
        for name, who in {"party": provider, "registrar": registrar, "visitor": market.visitor()}.items()
    }
    for bundle in bundles.values():
        report = check_bundle(bundle, market.ledger.policy)
        assert report.ok, report.sentence()
    for name in ("party", "registrar"):
        assert "Say where from" in base64_words(bundles[name]), name
    for stranger in (
        bundles["visitor"],
        market.party("coast").api.get_bytes(f"/api/v1/statements/{leaf}/receipt"),
    ):
        assert json.loads(stranger).get("openings", []) == []
        assert "Say where from" not in base64_words(stranger)


def base64_words(bundle: bytes) -> str:
    """The bundle with every opening's content in plain text."""
    opened = json.loads(bundle).get("openings", [])
    return "".join(json.dumps(opening) + _plain(opening) for opening in opened)


def _plain(opening: dict[str, str]) -> str:
    text = ""
    for value in opening.values():
        try:
            text += base64.b64decode(value, validate=True).decode()
        except (ValueError, UnicodeDecodeError):
            text += value
    return text


def test_statements_of_the_platform_have_receipts_that_verify(
    market: Marketplace, provider: Datawharf
) -> None:
    market.drain()
    (key,) = provider.api.get(f"/api/v1/organisations/{provider.org_id}/keys")
    entry = market.visitor().api.get(f"/api/v1/ledger/entries/{key['bound_index']}")
    assert entry["kind"] == "key-binding"
    report = check_bundle(provider.receipt(entry["leaf"]), market.ledger.policy)
    assert report.ok, report.sentence()


def test_while_a_statement_is_on_its_way_the_receipt_says_so(
    market: Marketplace, provider: Datawharf
) -> None:
    (leaf,) = waiting(market)
    answer = market.browser().get(f"/api/v1/statements/{leaf}/receipt")
    assert (answer.status_code, answer.json()) == (202, {"state": "pending"})
    assert answer.headers["retry-after"] == "1"
    market.drain()
    assert market.browser().get(f"/api/v1/statements/{leaf}/receipt").status_code == 200


def signed_by(
    who: Datawharf, key: SigningKey, asset: dict[str, Any], version: dict[str, Any], **changes: Any
) -> Any:
    predicate = {
        "version": version["version"],
        "manifest": bytes.fromhex(version["manifest_digest"]),
        "contentRoot": bytes.fromhex(version["content_root"]),
        "delivery": version["delivery"],
        "derivedFrom": version["derived_from"],
        "previous": version["previous"],
    } | changes
    signed = sign_fact(
        key,
        origin=who.origin,
        org_id=who.org_id,
        kind="registration",
        subject_id=UUID(asset["id"]),
        predicate=predicate,
        commitments={"metadata": commit(snapshot(asset["metadata"]))},
    )
    opening = signed["openings"][0]
    return {
        "statement": signed["statement"],
        "opening": {"salt": opening["salt"], "content": opening["content"]},
    }


def test_keys_that_are_unknown_foreign_or_withdrawn_sign_nothing(
    market: Marketplace, provider: Datawharf, tmp_path: Path
) -> None:
    """The refusal says which key and what to do, and nothing is recorded."""
    registered = market.registered(provider, tmp_path / "data")
    asset = provider.create_asset(EXAMPLE_METADATA)
    body = registering.new_version_body(
        registering.manifest_of(registering.hash_files(registering.find_files([tmp_path / "data"]))),
        version="1.0.0",
        previous=None,
        derived_from=[],
        notes=None,
        reference_url="https://data.example.com/ports/",
    )
    draft = provider.api.post(f"/api/v1/assets/{asset['id']}/versions", body)
    old, other = provider.key, market.party("corridor").key
    market.drain()
    provider.register_key(SigningKey.generate(), "second")
    at = f"/api/v1/organisations/{provider.org_id}/signing-keys/{old.public.thumbprint.hex()}"
    assert provider.api.send("DELETE", at).status_code == 200
    market.drain()
    before = leaves(market)
    path = f"/api/v1/versions/{draft['id']}/registration"
    for key, slug in (
        (SigningKey.generate(), "unknown-signing-key"),
        (other, "unknown-signing-key"),
        (old, "signing-key-withdrawn"),
    ):
        with pytest.raises(Problem) as refused:
            provider.api.post(path, signed_by(provider, key, dict(asset), draft))
        assert refused.value.slug == slug
        assert refused.value.body["hint"]
    market.drain()
    assert leaves(market) == before
    receipt = check_bundle(provider.receipt(registered["leaf"]), market.ledger.policy)
    assert receipt.ok, "what it signed before stays valid"

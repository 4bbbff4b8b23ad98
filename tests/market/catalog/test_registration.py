"""From a draft to a registered version, and every statement that must not be taken for one."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.keys import SigningKey
from ledger.statement import parse_statement
from market.catalog.schemas import EXAMPLE_METADATA
from market.kit.auth import Role
from market.provenance import service as provenance
from tests.market.catalog.conftest import Shop, b64, manifest_of, member

FILES = {"ports.csv": b"port,teu\nQinzhou,5\n", "说明.txt": "北部湾港口".encode()}
OTHER = "ab" * 32


def test_a_version_is_drafted_filled_registered_and_public(shop: Shop) -> None:
    provider, stranger = shop.org("provider"), shop.org("stranger")
    asset = provider.asset()
    version = provider.version(asset["id"], FILES, notes={"en": "First.", "zh": ""})
    assert (version["state"], version["missing"], version["file_count"]) == ("draft", 2, 2)
    assert stranger("GET", f"/versions/{version['id']}").status_code == 404
    assert shop.web.get(f"/api/v1/assets/{asset['id']}").status_code == 404

    for path, data in FILES.items():
        assert provider.upload(version["id"], path, data)["state"] == "complete"
    body = provider.registration(asset, version)
    answer = provider("POST", f"/versions/{version['id']}/registration", body)
    assert answer.status_code == 201, answer.text
    registered = answer.json()
    leaf = registered["leaf"]
    assert registered["state"] == "registered"
    assert registered["missing"] == 0

    seen = shop.web.get(f"/api/v1/assets/{asset['id']}").json()
    assert (seen["state"], seen["current_version_id"]) == ("registered", version["id"])
    assert shop.web.get(f"/api/v1/versions/{version['id']}/manifest").content == manifest_of(FILES).canonical
    assert shop.web.get(f"/api/v1/versions/{version['id']}/opening").json() == body["openings"][0]
    with shop.db.reading() as session:
        recorded = provenance.statement(session, shop.ledger, leaf)
        assert (recorded.kind, recorded.asset_id) == ("registration", UUID(asset["id"]))
        statement = parse_statement(provenance.statement_bytes(session, leaf))
    statement.verify(provider.key.public)


def test_the_same_registration_twice_is_one(shop: Shop) -> None:
    provider = shop.org("provider")
    asset = provider.asset()
    version = provider.version(asset["id"], {"a.csv": b"a"})
    provider.upload(version["id"], "a.csv", b"a")
    body = provider.registration(asset, version)
    first, second = (provider("POST", f"/versions/{version['id']}/registration", body) for _ in range(2))
    assert first.json() == second.json()
    other = provider("POST", f"/versions/{version['id']}/registration", provider.registration(asset, version))
    assert (other.status_code, other.json()["slug"]) == (409, "version-sealed")


@pytest.mark.parametrize(
    ("changes", "slug", "where"),
    [
        ({"manifest": OTHER}, "statement-differs", "statement/manifest"),
        ({"contentRoot": OTHER}, "statement-differs", "statement/contentRoot"),
        ({"version": "1.0.1"}, "statement-differs", "statement/version"),
        ({"delivery": "reference"}, "statement-differs", "statement/delivery"),
        ({"derivedFrom": [OTHER]}, "statement-differs", "statement/derivedFrom"),
        ({"previous": OTHER}, "statement-differs", "statement/previous"),
        ({"claims": {"subject_id": uuid4()}}, "statement-differs", "statement/sub"),
        ({"claims": {"org_id": uuid4()}}, "wrong-signer", ""),
        ({"metadata": EXAMPLE_METADATA | {"grade": "G2"}}, "statement-differs", "openings/metadata"),
        ({"metadata": EXAMPLE_METADATA | {"note": "more"}}, "statement-differs", "openings/metadata"),
        ({"key": SigningKey.generate()}, "unknown-signing-key", ""),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_statement_that_says_anything_else_is_refused(
    small_shop: Shop, changes: dict[str, Any], slug: str, where: str
) -> None:
    provider = small_shop.org("provider")
    asset = provider.asset()
    version = provider.version(asset["id"], {"a.csv": b"a"})
    provider.upload(version["id"], "a.csv", b"a")
    answer = provider.register(asset, version, **changes)
    assert 400 <= answer.status_code < 500
    assert answer.json()["slug"] == slug
    assert answer.json().get("where", "") == where or not where
    assert answer.json()["hint"]
    assert provider("GET", f"/versions/{version['id']}").json()["state"] == "draft"
    assert provider.register(asset, version).status_code == 201


def test_an_opening_must_open_and_a_statement_must_be_one(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    asset = provider.asset()
    version = provider.version(asset["id"], {"a.csv": b"a"})
    provider.upload(version["id"], "a.csv", b"a")
    good = provider.registration(asset, version)
    address = f"/versions/{version['id']}/registration"
    (opening,) = good["openings"]
    other_salt = {**opening, "salt": provider.registration(asset, version)["openings"][0]["salt"]}
    for body, slug in (
        ({**good, "openings": [other_salt]}, "statement-malformed"),
        ({**good, "openings": []}, "statement-differs"),
        ({**good, "openings": [opening, opening]}, "statement-differs"),
        ({**good, "openings": [opening, {**opening, "name": "manifest"}]}, "statement-differs"),
        ({**good, "statement": "!!"}, "invalid-input"),
        ({**good, "statement": "AAAA"}, "statement-malformed"),
        ({**good, "extra": 1}, "invalid-input"),
    ):
        answer = provider("POST", address, body)
        assert (answer.status_code, answer.json()["slug"]) == (422, slug)
    assert provider("POST", address, good).status_code == 201


def test_another_organisations_asset_is_nobodys_to_register(shop: Shop) -> None:
    provider, thief = shop.org("provider"), shop.org("thief")
    asset = provider.asset()
    version = provider.version(asset["id"], {"a.csv": b"a"})
    provider.upload(version["id"], "a.csv", b"a")
    assert thief.register(asset, version).status_code == 404
    body = {"version": "2.0.0", "manifest": ""}
    assert thief("POST", f"/assets/{asset['id']}/versions", body).status_code == 404
    assert thief("POST", f"/versions/{version['id']}/uploads", {"path": "a.csv"}).status_code == 404
    edit = {"metadata": EXAMPLE_METADATA}
    assert thief("PATCH", f"/assets/{asset['id']}", edit, If_Match='"1"').status_code == 404
    shop.members.known["buyer"] = member(provider.id, Role.BUYER)
    answer = shop.web.post(
        "/api/v1/assets", json=edit, headers={"Authorization": "Bearer buyer", "Idempotency-Key": "1"}
    )
    assert (answer.status_code, answer.json()["slug"]) == (403, "forbidden")


def test_missing_bytes_stop_a_registration(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    asset = provider.asset()
    version = provider.version(asset["id"], FILES)
    provider.upload(version["id"], "ports.csv", FILES["ports.csv"])
    answer = provider.register(asset, version)
    assert (answer.status_code, answer.json()["slug"], answer.json()["where"]) == (
        409,
        "files-missing",
        "说明.txt",
    )


def test_versions_follow_one_another_and_lineage_is_kept(shop: Shop) -> None:
    provider, other = shop.org("provider"), shop.org("other")
    asset, first = provider.registered({"a.csv": b"one"})
    late = provider.version(asset["id"], {"a.csv": b"late"}, "1.5.0")
    second = provider.version(asset["id"], {"a.csv": b"two"}, "2.0.0", previous=first["leaf"])
    assert second["previous"] == first["leaf"]
    provider.upload(second["id"], "a.csv", b"two")
    assert provider.register(asset, second).status_code == 201
    provider.upload(late["id"], "a.csv", b"late")
    overtaken = provider.register(asset, late)
    assert (overtaken.status_code, overtaken.json()["slug"]) == (409, "version-overtaken")

    derived, made = other.registered({"b.csv": b"sum"}, derived_from=[first["leaf"]])
    up = shop.web.get(f"/api/v1/assets/{derived['id']}/lineage").json()["up"]
    down = shop.web.get(f"/api/v1/assets/{asset['id']}/lineage").json()["down"]
    assert up == down
    assert (up[0]["leaf"], up[0]["source_leaf"]) == (made["leaf"], first["leaf"])
    unknown = {"version": "3.0.0", "manifest": made_manifest(b"x"), "derived_from": [OTHER]}
    answer = other("POST", f"/assets/{derived['id']}/versions", unknown)
    assert (answer.status_code, answer.json()["where"]) == (422, "derived_from/0")


def test_data_may_stay_with_the_provider(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    asset = provider.asset()
    version = provider.version(
        asset["id"], FILES, delivery="reference", reference_url="https://data.example.com/ports/"
    )
    assert {file["state"] for file in version["files"]} == {"remote"}
    refused = provider("POST", f"/versions/{version['id']}/uploads", {"path": "ports.csv"})
    assert refused.status_code == 422
    assert provider.register(asset, version).status_code == 201


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://data.example.com/",
        "https://user@data.example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://data.example.com:22/",
        "https://data.example.com/#a",
        "https://data.example.com/ a",
        "https://0x7f000001/",
        "https://data.example.com:99999/",
        "ftp://data.example.com/",
    ],
)
def test_an_address_must_be_one_a_buyer_may_fetch(small_shop: Shop, address: str) -> None:
    provider = small_shop.org("provider")
    body = {
        "version": "1.0.0",
        "manifest": made_manifest(b"x"),
        "delivery": "reference",
        "reference_url": address,
    }
    answer = provider("POST", f"/assets/{provider.asset()['id']}/versions", body)
    assert (answer.status_code, answer.json()["slug"]) == (422, "invalid-input")


def made_manifest(data: bytes) -> str:
    return b64(manifest_of({"a.csv": data}).canonical)


def test_the_versions_of_an_asset_come_in_pages(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    asset = provider.asset()
    made = [provider.version(asset["id"], {"a.csv": b"a"}, number=f"1.{minor}.0")["id"] for minor in range(3)]
    head = provider("GET", f"/assets/{asset['id']}/versions?limit=2").json()
    rest = provider("GET", f"/assets/{asset['id']}/versions?limit=2&cursor={head['next']}").json()
    assert [one["id"] for one in head["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None

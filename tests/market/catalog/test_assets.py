"""Assets: what a provider must say of his data, and editing it without losing anybody's change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from market.catalog import service
from market.catalog.schemas import EXAMPLE_METADATA, AssetMetadata
from market.statements.metadata import REQUIRED
from tests.market.catalog.conftest import Shop


def test_metadata_are_exactly_what_a_registration_commits_to() -> None:
    assert set(AssetMetadata.model_fields) == set(REQUIRED)
    assert AssetMetadata.model_validate(EXAMPLE_METADATA).snapshot() == EXAMPLE_METADATA


@pytest.mark.parametrize("field", [name for name in REQUIRED if name != "keywords"])
def test_each_field_must_be_there(small_shop: Shop, field: str) -> None:
    provider = small_shop.org("provider")
    left = {name: value for name, value in EXAMPLE_METADATA.items() if name != field}
    answer = provider("POST", "/assets", {"metadata": left})
    assert answer.status_code == 422
    assert answer.json()["where"].endswith(f"metadata/{field}")
    assert provider("GET", "/assets").json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"grade": "G9"}, "grade"),
        ({"adcode": "110000"}, "adcode"),
        ({"industry": "Z"}, "industry"),
        ({"industry": "g"}, "industry"),
        ({"modality": "SMELL"}, "modality"),
        ({"languages": ["xx-YY"]}, "languages/0"),
        ({"languages": ["zh", "zh"]}, "languages"),
        ({"licence": "Unknown-1.0"}, "licence"),
        ({"rights": []}, "rights"),
        ({"rights": [{"right": "OWN", "origin": "PUBLIC_SOURCE"}]}, "rights/0/right"),
        ({"title": {"zh": "港口", "en": ""}}, "title"),
        ({"title": {"zh": "港\u202e口", "en": "Ports"}}, "title"),
        ({"title": {"zh": "港" * 201, "en": "Ports"}}, "title"),
        ({"keywords": ["a\x07"]}, "keywords/0"),
        ({"colour": "red"}, "colour"),
        ({"update_freq": "ALWAYS"}, "update_freq"),
        ({"personal_info": None}, "personal_info"),
    ],
    ids=str,
)
def test_a_wrong_value_is_named(small_shop: Shop, changes: dict[str, Any], where: str) -> None:
    provider = small_shop.org("provider")
    answer = provider("POST", "/assets", {"metadata": EXAMPLE_METADATA | changes})
    assert answer.status_code == 422
    assert answer.json()["where"].endswith(where)
    assert answer.json()["hint"]
    assert provider("GET", "/assets").json()["items"] == []


def test_an_edit_says_what_it_changes(shop: Shop) -> None:
    provider = shop.org("provider")
    asset = provider.asset()
    read = provider("GET", f"/assets/{asset['id']}")
    assert read.headers["ETag"] == '"1"'
    edit = {"metadata": EXAMPLE_METADATA | {"adcode": "450100"}}
    address = f"/assets/{asset['id']}"
    assert provider("PATCH", address, edit).status_code == 428
    changed = provider("PATCH", address, edit, If_Match=read.headers["ETag"])
    assert (changed.status_code, changed.headers["ETag"], changed.json()["zone"]) == (200, '"2"', "450100")
    late = provider("PATCH", address, edit, If_Match='"1"')
    assert (late.status_code, late.json()["slug"]) == (412, "edit-conflict")


def test_an_edit_after_registering_is_the_owners_alone_until_it_is_registered(shop: Shop) -> None:
    """Beside a registration and its certificate nobody is shown words that nobody signed and no registrar saw."""
    provider, other = shop.org("provider"), shop.org("other")
    asset, version = provider.registered({"a.csv": b"a"})
    address = f"/assets/{asset['id']}"
    before = shop.web.get(f"/api/v1/versions/{version['id']}/opening").json()
    title = {"zh": "夸大", "en": "Grander"}
    edit = {"metadata": EXAMPLE_METADATA | {"licence": "CC0-1.0", "adcode": "450100", "title": title}}
    edited = provider("PATCH", address, edit, If_Match='"1"')
    assert (edited.status_code, edited.json()["metadata_state"]) == (200, "draft")
    assert shop.web.get(f"/api/v1/versions/{version['id']}/opening").json() == before
    for shown in (shop.web.get(f"/api/v1{address}").json(), other("GET", address).json()):
        assert shown["metadata"] == EXAMPLE_METADATA
        assert (shown["metadata_state"], shown["zone"]) == ("registered", "450700")
    own = provider("GET", address).json()
    assert (own["metadata"], own["metadata_state"]) == (edit["metadata"], "draft")
    # Lists of other slices, which others read too, call the asset by its registered name.
    with shop.db.reading() as session:
        (summary,) = service.summaries(session, [UUID(asset["id"])]).values()
    assert (summary.title.en, summary.licence) == (EXAMPLE_METADATA["title"]["en"], "CC-BY-4.0")
    assert provider("GET", "/assets").json()["items"][0]["title"] == title

    second = provider.version(asset["id"], {"a.csv": b"b"}, "1.1.0")
    provider.upload(second["id"], "a.csv", b"b")
    assert provider.register(asset | edit, second).status_code == 201
    shown = shop.web.get(f"/api/v1{address}").json()
    assert (shown["metadata"], shown["metadata_state"]) == (edit["metadata"], "registered")
    assert provider("GET", address).json()["metadata_state"] == "registered"


def test_a_key_without_the_scope_sees_what_everybody_sees(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    asset, version = provider.registered({"a.csv": b"a"})
    provider.version(asset["id"], {"a.csv": b"b"}, "1.1.0")
    edit = {"metadata": EXAMPLE_METADATA | {"licence": "CC0-1.0"}}
    assert provider("PATCH", f"/assets/{asset['id']}", edit, If_Match='"1"').status_code == 200
    assert len(provider("GET", f"/assets/{asset['id']}/versions").json()["items"]) == 2
    small_shop.members.known["provider"] = replace(provider.actor, scopes=frozenset({"order:create"}))
    assert provider("GET", f"/assets/{asset['id']}").json()["metadata_state"] == "registered"
    shown = provider("GET", f"/assets/{asset['id']}/versions").json()["items"]
    assert [one["id"] for one in shown] == [version["id"]]


def test_a_list_is_ones_own_in_pages(shop: Shop) -> None:
    provider, other = shop.org("provider"), shop.org("other")
    made = [provider.asset()["id"] for _ in range(5)]
    other.asset()
    seen, cursor = [], ""
    while True:
        page = provider("GET", f"/assets?limit=2{cursor}").json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == made[::-1]
    for bad in ("x", "WyJ4Il0"):
        answer = provider("GET", f"/assets?cursor={bad}")
        assert (answer.status_code, answer.json()["where"]) == (422, "cursor")


def test_the_same_request_twice_makes_one_asset(shop: Shop) -> None:
    provider = shop.org("provider")
    body = {"metadata": EXAMPLE_METADATA}
    first, second = (provider("POST", "/assets", body, Idempotency_Key="k") for _ in range(2))
    assert first.json() == second.json()
    assert first.headers["Location"] == f"/api/v1/assets/{first.json()['id']}"
    assert len(provider("GET", "/assets").json()["items"]) == 1


def test_other_slices_get_short_views(shop: Shop) -> None:
    provider = shop.org("provider")
    asset, version = provider.registered({"a.csv": b"abc"})
    draft = provider.asset()
    with shop.db.reading() as session:
        found = service.summaries(session, [UUID(asset["id"]), UUID(draft["id"])])
        zone = service.resource(session, UUID(asset["id"])).zone
    assert zone == "450700"
    first = found[UUID(asset["id"])]
    assert (first.version, first.size_bytes, first.org_id) == (version["version"], 3, provider.id)
    assert found[UUID(draft["id"])].version is None

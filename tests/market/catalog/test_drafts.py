"""Drafts cost storage before anybody has signed anything: an organisation may have begun so many at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from market.catalog.limits import UploadLimits, limits_of
from market.catalog.schemas import EXAMPLE_METADATA
from market.config import Settings
from tests.market.catalog.conftest import CHUNK, Shop, b64, manifest_of

BODY = {"metadata": EXAMPLE_METADATA}


def body(number: int) -> dict[str, Any]:
    return {"version": f"1.0.{number}", "manifest": b64(manifest_of({"a.csv": b"%d" % number}).canonical)}


def test_draft_assets_are_limited_also_when_many_ask_at_once(shop: Shop) -> None:
    shop.ports.add(UploadLimits, UploadLimits(draft_assets=3, chunk_bytes=CHUNK))
    provider, other = shop.org("provider"), shop.org("other")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: provider("POST", "/assets", BODY), range(12)))
    assert [answer.status_code for answer in answers].count(201) == 3
    refused = next(answer for answer in answers if answer.status_code != 201).json()
    assert (refused["status"], refused["slug"]) == (409, "too-many-drafts")
    assert "3 assets" in refused["detail"]
    assert "Register a version" in refused["hint"]
    assert len(provider("GET", "/assets").json()["items"]) == 3
    # One organisation's drafts are no other's, and a registered asset is no draft.
    assert other("POST", "/assets", BODY).status_code == 201
    asset = next(answer.json() for answer in answers if answer.status_code == 201)
    version = provider.version(asset["id"], {"a.csv": b"a"})
    provider.upload(version["id"], "a.csv", b"a")
    assert provider.register(asset, version).status_code == 201
    assert provider("POST", "/assets", BODY).status_code == 201


def test_draft_versions_are_limited_over_all_assets_and_one_thrown_away_makes_room(shop: Shop) -> None:
    shop.ports.add(UploadLimits, UploadLimits(draft_versions=3, chunk_bytes=CHUNK))
    provider = shop.org("provider")
    assets = [provider.asset()["id"] for _ in range(2)]

    def draft(number: int) -> Any:
        return provider("POST", f"/assets/{assets[number % 2]}/versions", body(number))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(draft, range(10)))
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert len(made) == 3
    refused = next(answer for answer in answers if answer.status_code != 201).json()
    assert (refused["status"], refused["slug"]) == (409, "too-many-drafts")
    assert "throw some away" in refused["hint"]
    assert provider("DELETE", f"/versions/{made[0]}").status_code == 204
    assert draft(20).status_code == 201
    assert draft(21).status_code == 409


def test_the_operator_sets_the_bounds(small_shop: Shop, tmp_path: Path) -> None:
    settings = Settings(
        tmp_path,
        *("datawharf.local/test", "http://127.0.0.1", "sqlite://", "blobs", "ledger"),
        org_uploads=1,
        org_draft_assets=2,
        org_draft_versions=3,
    )
    small_shop.ports.extras.pop(UploadLimits)
    small_shop.ports.add(Settings, settings)
    found = limits_of(small_shop.ports)
    assert (found.in_flight, found.draft_assets, found.draft_versions) == (1, 2, 3)

"""What everybody may read of the zones and their rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from market.accounts.passwords import Passwords
from market.zones import routes
from tests.market.accounts.conftest import Market, build


@pytest.fixture
def market(database_url: str, tmp_path: Path) -> Iterator[Market]:
    built = build(database_url, tmp_path, Passwords())
    built.app.include_router(routes.router)
    yield built
    built.db.close()


def test_zones_name_their_registrars_once_founded(market: Market) -> None:
    zones = market.web.get("/api/v1/zones").json()["items"]
    assert len(zones) == 15
    assert {zone["organisation"] for zone in zones} == {None}
    founded = market.found_zone("450700")
    zones = {zone["adcode"]: zone for zone in market.web.get("/api/v1/zones").json()["items"]}
    assert zones["450700"]["organisation"] == str(founded.id)
    assert zones["450100"]["organisation"] is None
    assert zones["450100"]["name"] == {"zh": "南宁", "en": "Nanning"}


def test_a_zone_is_founded_once(market: Market) -> None:
    market.found_zone("450700")
    with pytest.raises(Exception, match="there can be only one"):
        market.found_zone("450700")


def test_codes_and_rules_are_public(market: Market) -> None:
    codes = market.web.get("/api/v1/codes").json()
    assert codes["lists"]["grade"]["CORE"] == {"zh": "核心数据", "en": "Core data"}
    assert {licence["id"] for licence in codes["licences"]} >= {"CC-BY-4.0", "CC0-1.0", "ODbL-1.0"}
    pack = market.web.get("/api/v1/rule-packs/guangxi_default").json()
    assert pack["validity_years"] == 3
    assert len(pack["digest"]) == 64
    assert market.web.get("/api/v1/rule-packs/none").status_code == 404
    assert market.web.get("/api/v1/negative-list").json()["rules"]

"""The library and the deliveries, as a browser sees them."""

from __future__ import annotations

import html
import re

import pytest

from tests.market.catalog.test_pages import Browser
from tests.market.delivery.conftest import TABLE, Shop, deal, drain, ok, revoke


@pytest.mark.parametrize(("lang", "words"), [("en", "My library"), ("zh", "我的数据")])
def test_a_buyer_finds_files_terms_and_receipts(small_shop: Shop, lang: str, words: str) -> None:
    one = deal(small_shop, {"data/港口 ports.csv": TABLE})
    buyer = Browser(one.buyer)
    shelf = buyer.get(f"/{lang}/library")
    assert words in shelf
    assert f'href="/{lang}/library/{one.entitlement["id"]}"' in shelf
    page = buyer.get(f"/{lang}/library/{one.entitlement['id']}")
    assert "data/港口 ports.csv" in page
    assert f"/api/v1/versions/{one.version['id']}/files/data/%E6%B8%AF%E5%8F%A3%20ports.csv" in page
    assert f"/api/v1/assets/{one.asset['id']}/rows" in page
    for signature in ok(one.buyer("GET", f"/contracts/{one.entitlement['contract_id']}"), 200)["signatures"]:
        assert f"/{lang}/receipts/{signature['leaf']}" in page
    assert f"/{lang}/receipts/{one.version['leaf']}" in page


def test_the_download_button_leads_to_the_file(small_shop: Shop) -> None:
    one = deal(small_shop)
    buyer = Browser(one.buyer)
    page = f"/en/library/{one.entitlement['id']}"
    form = {"version_id": one.version["id"], "path": "data/ports.csv"}
    answer = buyer.post(f"{page}/downloads", form, page)
    assert answer.status_code == 303
    file = buyer.web.get(answer.headers["location"])
    assert file.content == TABLE
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "released" in buyer.get(page)
    gone = buyer.post(f"{page}/downloads", form | {"path": "no.csv"}, page)
    assert gone.status_code == 404


def test_the_meter_and_the_usage_receipts(small_shop: Shop) -> None:
    one = deal(small_shop)
    ok(one.buyer("GET", f"/assets/{one.asset['id']}/rows?path=data/ports.csv"), 200)
    drain(small_shop, minutes=10)
    page = html.unescape(Browser(one.buyer).get(f"/en/library/{one.entitlement['id']}"))
    assert "3 of 1,000 rows used" in page
    assert "Usage batch 1 of 2026-07-01" in page


def test_an_ended_licence_says_why_and_offers_no_download(small_shop: Shop) -> None:
    one = deal(small_shop)
    revoke(one)
    page = Browser(one.buyer).get(f"/en/library/{one.entitlement['id']}")
    assert "The data were resold" in page
    assert "/downloads" not in page
    assert "curl" not in page


def test_a_provider_sees_who_received_what(small_shop: Shop) -> None:
    one = deal(small_shop)
    assert "Nobody has received" in Browser(one.provider).get("/en/studio/deliveries")
    one.buyer("GET", f"{one.files}/data/ports.csv")
    leaf = ok(one.acknowledge())["leaf"]
    page = Browser(one.provider).get("/en/studio/deliveries")
    assert f"/en/receipts/{leaf}" in page
    assert re.search(r"released 2026-07-01", page)


def test_others_see_nothing_of_it(small_shop: Shop) -> None:
    one = deal(small_shop)
    page = f"/en/library/{one.entitlement['id']}"
    for stranger in (small_shop.org("stranger"), one.provider):
        Browser(stranger).get(page, 404)
    small_shop.web.cookies.clear()
    assert small_shop.web.get(page).status_code == 303

"""The pages of the shelf, as a visitor without an account meets them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import event
from sqlmodel import select

from market.app import ROUTERS
from market.catalog.models import AssetFile
from market.kit import site
from market.kit.auth import Principal, Role, Via
from market.shelf import asset_pages, pages, reference_pages, studio_pages
from market.shelf.models import Sample
from market.zones.pages import page_context as zone_context
from tests.market.shelf.conftest import OPEN, PAID, REQUEST, Shelf, titled

CSV = b"port,teu\n" + b"".join(f"P{number},{number}\n".encode() for number in range(30))


@pytest.fixture
def shelf(sqlite_url: str, tmp_path: Path) -> Iterator[Shelf]:
    built = Shelf(sqlite_url, tmp_path)
    for router in (
        site.router,
        pages.router,
        asset_pages.router,
        reference_pages.router,
        studio_pages.router,
    ):
        built.app.include_router(router)
    built.app.state.page_context = [pages.page_context, zone_context]
    yield built
    built.db.close()


def read(shelf: Shelf, path: str, status: int = 200) -> str:
    answer = shelf.web.get(path)
    assert answer.status_code == status, answer.text
    return str(answer.text)


def words(page: str) -> str:
    """What a reader sees of the main part."""
    main = page.split("<main", 1)[1]
    return " ".join(
        re.sub(r"<[^>]+>", " ", re.sub(r"<(script|svg).*?</\1>", " ", main, flags=re.DOTALL)).split()
    )


def test_home_without_and_with_data(shelf: Shelf) -> None:
    assert "Nothing is on show yet" in words(read(shelf, "/en/"))
    asset = shelf.listed(**titled("钦州港潮位", "Tides at Qinzhou"))
    page = read(shelf, "/en/")
    assert "1 data asset on show" in words(page)
    assert f"-{asset}" in page
    assert page.count("/en/zones/") == 15
    assert 'href="/en/catalogue?industry=G"' in page
    assert "付款之前" in read(shelf, "/zh/")


def test_the_address_is_the_state(shelf: Shelf) -> None:
    shelf.listed(OPEN, **titled("港口一", "Port one"))
    shelf.listed(PAID, **titled("港口二", "Port two", adcode="450100"))
    page = read(shelf, "/en/catalogue?q=port&city=450100&access=PAID")
    assert "1 result for “port”" in words(page)
    assert "Port two" in words(page)
    assert "Port one" not in words(page)
    assert re.findall(r'name="(\w+)" value="([^"]+)" checked', page) == [
        ("access", "PAID"),
        ("city", "450100"),
    ]
    assert 'href="/en/catalogue?q=port&amp;access=PAID"' in page  # the chip that removes the city
    assert 'hreflang="zh-CN" href="/zh/catalogue?q=port&amp;city=450100&amp;access=PAID"' in page


def test_nothing_found_names_ways_out(shelf: Shelf) -> None:
    shelf.listed(OPEN, **titled("港口", "Port"))
    page = read(shelf, "/en/catalogue?q=port&access=PAID")
    assert "Nothing matches all of this." in words(page)
    assert "Without the filter Access 1" in words(page)
    assert 'href="/en/catalogue?q=port"' in page
    assert "There is no page 9" in words(read(shelf, "/en/catalogue?page=9"))
    # A way out that leads to nothing is not offered.
    assert "Without the filter" not in words(read(shelf, "/en/catalogue?q=zz&access=PAID"))


def test_every_tab_has_an_address(shelf: Shelf) -> None:
    asset = shelf.listed(OPEN, PAID, **titled("港口", "Port"))
    for lang in ("zh", "en"):
        for tab in ("", "/preview", "/files", "/terms", "/provenance", "/history"):
            page = read(shelf, f"/{lang}/assets/{asset}{tab}")
            assert page.count("<h1") == 1
            assert f'<link rel="canonical" href="http://testserver/{lang}/assets/port-{asset}{tab}">' in page
            assert page.count('aria-current="page"') >= 1
            assert "style=" not in page
    terms = words(read(shelf, f"/en/assets/any-slug-{asset}/terms"))
    assert "Get the data" in terms
    assert "CN¥12,000.00" in terms
    assert "name the provider and the source" in terms


def test_a_page_shows_what_was_signed_and_tells_its_owner_of_the_draft(shelf: Shelf) -> None:
    asset = shelf.ready(OPEN, **titled("潮位", "Tides"))
    shelf.provider("POST", f"/assets/{asset['id']}/listing", {})
    edit = asset["metadata"] | titled("金矿", "Gold mine")
    assert (
        shelf.provider("PATCH", f"/assets/{asset['id']}", {"metadata": edit}, If_Match='"1"').status_code
        == 200
    )
    shelf.drain()
    tabs = ("", "/preview", "/files", "/terms", "/provenance", "/history", ".jsonld")
    for page in (read(shelf, f"/en/assets/{asset['id']}{tab}") for tab in tabs):
        assert "Gold mine" not in page
        assert "Tides" in page
    me = Principal(
        via=Via.SESSION, account_id=uuid4(), org_id=shelf.provider.id, roles=frozenset({Role.PUBLISHER})
    )
    shelf.shop.members.known["me"] = me
    shelf.web.cookies.set("dw_session", "me")
    page = words(read(shelf, f"/en/assets/{asset['id']}"))
    assert "Tides" in page
    assert "the description that you have changed since is not registered" in page


def test_a_certificate_of_an_earlier_version_is_not_passed_off_as_one_of_this(shelf: Shelf) -> None:
    """Whoever was reviewed once could sign other words afterwards, and stand them beside the registrar's badge."""
    asset = shelf.ready(OPEN, **titled("潮位", "Tides"))
    page = words(read(shelf, f"/en/assets/{asset['id']}"))
    assert "Registered · certificate" in page
    shelf.version(asset, shelf.provider, {"rows.csv": CSV}, "1.1.0")
    page = words(read(shelf, f"/en/assets/{asset['id']}"))
    assert "The certificate is of an earlier version" in page
    assert "Registered · certificate" not in page


def test_says_who_says_it(shelf: Shelf) -> None:
    page = words(read(shelf, f"/en/assets/{shelf.listed()}"))
    for label in ("stated by the provider", "measured by the platform", "proved by the ledger"):
        assert label in page
    assert "Formal review only. This is not a decision on ownership." in page


def test_rows_are_shown_only_where_they_may_be(shelf: Shelf) -> None:
    open_one = shelf.listed(OPEN, files={"a.csv": CSV})
    closed = shelf.listed(PAID, files={"a.csv": CSV + b"x,1\n"})
    assert "being read" in words(read(shelf, f"/en/assets/{open_one}/preview"))
    assert shelf.drain()
    page = words(read(shelf, f"/en/assets/{open_one}/preview"))
    assert "all 30 rows of a.csv were counted; the first 10 are shown" in page
    assert "P9" in page
    assert "P10" not in page
    refusal = words(read(shelf, f"/en/assets/{closed}/preview"))
    assert "shows no rows before a licence is given" in refusal
    assert "P9" not in refusal
    # The provider may allow it all the same.
    shelf.provider("POST", f"/assets/{closed}/listing", {"sample": True})
    shelf.drain()
    assert "all 31 rows" in words(read(shelf, f"/en/assets/{closed}/preview"))
    broken = shelf.listed(OPEN, files={"broken.csv": b"a,b\n1,\x00\n"})
    shelf.drain()
    assert "broken.csv could not be read safely" in words(read(shelf, f"/en/assets/{broken}/preview"))


def test_linked_data_names_every_file_with_its_digest(shelf: Shelf) -> None:
    files = {"a.csv": CSV, "notes/read me.md": b"# </script><b>"}
    asset = shelf.listed(OPEN, files=files, **titled("港口</script>", "Port </script><i>"))
    answer = shelf.web.get(f"/en/assets/{asset}.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    described: dict[str, Any] = answer.json()
    assert described["@context"]["@vocab"] == "https://schema.org/"
    assert described["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    for field in ("name", "description", "license", "url", "creator", "datePublished"):
        assert described[field]
    assert {file["name"] for file in described["distribution"]} == set(files)
    assert all(re.fullmatch("[0-9a-f]{64}", file["sha256"]) for file in described["distribution"])
    doors = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    for file in described["distribution"]:
        path = unquote(urlsplit(file["contentUrl"]).path)
        assert any(door.endpoint.__name__ == "get_file" and door.path_regex.match(path) for door in doors), (
            path
        )
    page = read(shelf, f"/en/assets/{asset}")
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, flags=re.DOTALL)
    assert json.loads(block)["name"] == "Port </script><i>"
    assert "<i>" not in page


def test_history_says_what_changed(shelf: Shelf) -> None:
    asset = shelf.ready(OPEN, files={"a.csv": CSV, "old.csv": CSV + b"o,1\n"})
    shelf.provider("POST", f"/assets/{asset['id']}/listing", {})
    shelf.version(asset, shelf.provider, {"a.csv": CSV + b"z,1\n", "new.csv": b"n\n1\n"}, "1.1.0")
    page = words(read(shelf, f"/en/assets/{asset['id']}/history"))
    assert "Added: new.csv" in page
    assert "Removed: old.csv" in page
    assert "Changed: a.csv" in page
    assert "The first version." in page


@contextmanager
def counting_files() -> Iterator[list[AssetFile]]:
    """Every row of a file that is read meanwhile."""
    read_rows: list[AssetFile] = []

    def note(row: AssetFile, _context: object) -> None:
        read_rows.append(row)

    event.listen(AssetFile, "load", note)
    try:
        yield read_rows
    finally:
        event.remove(AssetFile, "load", note)


def test_a_page_that_anybody_may_ask_for_reads_no_more_than_it_shows(shelf: Shelf) -> None:
    """A version can have 5,000 files: no visit may cost the reading of all of them, times the number of versions."""
    many = {f"data/{number:03}.csv": b"a\n%d\n" % number for number in range(30)}
    asset = shelf.ready(OPEN, files=many)
    shelf.provider("POST", f"/assets/{asset['id']}/listing", {})
    for number in range(1, 13):
        changed = {path: data + b"%d" % number for path, data in list(many.items())[:14]}
        rest = dict(list(many.items())[14 : 30 - number]) | {f"new/{number}.csv": b"n\n1\n"}
        shelf.version(asset, shelf.provider, changed | rest, f"1.{number}.0")
    shelf.drain()
    for tab, most in (
        ("", 20),
        ("/preview", 1),
        ("/terms", 0),
        ("/provenance", 0),
        ("/history", 0),
        ("/files", 500),
    ):
        with counting_files() as rows:
            page = read(shelf, f"/en/assets/{asset['id']}{tab}")
        assert len(rows) <= most, tab
        # What stands in the page is short too: the names of a few files, the number of the rest.
        assert tab == "/files" or page.count(".csv") <= 20 + 10 * 2 * 12, tab
    newest = words(page := read(shelf, f"/en/assets/{asset['id']}/history"))
    assert "Added: new/12.csv" in newest
    assert "data/011.csv and 2 more" in newest
    assert "The first version." not in newest
    older = re.findall(r'href="([^"]+/history\?cursor=[^"]+)"', page)
    last = words(read(shelf, older[0]))
    assert "Added: new/2.csv" in last
    assert "Removed: data/028.csv" in last
    assert "The first version." in last


def test_a_preview_keeps_no_more_of_a_table_than_it_shows(shelf: Shelf) -> None:
    header = ",".join(f"column{number}" for number in range(60))
    row = ",".join("x" * 5_000 for _ in range(60))
    table = "\n".join([header, *[row] * 10, ""]).encode()
    asset = shelf.listed(OPEN, files={"wide.csv": table})
    shelf.drain()
    with shelf.db.reading() as session:
        (kept,) = session.exec(select(Sample)).all()
        size = len(json.dumps(kept.summary))
    assert len(table) > 3_000_000
    assert size < 50 * 10 * 130 + 50 * 60
    page = words(read(shelf, f"/en/assets/{asset}/preview"))
    assert "The table has 60 columns; the first 50 are shown." in page
    assert "x" * 119 + "…" in page
    assert "column49" in page
    assert "column50" not in page


def test_lineage_is_drawn_and_written(shelf: Shelf) -> None:
    source = shelf.ready(OPEN, **titled("源", "Source data"))
    made = shelf.provider.asset(**titled("派生", "Derived data"))
    version = shelf.provider.version(made["id"], {"d.csv": CSV}, derived_from=[source["version"]["leaf"]])
    shelf.provider.upload(version["id"], "d.csv", CSV)
    assert shelf.provider.register(made, version).status_code == 201
    for asset in (source, made):
        page = read(shelf, f"/en/assets/{asset['id']}/provenance")
        assert page.count('<svg class="drawing lineage"') == 1
        assert "Source data v1.0.0 Derived data v1.0.0" in words(page)


def test_tombstone_stays(shelf: Shelf) -> None:
    asset = shelf.listed(**titled("旧表", "Old table"))
    shelf.provider("DELETE", f"/assets/{asset}/listing")
    page = words(read(shelf, f"/en/assets/{asset}", status=410))
    assert "taken off the shelf on 1 Jul 2026" in page
    assert "Last receipt" in page
    assert "Old table" not in words(read(shelf, "/en/catalogue"))
    assert "No offer at present" in words(read(shelf, f"/en/assets/{asset}/history"))


def test_drafts_and_nonsense_have_no_page(shelf: Shelf) -> None:
    draft = shelf.provider.asset()
    for address in (draft["id"], str(uuid4()), "nothing", f"x-{uuid4()}/terms", "../etc"):
        read(shelf, f"/en/assets/{address}", status=404)
    read(shelf, "/en/zones/999999", status=404)
    read(shelf, f"/en/providers/{uuid4()}", status=404)


def test_zone_provider_help_and_glossary(shelf: Shelf) -> None:
    shelf.listed(**titled("港口", "Port"))
    assert "Port" in words(read(shelf, "/en/zones/450700"))
    assert "Nothing of this zone is on show yet." in words(read(shelf, "/en/zones/450300"))
    provider = words(read(shelf, f"/en/providers/{shelf.provider.id}"))
    assert "Beibu Gulf Data" in provider
    assert "北部湾数据" in provider
    assert "does not prove that data are true" in words(read(shelf, "/en/help"))
    assert "收录证明" in words(read(shelf, "/en/glossary"))


def test_the_api_page_names_every_route_without_scripts(shelf: Shelf) -> None:
    page = read(shelf, "/en/developers")
    for path in shelf.app.openapi()["paths"]:
        assert f"<code>{path}</code>" in page
    assert "<script" not in page


def test_a_provider_lists_in_the_browser(shelf: Shelf) -> None:
    me = Principal(
        via=Via.SESSION, account_id=uuid4(), org_id=shelf.provider.id, roles=frozenset({Role.PUBLISHER})
    )
    shelf.shop.members.known["me"] = me
    shelf.web.cookies.set("dw_session", "me")
    asset = shelf.registered()
    address = f"/en/studio/listings/{asset['id']}"
    page = read(shelf, address)
    assert "The asset has no certificate yet." in words(page)
    token = re.findall(r'name="csrf" value="([0-9a-f]+)"', page)[0]

    def send(**fields: str) -> Any:
        return shelf.web.post(address, data=fields | {"csrf": token}, headers={"Origin": "http://testserver"})

    refused = send(action="LISTED")
    assert refused.status_code == 409
    assert "2 conditions are not met" in words(refused.text)
    ready = shelf.ready(REQUEST)
    address = f"/en/studio/listings/{ready['id']}"
    assert send(action="LISTED", sample="yes").status_code == 303
    assert "The asset is on show." in words(read(shelf, address))
    assert shelf.search() == [ready["id"]]
    assert send(action="DELISTED").status_code == 303
    assert shelf.search() == []
    assert send(action="SOLD").status_code == 422

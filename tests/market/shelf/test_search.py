"""A query finds the same on both engines, in every script that people here write."""

from __future__ import annotations

import pytest

from tests.market.shelf.conftest import OPEN, PAID, Shelf, titled

TITLES = {
    "ports": titled("北部湾港口集装箱吞吐量", "Port container throughput"),
    "sugar": titled("甘蔗种植面积与产量", "Sugar cane area and yield"),
    "lao": titled("老挝语词表", "Lao words ພາສາລາວ ສຳລັບ"),
    "thai": titled("泰语词表", "Thai words ภาษาไทย ที่"),
    "khmer": titled("高棉语词表", "Khmer words ភាសាខ្មែរ"),
    "burmese": titled("缅甸语词表", "Burmese words မြန်မာဘာသာ"),
    "viet": titled("越南语词表", "Vietnamese words tiếng Việt"),
}
QUERIES = [
    ("港口", {"ports"}),
    ("口集", {"ports"}),  # a piece across two words is a substring all the same
    ("港", {"ports"}),
    ("量", {"ports", "sugar"}),
    ("港量", set()),
    ("港口 甘蔗", set()),
    ("甘蔗 产量", {"sugar"}),
    ("吞吐量", {"ports"}),
    ("貨櫃", set()),
    ("集裝箱", {"ports"}),  # traditional characters find simplified ones
    ("contain", {"ports"}),
    ("CONTAINER port", {"ports"}),
    ("ontainer", set()),
    ("ｐｏｒｔ", {"ports"}),  # full-width letters
    ("ພາສາ", {"lao"}),
    ("ລາວ", {"lao"}),
    ("ສຳລັບ", {"lao"}),
    ("ภาษา", {"thai"}),
    ("ไทย", {"thai"}),
    ("ที่", {"thai"}),
    ("ភាសា", {"khmer"}),
    ("ខ្មែ\u200bរ", {"khmer"}),  # a zero-width space helps line breaking and means nothing
    ("မြန်မာ", {"burmese"}),
    ("ဘာသာ", {"burmese"}),
    ("việt", {"viet"}),
    ("viet", {"viet"}),  # the start of Vietnamese
    ("viêt", set()),
    ("words", {"lao", "thai", "khmer", "burmese", "viet"}),
    ("' OR 1=1 --", set()),
    ('"port" NEAR(', set()),
    ("!!!", set()),
]


def test_every_script(shelf: Shelf) -> None:
    ids = {shelf.listed(**metadata): name for name, metadata in TITLES.items()}
    found = {query: {ids[hit] for hit in shelf.search(query)} for query, _ in QUERIES}
    assert found == dict(QUERIES)


def test_traditional_text_is_found_by_simplified_words(shelf: Shelf) -> None:
    asset = shelf.listed(**titled("廣西糖業數據", "Sugar"))
    assert shelf.search("广西糖业") == [asset] == shelf.search("廣西") == shelf.search("数据")


def test_searches_what_stands_around_the_title(shelf: Shelf) -> None:
    asset = shelf.listed(files={"berth_plan-2026.csv": b"a,b\n1,2\n"}, **titled("甲", "A", keywords=["锚地"]))
    shelf.listed(**titled("乙", "B", adcode="450100"))
    for query in ("锚地", "钦州", "Qinzhou", "berth", "plan", "2026", "Transport"):
        assert asset in shelf.search(query), query
    assert len(shelf.search("北部湾数据")) == 2  # the provider
    assert shelf.search("钦州") == [asset]


def test_a_title_weighs_more_than_an_abstract(shelf: Shelf) -> None:
    in_abstract = titled("船舶时刻", "Ship times") | {"abstract": {"zh": "港口的潮汐", "en": "Tides"}}
    in_title = titled("潮汐表", "Tables of the sea")
    first = shelf.listed(**in_title)
    second = shelf.listed(**in_abstract)
    for other in range(3):
        shelf.listed(**titled(f"糖{other}", f"Sugar {other}"))
    assert shelf.search("潮汐") == [first, second]
    assert shelf.search("潮汐", sort="newest") == [second, first]


def test_sorts_and_pages(shelf: Shelf) -> None:
    letters = "bdac"
    ids = {letter: shelf.listed(**titled(letter, letter)) for letter in letters}
    assert shelf.search() == [ids[letter] for letter in "cadb"]
    assert shelf.search(sort="title") == [ids[letter] for letter in "abcd"]
    page = shelf.catalogue(page=2)
    assert (page["items"], page["total"], page["pages"]) == ([], 4, 1)
    assert shelf.web.get("/api/v1/catalogue?page=51").status_code == 422
    assert shelf.web.get("/api/v1/catalogue?sort=price").status_code == 422


def test_facets_say_what_adding_a_value_would_give(shelf: Shelf) -> None:
    a = shelf.listed(OPEN, **titled("甲", "A", adcode="450700", modality="GEO"))
    b = shelf.listed(OPEN, PAID, **titled("乙", "B", adcode="450700", modality="TEXT"))
    c = shelf.listed(PAID, **titled("丙", "C", adcode="450100", modality="TEXT"))
    counts = shelf.facets()
    assert counts["city"] == {"450100": 1, "450700": 2}
    assert counts["access"] == {"OPEN": 2, "PAID": 2}
    assert counts["modality"] == {"TEXT": 2, "GEO": 1}
    assert counts["language"] == {"zh": 3, "en": 3}
    # Within a facet the values add up; other facets narrow.
    counts = shelf.facets(city="450100")
    assert counts["city"] == {"450100": 1, "450700": 2}
    assert counts["access"] == {"PAID": 1}
    assert shelf.search(city="450100") == [c]
    assert shelf.search(city=["450100", "450700"], modality="TEXT") == [c, b]
    assert shelf.search(access="OPEN", sort="title") == [a, b]
    assert shelf.search(city="450300") == []
    assert shelf.facets(city="450300")["city"] == {"450100": 1, "450300": 0, "450700": 2}


def test_the_document_follows_what_is_registered(shelf: Shelf) -> None:
    """An edit is found by nobody until the provider has signed it."""
    asset = shelf.ready(**titled("旧名", "Old name"))
    shelf.provider("POST", f"/assets/{asset['id']}/listing", {})
    assert shelf.search("旧名") == [asset["id"]]
    metadata = asset["metadata"] | titled("新名", "New name", adcode="450100")
    edited = shelf.provider("PATCH", f"/assets/{asset['id']}", {"metadata": metadata}, If_Match='"1"')
    assert edited.status_code == 200, edited.text
    shelf.drain()
    assert shelf.search("新名") == []
    assert shelf.search("旧名", city="450700") == [asset["id"]]
    asset["metadata"] = metadata
    shelf.version(asset, shelf.provider, {"rows.csv": b"port,teu\nNanning,1\n"}, "1.1.0")
    shelf.drain()
    assert shelf.search("旧名") == []
    assert shelf.search("新名", city="450100") == [asset["id"]]
    assert shelf.facets()["city"] == {"450100": 1}


@pytest.mark.parametrize("query", ["港" * 150, "a " * 100, "长" * 200])
def test_long_queries_are_answered(shelf: Shelf, query: str) -> None:
    assert shelf.search(query) == []


def test_item_shape(small_shelf: Shelf) -> None:
    asset = small_shelf.listed(OPEN, PAID)
    (item,) = small_shelf.catalogue()["items"]
    assert item["id"] == asset
    assert item["slug"] == "ports-and-routes-of-the-land-sea-corridor"
    assert item["provider"]["name"]["en"] == "Beibu Gulf Data"
    assert item["access"] == ["OPEN", "PAID"]
    assert item["price"] == {"minor": 1_200_000, "currency": "CNY"}
    assert item["city"] == {"adcode": "450700", "name": {"zh": "钦州", "en": "Qinzhou"}}
    assert item["version"] == "1.0.0"
    assert item["certificate"]

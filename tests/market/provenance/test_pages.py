"""The ledger's pages help who asks for something that is not there."""

from __future__ import annotations

import re

import pytest
from httpx import Response
from starlette.testclient import TestClient

from tests.builders.marketplace import Marketplace


def words(answer: Response) -> str:
    main = answer.text.split("<main", 1)[1].split("</main", 1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def look_up(web: TestClient, query: str, lang: str = "en") -> Response:
    return web.get(f"/{lang}/ledger/lookup", params={"q": query})


@pytest.mark.parametrize("query", ["99999999", "-1", "１２３４５６７８", "99999999999999999999999999"])
def test_a_number_beyond_the_log_is_told_how_far_it_reaches(small_market: Marketplace, query: str) -> None:
    small_market.drain()
    last = small_market.ledger.refreshed().size - 1
    answer = look_up(small_market.browser(), query)
    assert answer.status_code == 404
    assert f"the entries are numbered from 0 to {last}." in words(answer)
    assert f'href="/en/ledger/entries/{last}"' in answer.text
    assert f"条目编号从 0 到 {last}。" in words(look_up(small_market.browser(), query, "zh"))


@pytest.mark.parametrize("query", ["nonsense", "abc,def", "<b>x</b>", "z" * 64, "港口"])
def test_nonsense_is_told_what_can_be_looked_up(small_market: Marketplace, query: str) -> None:
    answer = look_up(small_market.browser(), query)
    assert answer.status_code == 404
    assert "is neither an entry number, nor a leaf hash" in words(answer)
    assert "64 characters" in words(answer)
    assert "<b>x</b>" not in answer.text
    assert "不是条目编号" in words(look_up(small_market.browser(), query, "zh"))


def test_a_hash_that_is_no_leaf_is_told_from_nonsense(small_market: Marketplace) -> None:
    answer = look_up(small_market.browser(), "sha256:" + "0" * 64)
    assert answer.status_code == 404
    assert "has this leaf hash" in words(answer)


def test_what_is_there_is_found_and_a_code_leads_to_its_certificate(small_market: Marketplace) -> None:
    web = small_market.browser()
    assert look_up(web, " #0 ").headers["location"] == "/en/ledger/entries/0"
    assert look_up(web, "7q4m-xk2p-9trd").headers["location"] == "/en/c/7Q4M-XK2P-9TRD"
    assert look_up(web, "").status_code == 200


def test_an_address_of_an_entry_that_is_not_there_says_the_same(small_market: Marketplace) -> None:
    answer = small_market.browser().get("/en/ledger/entries/99999999")
    assert answer.status_code == 404
    assert "the entries are numbered from 0 to" in words(answer)


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [("en", "This is neither a receipt nor a query code"), ("zh", "这不是回执，也不是查询码")],
)
def test_text_that_is_no_receipt_is_refused_at_its_field(
    small_market: Marketplace, lang: str, sentence: str
) -> None:
    web = small_market.browser()
    trust = web.get("/ledger/trust.policy").text
    for text in ("hello\nthere", "datum receipt 港口", "-----BEGIN RECEIPT-----"):
        answer = _send(web, lang, {"text": text, "trust": trust})
        assert answer.status_code == 422
        assert f'id="f-text-error">{"Error:" if lang == "en" else "错误："} {sentence}' in answer.text
        assert text.split("\n", maxsplit=1)[0] in answer.text
    assert "找不到" not in answer.text
    empty = _send(web, lang, {"text": "", "trust": trust})
    assert empty.status_code == 422


def test_json_that_is_no_receipt_is_said_to_be_none(small_market: Marketplace) -> None:
    web = small_market.browser()
    trust = web.get("/ledger/trust.policy").text
    said = words(_send(web, "zh", {"text": '{"a": 1}', "trust": trust}))
    assert "这不是回执，或内容不完整、被改动" in said
    assert "This is not a receipt" in words(_send(web, "en", {"text": '{"a": 1}', "trust": trust}))


def _send(web: TestClient, lang: str, fields: dict[str, str]) -> Response:
    page = web.get(f"/{lang}/verify").text
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return web.post(
        f"/{lang}/verify", data=fields | {"csrf": found[1]}, headers={"Sec-Fetch-Site": "same-origin"}
    )

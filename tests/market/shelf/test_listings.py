"""What is on show passed every gate; what fails one is told which, and what to do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from market.shelf import repository
from market.shelf.search_index import create_search_index, drop_search_index, is_search_table
from tests.market.licensing.conftest import publish, signed
from tests.market.shelf.conftest import OPEN, PAID, REQUEST, Shelf


def failed(answer: Any) -> dict[str, str]:
    assert answer.status_code == 409, answer.text
    problem = answer.json()
    assert problem["slug"] == "asset-not-listable"
    assert problem["hint"]
    assert all(error["hint"] for error in problem["errors"])
    return {error["where"]: error["detail"] for error in problem["errors"]}


def put_on_show(shelf: Shelf, asset: dict[str, Any], **body: Any) -> Any:
    return shelf.provider("POST", f"/assets/{asset['id']}/listing", body)


def test_each_gate_is_named_with_what_to_do(shelf: Shelf) -> None:
    asset = shelf.registered()
    assert set(failed(put_on_show(shelf, asset))) == {"certificate", "offer"}
    publish(shelf.provider, asset["id"], OPEN)
    assert failed(put_on_show(shelf, asset)) == {"certificate": "The asset has no certificate yet."}
    shelf.certify(asset)
    answer = put_on_show(shelf, asset)
    assert answer.status_code == 201
    assert all(gate["passed"] for gate in answer.json()["gates"])
    assert shelf.search() == [asset["id"]]


def test_problems_are_told_in_the_readers_language(small_shelf: Shelf) -> None:
    asset = small_shelf.registered()
    answer = small_shelf.provider("POST", f"/assets/{asset['id']}/listing", {}, Accept_Language="zh-CN")
    assert failed(answer)["certificate"] == "该资产尚无登记凭证。"


def regraded(shelf: Shelf, offer: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """An asset whose metadata changed after its offer was published; licensing refuses such offers itself."""
    asset = shelf.ready(offer)
    body = {"metadata": asset["metadata"] | metadata}
    answer = shelf.provider("PATCH", f"/assets/{asset['id']}", body, If_Match='"1"')
    assert answer.status_code == 200, answer.text
    return asset


def test_core_and_listed_data_stay_off(small_shelf: Shelf) -> None:
    core = regraded(small_shelf, REQUEST, grade="CORE")
    assert set(failed(put_on_show(small_shelf, core))) == {"grade", "negative_list"}
    personal = regraded(small_shelf, OPEN, personal_info="PERSONAL")
    assert set(failed(put_on_show(small_shelf, personal))) == {"negative_list"}
    asked_for = regraded(small_shelf, REQUEST, personal_info="SENSITIVE")
    assert put_on_show(small_shelf, asked_for).status_code == 201
    for change in ({"personal_info": "PERSONAL"}, {"personal_info": "SENSITIVE"}):
        for_money = regraded(small_shelf, PAID, **change)
        assert set(failed(put_on_show(small_shelf, for_money))) == {"negative_list"}


def test_a_certificate_that_ended_is_none(small_shelf: Shelf) -> None:
    asset = small_shelf.registered()
    publish(small_shelf.provider, asset["id"], OPEN)
    small_shelf.certify(asset, state="REVOKED")
    assert "no longer valid" in failed(put_on_show(small_shelf, asset))["certificate"]


def test_pause_and_delist(shelf: Shelf) -> None:
    asset = shelf.ready()
    assert put_on_show(shelf, asset, state="PAUSED").status_code == 409
    assert put_on_show(shelf, asset).json()["shown"]
    paused = put_on_show(shelf, asset, state="PAUSED").json()
    assert (paused["state"], paused["shown"], shelf.search()) == ("PAUSED", False, [])
    assert put_on_show(shelf, asset).json()["shown"]
    assert shelf.search("ports") == [asset["id"]]
    gone = shelf.provider("DELETE", f"/assets/{asset['id']}/listing").json()
    assert (gone["state"], gone["shown"]) == ("DELISTED", False)
    assert gone["delisted_at"]
    assert (shelf.search(), shelf.search("ports"), shelf.facets()["city"]) == ([], [], {})
    again = shelf.provider("DELETE", f"/assets/{asset['id']}/listing").json()
    assert again["delisted_at"] == gone["delisted_at"]
    assert put_on_show(shelf, asset).json()["shown"]
    assert shelf.search("ports") == [asset["id"]]


def test_an_asset_without_offers_leaves_the_shelf_by_itself(shelf: Shelf) -> None:
    asset = shelf.registered()
    shelf.certify(asset)
    offer = publish(shelf.provider, asset["id"], OPEN)
    put_on_show(shelf, asset)
    draft = shelf.provider("POST", f"/offers/{offer['id']}/withdrawal-drafts", {}).json()
    done = shelf.provider(
        "POST", f"/offers/{offer['id']}/withdrawal", signed(shelf.provider, draft["to_sign"])
    )
    assert done.status_code in (200, 201), done.text
    shelf.drain()
    assert shelf.search() == []
    state = shelf.provider("GET", f"/assets/{asset['id']}/listing").json()
    assert (state["state"], state["shown"]) == ("LISTED", False)
    assert [gate["name"] for gate in state["gates"] if not gate["passed"]] == ["offer"]


def test_strangers_can_neither_list_nor_look(small_shelf: Shelf) -> None:
    asset = small_shelf.ready()
    stranger = small_shelf.org("stranger", "某公司", "Some company")
    for method, body in (("POST", {}), ("GET", None), ("DELETE", None)):
        assert stranger(method, f"/assets/{asset['id']}/listing", body).status_code == 404
    assert small_shelf.web.get(f"/api/v1/assets/{asset['id']}/listing").status_code == 401


def test_the_same_key_lists_once(small_shelf: Shelf) -> None:
    asset = small_shelf.ready()
    path = f"/assets/{asset['id']}/listing"
    first = small_shelf.provider("POST", path, {}, Idempotency_Key="one")
    second = small_shelf.provider("POST", path, {}, Idempotency_Key="one")
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.json() == second.json()
    assert small_shelf.provider("POST", path, {"colour": "red"}).status_code == 422


def test_bits_and_documents_agree(shelf: Shelf) -> None:
    """Every set of documents is what the documents' own tags say."""
    assets = [shelf.ready(OPEN if turn % 2 else PAID) for turn in range(4)]
    for asset in assets:
        put_on_show(shelf, asset)
    shelf.provider("DELETE", f"/assets/{assets[1]['id']}/listing")
    with shelf.db.reading() as session:
        kept = repository.all_bits(session)
        expected: dict[tuple[str, str], int] = {}
        for asset in (assets[0], *assets[2:]):
            document = repository.document_of(session, UUID(asset["id"]))
            assert document is not None
            assert document.id is not None
            for facet, value in (*map(tuple, document.tags), ("all", "all")):
                expected[facet, value] = expected.get((facet, value), 0) | 1 << document.id
    assert {tag: bits for tag, bits in kept.items() if bits} == expected
    assert len(expected) > 8


def test_the_index_can_be_dropped_and_made_again(shelf: Shelf) -> None:
    with shelf.db.engine.begin() as connection:
        drop_search_index(connection)
        drop_search_index(connection)
        create_search_index(connection)
    assert is_search_table("shelf_search")
    assert is_search_table("shelf_search_data")
    assert not is_search_table("shelf_document")
    asset = shelf.ready()
    put_on_show(shelf, asset)
    assert shelf.search("ports") == [asset["id"]]

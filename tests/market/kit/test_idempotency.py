"""A creating POST that is sent twice happens once and answers the same; so does one that is sent twice at the same moment."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest

from market.client import Datawharf
from tests.builders.marketplace import Marketplace


@pytest.fixture
def owner(market: Marketplace) -> Datawharf:
    return market.party("harbour", with_key=False)


def make(owner: Datawharf, name: str, key: str, into: list[Any] | None = None) -> Any:
    answer = owner.api._http.post(
        "/api/v1/organisations", json={"name": {"en": name}}, headers={"Idempotency-Key": key}
    )
    if into is not None:
        into.append(answer)
    return answer


def names(owner: Datawharf) -> list[str]:
    return sorted(item["name"]["en"] for item in owner.api.get("/api/v1/organisations")["items"])


def test_the_same_request_again_gives_the_same_reply(owner: Datawharf) -> None:
    key = str(uuid4())
    first, second = make(owner, "Coast", key), make(owner, "Coast", key)
    assert first.status_code == 201
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["idempotency-replayed"] == "true"
    assert names(owner).count("Coast") == 1


def test_another_body_under_the_same_key_is_refused(owner: Datawharf) -> None:
    key = str(uuid4())
    make(owner, "Coast", key)
    other = make(owner, "Shore", key)
    assert (other.status_code, other.json()["slug"]) == (409, "idempotency-key-reused")
    assert "Shore" not in names(owner)


def test_a_refused_request_leaves_its_key_free(owner: Datawharf) -> None:
    key = str(uuid4())
    assert make(owner, "", key).status_code == 422
    assert make(owner, "Coast", key).status_code == 201


def test_without_a_key_nothing_is_made(owner: Datawharf) -> None:
    answer = owner.api._http.post("/api/v1/organisations", json={"name": {"en": "Coast"}})
    assert (answer.status_code, answer.json()["where"]) == (400, "Idempotency-Key")
    assert "Coast" not in names(owner)


def test_two_people_may_use_the_same_key(market: Marketplace, owner: Datawharf) -> None:
    key = str(uuid4())
    other = market.party("corridor", with_key=False)
    assert make(owner, "Coast", key).json()["id"] != make(other, "Coast", key).json()["id"]


def test_sent_eight_times_at_once_it_happens_once(market: Marketplace, owner: Datawharf) -> None:
    key, answers = str(uuid4()), list[Any]()
    token = owner.api._http.headers["authorization"]

    def send() -> None:
        browser = market.browser()
        answers.append(
            browser.post(
                "/api/v1/organisations",
                json={"name": {"en": "Coast"}},
                headers={"Idempotency-Key": key, "Authorization": token},
            )
        )

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [answer.status_code for answer in answers] == [201] * 8, [answer.text for answer in answers]
    assert len({answer.content for answer in answers}) == 1
    assert names(owner).count("Coast") == 1

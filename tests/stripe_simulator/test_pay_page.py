"""The hosted page and what its buttons lead to."""

from __future__ import annotations

import pytest

from tests.stripe_simulator.orders import line, open_session
from tests.stripe_simulator.running import Running

PAID = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]


def events(simulator: Running) -> list[str]:
    return [str(event.type) for event in simulator.client().v1.events.list({"limit": 100}).data][::-1]


def test_the_page_says_in_both_languages_that_no_money_moves(simulator: Running) -> None:
    session = open_session(simulator.client(), line_items=[line("usd", 9_900)])
    chinese = simulator.http.get(f"/pay/{session.id}?lang=zh")
    english = simulator.http.get(f"/pay/{session.id}", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert 'lang="zh-CN"' in chinese.text
    assert "支付模拟器：不会发生任何资金往来。" in chinese.text
    assert "US$99.00" in chinese.text
    assert 'lang="en"' in english.text
    assert "Payment simulator: no money moves." in english.text
    assert ">Pay $99.00<" in english.text
    assert english.text.count("<button") == 5


def test_the_page_needs_no_script_and_its_policy_allows_none(simulator: Running) -> None:
    session = open_session(simulator.client())
    page = simulator.http.get(f"/pay/{session.id}")
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    # The redirect after the form goes to the shop, which browsers check against form-action as well.
    assert policy["form-action"] == "'self' http://127.0.0.1:9"
    assert "script" not in page.text.lower()
    assert "style=" not in page.text
    assert simulator.http.get("/pay/style.css").headers["content-type"].startswith("text/css")


def test_what_the_shop_writes_is_shown_as_text(simulator: Running) -> None:
    item = line("cny", 100)
    item["price_data"]["product_data"]["name"] = "<img src=x>"
    session = open_session(simulator.client(), line_items=[item], client_reference_id='"><b>')
    page = simulator.http.get(f"/pay/{session.id}").text
    assert "<img" not in page
    assert "<b>" not in page
    assert "&lt;img src=x&gt;" in page


def test_paying_leads_back_to_the_shop_once_for_all(simulator: Running) -> None:
    client = simulator.client()
    session = open_session(client)
    for _ in range(2):
        reply = simulator.press(session.id, "pay")
        assert reply.status_code == 303
        assert reply.headers["location"] == f"http://127.0.0.1:9/done?session={session.id}"
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    intent = paid.payment_intent
    assert intent is not None
    assert not isinstance(intent, str)
    charge = intent.latest_charge
    assert charge is not None
    assert not isinstance(charge, str)
    assert (intent.status, intent.amount_received, charge.amount, charge.paid) == (
        "succeeded",
        1_200_000,
        1_200_000,
        True,
    )
    assert client.v1.charges.retrieve(charge.id).payment_intent == intent.id
    assert events(simulator) == PAID
    assert simulator.http.get(f"/pay/{session.id}").text.count("<button") == 0


def test_a_declined_card_leaves_the_page_open_for_another_try(simulator: Running) -> None:
    client = simulator.client()
    session = open_session(client)
    reply = simulator.press(session.id, "decline")
    page = simulator.http.get(reply.headers["location"], headers={"Accept-Language": "en"})
    assert 'role="alert"' in page.text
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    simulator.press(session.id, "pay")
    assert events(simulator) == ["charge.failed", "payment_intent.payment_failed", *PAID]
    assert simulator.http.get("/_sim").json()["counts"]["intents"] == 1


@pytest.mark.parametrize(
    ("button", "outcome", "payment_status"),
    [
        ("pay_later", "checkout.session.async_payment_succeeded", "paid"),
        ("fail_later", "checkout.session.async_payment_failed", "unpaid"),
    ],
)
def test_an_asynchronous_payment_ends_when_the_clock_says(
    simulator: Running, button: str, outcome: str, payment_status: str
) -> None:
    simulator.control("knobs", {"async_delay": 3_600})
    client = simulator.client()
    session = open_session(client)
    assert simulator.press(session.id, button).headers["location"].startswith("http://127.0.0.1:9/done")
    under_way = client.v1.checkout.sessions.retrieve(session.id)
    assert (under_way.status, under_way.payment_status) == ("complete", "unpaid")
    assert events(simulator)[-1] == "checkout.session.completed"
    simulator.control("clock", {"seconds": 3_600})
    assert events(simulator)[-1] == outcome
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == payment_status


def test_cancelling_expires_the_page(simulator: Running) -> None:
    session = open_session(simulator.client())
    reply = simulator.press(session.id, "expire")
    assert (reply.status_code, reply.headers["location"]) == (303, "http://127.0.0.1:9/back")
    assert simulator.http.get(f"/pay/{session.id}").status_code == 410
    assert events(simulator) == ["checkout.session.expired"]


def test_unknown_pages_and_buttons_and_foreign_forms_do_nothing(simulator: Running) -> None:
    session = open_session(simulator.client())
    assert simulator.http.get("/pay/cs_test_none").status_code == 404
    assert simulator.press("cs_test_none", "pay").status_code == 404
    assert simulator.press(session.id, "steal").status_code == 400
    foreign = simulator.http.post(
        f"/pay/{session.id}", data={"action": "pay"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403
    assert simulator.client().v1.checkout.sessions.retrieve(session.id).status == "open"

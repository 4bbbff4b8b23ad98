"""Checkout Sessions through the official client."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.orders import line, open_session, order
from tests.stripe_simulator.running import SECRET_KEY, Running


def test_a_session_is_opened_and_found_again(simulator: Running) -> None:
    client = simulator.client()
    session = open_session(client, line_items=[line("cny", 500, 3), line("cny", 50)])
    again = client.v1.checkout.sessions.retrieve(session.id)
    assert again.to_dict() == session.to_dict()
    assert (again.amount_total, again.currency, again.livemode) == (1550, "cny", False)
    assert (again.status, again.payment_status, again.payment_intent) == ("open", "unpaid", None)
    assert again.url == f"{simulator.base}/pay/{session.id}"
    assert again.expires_at - again.created == 24 * 60 * 60
    assert again.metadata is not None
    assert again.metadata.to_dict() == {"order_id": "order-1"}


def test_line_items_keep_their_order_and_come_in_pages(simulator: Running) -> None:
    client = simulator.client()
    session = open_session(client, line_items=[line("usd", amount) for amount in (100, 200, 300)])
    listed = client.v1.checkout.sessions.line_items.list(session.id, {"limit": 2})
    assert ([item.amount_total for item in listed.data], listed.has_more) == ([100, 200], True)
    assert [item.amount_total for item in listed.auto_paging_iter()] == [100, 200, 300]
    with_items = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    assert with_items.line_items is not None
    assert [item.amount_total for item in with_items.line_items.data] == [100, 200, 300]


def test_sessions_are_listed_newest_first_by_cursor_and_status(simulator: Running) -> None:
    client = simulator.client()
    ids = [open_session(client).id for _ in range(5)]
    client.v1.checkout.sessions.expire(ids[2])
    listed = client.v1.checkout.sessions.list({"limit": 2})
    assert [session.id for session in listed.auto_paging_iter()] == ids[::-1]
    before = client.v1.checkout.sessions.list({"ending_before": ids[2], "limit": 1})
    assert ([session.id for session in before.data], before.has_more) == ([ids[3]], True)
    expired = client.v1.checkout.sessions.list({"status": "expired"})
    assert [session.id for session in expired.data] == [ids[2]]


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"line_items": [line("cny", 100) | {"amount": 5}]}, "parameter_unknown", "line_items[0][amount]"),
        ({"line_items": None}, "parameter_missing", "line_items"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        (
            {"line_items": [{"price_data": {"unit_amount": 1}}]},
            "parameter_missing",
            "line_items[0][price_data][currency]",
        ),
        (
            {"line_items": [line("cny", "12.5")]},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        (
            {"line_items": [line("cny", -5)]},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        ({"line_items": [line("cny", 100, 0)]}, "parameter_invalid_integer", "line_items[0][quantity]"),
        ({"line_items": [line("xxx", 100)]}, None, "line_items[0][price_data][currency]"),
        ({"line_items": [line("kwd", 1234)]}, None, "line_items[0][price_data][unit_amount]"),
        ({"line_items": [line("isk", 150)]}, None, "line_items[0][price_data][unit_amount]"),
        ({"line_items": [line("usd", 100), line("eur", 100)]}, None, "line_items"),
        ({"line_items": [line("usd", 49)]}, "amount_too_small", None),
        ({"line_items": [line("jpy", 99_999_999, 2)]}, "amount_too_large", None),
        ({"line_items": [{"price": "price_1", "quantity": 1}]}, "resource_missing", "line_items[0][price]"),
        ({"mode": "gift"}, None, "mode"),
        ({"mode": "subscription"}, "simulator_unsupported", "mode"),
        ({"customer": "cus_1"}, "simulator_unsupported", "customer"),
        ({"success_url": "javascript:alert(1)"}, "url_invalid", "success_url"),
        ({"expires_at": 1}, None, "expires_at"),
        ({"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
        ({"client_reference_id": ""}, "parameter_invalid_empty", "client_reference_id"),
        ({"client_reference_id": "x" * 201}, None, "client_reference_id"),
        ({"metadata": {"k" * 41: "v"}}, None, f"metadata[{'k' * 41}]"),
        ({"metadata": "text"}, None, "metadata"),
        ({"line_items": {"first": line("cny", 100)}}, None, "line_items"),
        ({"expand": ["customer"]}, None, "expand"),
    ],
)
def test_parameters_are_checked_as_stripe_does(
    simulator: Running, changes: dict[str, Any], code: str | None, param: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        simulator.client().v1.checkout.sessions.create(order(**changes))
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)
    assert refused.value.request_id


@pytest.mark.parametrize(
    ("currency", "amount"), [("jpy", 5000), ("kwd", 1230), ("isk", 15_000), ("vnd", 250_000), ("CNY", 1)]
)
def test_every_currency_is_taken_in_its_own_smallest_unit(
    simulator: Running, currency: str, amount: int
) -> None:
    session = open_session(simulator.client(), line_items=[line(currency, amount)])
    assert (session.amount_total, session.currency) == (amount, currency.lower())


def test_the_clock_expires_a_session_and_says_so(simulator: Running) -> None:
    client = simulator.client()
    session = open_session(client)
    simulator.control("clock", {"seconds": 24 * 60 * 60 - 60})
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    simulator.control("clock", {"seconds": 60})
    expired = client.v1.checkout.sessions.retrieve(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert [event.type for event in client.v1.events.list().data] == ["checkout.session.expired"]
    assert simulator.press(session.id, "pay").status_code == 303
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(session.id)


@pytest.mark.parametrize("key", ["sk_test_of_somebody_else", "sk_live_1", SECRET_KEY + "x"])
def test_other_keys_are_refused_without_showing_them(simulator: Running, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        simulator.client(key).v1.events.list()
    assert refused.value.http_status == 401
    assert key not in str(refused.value)


def test_no_key_is_refused_and_basic_authentication_works(simulator: Running) -> None:
    reply = simulator.http.get("/v1/events")
    assert (reply.status_code, reply.json()["error"]["type"]) == (401, "invalid_request_error")
    assert simulator.http.get("/v1/events", auth=(SECRET_KEY, "")).status_code == 200


def test_foreign_accounts_addresses_and_bodies_are_refused(simulator: Running) -> None:
    with pytest.raises(stripe.PermissionError):
        simulator.client().v1.events.list(options={"stripe_account": "acct_1"})
    bearer = {"Authorization": f"Bearer {SECRET_KEY}"}
    assert simulator.http.get("/v1/customers", headers=bearer).status_code == 404
    assert simulator.http.post("/v1/refunds", json={}, headers=bearer).status_code == 400
    for body in ("a[b=1", "a=1&a=2", "a=1&a[b]=2", "a=%ff", "=1", "a" + "[b]" * 20 + "=1"):
        form = bearer | {"Content-Type": "application/x-www-form-urlencoded"}
        reply = simulator.http.post("/v1/checkout/sessions", content=body, headers=form)
        assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error"), body
    with pytest.raises(stripe.InvalidRequestError) as missing:
        simulator.client().v1.checkout.sessions.retrieve("cs_test_none")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


def test_it_answers_to_local_names_only(simulator: Running) -> None:
    assert simulator.http.get("/_sim", headers={"Host": "evil.example"}).status_code == 403
    assert simulator.http.get("/_sim", headers={"Host": "localhost:1"}).status_code == 200
    with pytest.raises(stripe.InvalidRequestError) as refused:
        simulator.client().v1.webhook_endpoints.create(
            {"url": "https://example.com/", "enabled_events": ["*"]}
        )
    assert refused.value.code == "url_invalid"

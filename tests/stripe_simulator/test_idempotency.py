"""Idempotency keys, as docs.stripe.com/api/idempotent_requests promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.stripe_simulator.orders import open_session, order
from tests.stripe_simulator.running import SECRET_KEY, Running


def count(simulator: Running) -> int:
    counts = simulator.http.get("/_sim").json()["counts"]
    return int(counts["sessions"])


def test_the_same_key_and_parameters_give_the_first_reply_again(simulator: Running) -> None:
    create = simulator.client().v1.checkout.sessions.create
    first, second = (create(order(), {"idempotency_key": "order-1/open"}) for _ in range(2))
    assert first.to_dict() == second.to_dict()
    assert count(simulator) == 1
    assert first.last_response is not None
    assert second.last_response is not None
    assert "idempotent-replayed" not in first.last_response.headers
    assert second.last_response.headers["idempotent-replayed"] == "true"


def test_the_same_key_with_other_parameters_or_address_is_refused(simulator: Running) -> None:
    client = simulator.client()
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.checkout.sessions.create(order(client_reference_id="order-2"), {"idempotency_key": "k"})
    assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        client.v1.refunds.create({"payment_intent": "pi_1"}, {"idempotency_key": "k"})
    assert count(simulator) == 1


def test_a_key_is_forgotten_after_a_day(simulator: Running) -> None:
    create = simulator.client().v1.checkout.sessions.create
    first = create(order(), {"idempotency_key": "k"})
    simulator.control("clock", {"seconds": 24 * 60 * 60 + 1})
    assert create(order(), {"idempotency_key": "k"}).id != first.id


def test_a_refusal_is_repeated_but_a_failed_validation_leaves_the_key_free(simulator: Running) -> None:
    client = simulator.client()
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(order(colour="red"), {"idempotency_key": "k"})
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    for replayed in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.refunds.create({"payment_intent": "pi_none"}, {"idempotency_key": "r"})
        assert (refused.value.headers or {}).get("idempotent-replayed") == replayed


def test_one_of_several_concurrent_requests_runs_and_the_others_get_409(simulator: Running) -> None:
    simulator.control("knobs", {"api_latency": 0.5})
    headers = {"Authorization": f"Bearer {SECRET_KEY}", "Idempotency-Key": "k"}
    form = {"success_url": "http://127.0.0.1:9/", "line_items[0][price_data][currency]": "cny"}
    form |= {
        "line_items[0][price_data][unit_amount]": "5",
        "line_items[0][price_data][product_data][name]": "a",
    }

    def post(_: int) -> tuple[int, str]:
        reply = simulator.http.post("/v1/checkout/sessions", data=form, headers=headers)
        return reply.status_code, reply.json().get("error", {}).get("code", "")

    with ThreadPoolExecutor(5) as pool:
        replies = sorted(pool.map(post, range(5)))
    assert replies == [(200, ""), *[(409, "idempotency_key_in_use")] * 4]
    assert count(simulator) == 1


def test_the_clients_own_retry_after_a_lost_reply_makes_no_second_session(simulator: Running) -> None:
    simulator.control("knobs", {"lose_replies": 1})
    session = open_session(simulator.client(retries=1))
    assert session.last_response is not None
    assert session.last_response.headers["idempotent-replayed"] == "true"
    assert count(simulator) == 1


def test_a_server_error_before_the_work_is_survived_by_a_retry(simulator: Running) -> None:
    simulator.control("knobs", {"api_errors": 1})
    with pytest.raises(stripe.APIError):
        open_session(simulator.client())
    assert count(simulator) == 0
    open_session(simulator.client(retries=1))
    assert count(simulator) == 1

"""Webhooks: real signatures, and each misfortune on demand."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest
import stripe

from market.stripe_simulator import DEMO, Knobs
from tests.stripe_simulator.orders import open_session
from tests.stripe_simulator.running import WEBHOOK_SECRET, Running, running_simulator


def paid(simulator: Running) -> str:
    session = open_session(simulator.client())
    simulator.press(session.id, "pay")
    return session.id


def ids(notices: list[tuple[bytes, str]]) -> list[str]:
    return [json.loads(body)["id"] for body, _ in notices]


def genuine(notice: tuple[bytes, str], secret: str = WEBHOOK_SECRET) -> bool:
    """Whether the official client takes the notice."""
    try:
        stripe.Webhook.construct_event(*notice, secret, api_key="unused")
    except stripe.SignatureVerificationError:
        return False
    return True


def test_events_arrive_once_in_order_and_the_official_client_accepts_them(simulator: Running) -> None:
    session = paid(simulator)
    notices = simulator.delivered()
    listed = simulator.client().v1.events.list().data[::-1]
    assert ids(notices) == [event.id for event in listed]
    assert all(map(genuine, notices))
    completed = json.loads(notices[-1][0])
    assert (completed["type"], completed["livemode"]) == ("checkout.session.completed", False)
    assert completed["data"]["object"]["id"] == session
    assert [event.pending_webhooks for event in listed] == [0, 0, 0]


def test_an_event_keeps_its_objects_state_of_then(simulator: Running) -> None:
    session = open_session(simulator.client())
    simulator.press(session.id, "pay_later")
    simulator.control(f"sessions/{session.id}/settle")
    states = {
        event["type"]: event["data"]["object"]["payment_status"]
        for event in (json.loads(body) for body, _ in simulator.delivered())
        if event["type"].startswith("checkout.")
    }
    assert states == {
        "checkout.session.completed": "unpaid",
        "checkout.session.async_payment_succeeded": "paid",
    }


def test_the_demo_sends_every_event_twice() -> None:
    with running_simulator(DEMO) as simulator:
        paid(simulator)
        assert sorted(Counter(ids(simulator.delivered())).values()) == [2, 2, 2]


def test_reordering_sends_the_last_first(simulator: Running) -> None:
    simulator.control("knobs", {"reorder": 3})
    paid(simulator)
    types = [json.loads(body)["type"] for body, _ in simulator.delivered()]
    assert types == ["checkout.session.completed", "payment_intent.succeeded", "charge.succeeded"]


def test_held_events_leave_by_themselves(simulator: Running) -> None:
    simulator.control("knobs", {"reorder": 100, "reorder_hold": 0.05})
    paid(simulator)
    deadline = time.monotonic() + 30
    while len(simulator.inbox.notices) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_dropped_events_are_listed_but_never_sent(simulator: Running) -> None:
    simulator.control("knobs", {"drop": 1})
    paid(simulator)
    assert simulator.delivered() == []
    events = simulator.client().v1.events.list().data
    assert len(events) == 3
    simulator.control("knobs", {"drop": 0})
    simulator.control(f"events/{events[0].id}/resend")
    assert ids(simulator.delivered()) == [events[0].id]


@pytest.mark.parametrize("misfortune", ["bad_signature", "old_timestamp"])
def test_notices_that_a_receiver_must_refuse(simulator: Running, misfortune: str) -> None:
    simulator.control("knobs", {misfortune: 1})
    paid(simulator)
    notices = simulator.delivered()
    assert len(notices) == 3
    assert not any(map(genuine, notices))


def test_some_bad_signatures_among_good_ones_are_repeatable() -> None:
    def outcome() -> list[str]:
        with running_simulator(Knobs(bad_signature=0.3, seed=7, backoff=0.01)) as simulator:
            for _ in range(8):
                paid(simulator)
                simulator.delivered()
            return [attempt["fault"] for attempt in simulator.http.get("/_sim/deliveries").json()["attempts"]]

    first = outcome()
    assert set(first) == {"", "bad_signature"}
    assert outcome() == first


def test_a_refused_notice_is_tried_again_until_it_is_taken(simulator: Running) -> None:
    simulator.inbox.answer = lambda n: 500 if n < 2 else 200
    session = open_session(simulator.client())
    simulator.press(session.id, "expire")
    notices = simulator.delivered()
    assert len(notices) == 3
    assert len(set(ids(notices))) == 1
    attempts: list[dict[str, Any]] = simulator.http.get("/_sim/deliveries").json()["attempts"]
    assert [(attempt["attempt"], attempt["status"]) for attempt in attempts] == [(1, 500), (2, 500), (3, 200)]


def test_retries_end_at_their_bound_and_the_event_counts_as_undelivered(simulator: Running) -> None:
    simulator.inbox.answer = lambda _: 503
    simulator.control("knobs", {"max_attempts": 3})
    session = open_session(simulator.client())
    simulator.press(session.id, "expire")
    assert len(simulator.delivered()) == 3
    listed = simulator.client().v1.events.list
    assert [event.type for event in listed({"delivery_success": False}).data] == ["checkout.session.expired"]
    assert listed({"delivery_success": True}).data == []


def test_further_endpoints_get_the_types_they_asked_for(simulator: Running) -> None:
    client = simulator.client()
    host = simulator.http.get("/_sim").json()["endpoints"][0]["url"]
    endpoint = client.v1.webhook_endpoints.create({"url": host, "enabled_events": ["charge.succeeded"]})
    paid(simulator)
    notices = simulator.delivered()
    types = Counter(json.loads(body)["type"] for body, _ in notices)
    assert types == {"charge.succeeded": 2, "payment_intent.succeeded": 1, "checkout.session.completed": 1}
    assert endpoint.secret is not None
    assert endpoint.secret.startswith("whsec_")
    assert sum(genuine(notice, endpoint.secret) for notice in notices) == 1


def test_events_are_listed_by_type(simulator: Running) -> None:
    paid(simulator)
    simulator.delivered()
    listed = simulator.client().v1.events.list
    assert [event.type for event in listed({"type": "charge.*"}).data] == ["charge.succeeded"]
    assert len(listed({"types": ["charge.succeeded", "payment_intent.succeeded"]}).data) == 2
    assert len(listed({"created": {"gte": int(time.time()) + 3_600}}).data) == 0
    event = listed().data[0]
    assert simulator.client().v1.events.retrieve(event.id).to_dict() == event.to_dict()


def test_knobs_are_checked_and_forms_of_other_sites_cannot_turn_them(simulator: Running) -> None:
    for wrong in ({"drop": 2}, {"luck": 1}, {"duplicate": "many"}):
        assert simulator.http.post("/_sim/knobs", json=wrong).status_code == 400
    assert simulator.http.post("/_sim/knobs", data={"drop": "1"}).status_code == 415
    assert simulator.http.get("/_sim").json()["knobs"]["drop"] == 0

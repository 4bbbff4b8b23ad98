"""Whatever customers, shop and clock do, the simulator's books stay consistent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from market.stripe_simulator import checkout, payments, refunds
from market.stripe_simulator.faults import StripeFault
from market.stripe_simulator.simulator import Simulator
from market.stripe_simulator.store import Json


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.simulator = Simulator("sk_test_1", clock=lambda: 1_800_000_000)
        self.store = self.simulator.store

    def one(self, data: st.DataObject) -> Json:
        return data.draw(st.sampled_from(list(self.store.sessions.values())))

    @rule(amount=st.integers(1, 10_000))
    def open_session(self, amount: int) -> None:
        price = {"currency": "cny", "unit_amount": amount, "product_data": {"name": "a"}}
        params: Any = {"success_url": "http://127.0.0.1/", "line_items": [{"price_data": price}]}
        checkout.create_session(self.store, params, "http://127.0.0.1")

    @precondition(lambda self: self.store.sessions)
    @rule(data=st.data(), button=st.sampled_from(["pay", "decline", "later", "expire", "settle", "bounce"]))
    def press(self, data: st.DataObject, button: str) -> None:
        session = self.one(data)
        was_open, under_way = session["status"] == "open", session["id"] in self.store.settling
        act: dict[str, Callable[[], object]] = {
            "pay": lambda: payments.pay(self.store, session),
            "decline": lambda: payments.decline(self.store, session),
            "later": lambda: payments.pay_asynchronously(self.store, session, succeeds=True, delay=600),
            "expire": lambda: checkout.expire_session(self.store, session),
            "settle": lambda: payments.settle(self.store, session, succeeds=True),
            "bounce": lambda: payments.settle(self.store, session, succeeds=False),
        }
        try:
            act[button]()
        except StripeFault:
            assert not (under_way if button in ("settle", "bounce") else was_open)
        else:
            assert under_way if button in ("settle", "bounce") else was_open

    @precondition(lambda self: self.store.intents)
    @rule(data=st.data(), amount=st.integers(1, 6_000))
    def refund(self, data: st.DataObject, amount: int) -> None:
        intent = data.draw(st.sampled_from(list(self.store.intents)))
        before = self.refunded(intent)
        paid = self.store.intents[intent]["amount_received"]
        try:
            refunds.create_refund(self.store, {"payment_intent": intent, "amount": amount})
        except StripeFault:
            assert before + amount > paid
        else:
            assert self.refunded(intent) == before + amount <= paid

    @rule(seconds=st.sampled_from([60, 600, 43_200, 86_400]))
    def wait(self, seconds: int) -> None:
        self.simulator.advance(seconds)

    def refunded(self, intent: str) -> int:
        return sum(r["amount"] for r in self.store.refunds.values() if r["payment_intent"] == intent)

    @invariant()
    def a_session_is_paid_exactly_when_one_charge_succeeded(self) -> None:
        for session in self.store.sessions.values():
            mine = [
                c for c in self.store.charges.values() if c["payment_intent"] == session["payment_intent"]
            ]
            good = [charge for charge in mine if charge["paid"]]
            assert len(good) == (session["payment_status"] == "paid")
            assert sum(charge["amount"] for charge in good) in (0, session["amount_total"])
            assert not (good and session["status"] != "complete")
            assert not (session["status"] == "open" and session["expires_at"] <= self.simulator.now())

    @invariant()
    def a_charge_knows_its_refunds(self) -> None:
        for charge in self.store.charges.values():
            given = sum(r["amount"] for r in self.store.refunds.values() if r["charge"] == charge["id"])
            assert charge["amount_refunded"] == given <= charge["amount"]
            assert charge["refunded"] == (given == charge["amount"])

    @invariant()
    def every_ending_is_told_once(self) -> None:
        told = [(e["type"], e["data"]["object"]["id"]) for e in self.store.events.values()]
        sessions = [pair for pair in told if pair[0].startswith("checkout.session.")]
        assert len(set(sessions)) == len(sessions)
        for session in self.store.sessions.values():
            assert (("checkout.session.expired", session["id"]) in told) == (session["status"] == "expired")
            assert (("checkout.session.completed", session["id"]) in told) == (
                session["status"] == "complete"
            )


Books.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestBooks = Books.TestCase

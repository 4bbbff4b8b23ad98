"""Paying by bank transfer: two persons, the right reference, and the whole sum, or nothing happens."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from market.kit.auth import Principal, Role, Via
from market.kit.errors import Fault, Forbidden
from market.payments import service as payments
from market.payments.bank_transfer import reference_for
from market.payments.errors import (
    BadReference,
    NoSuchInvoice,
    SecondPersonNeeded,
    TransferDecided,
    TransferKnown,
)
from market.payments.schemas import TransferDecision, TransferIn, TransferView
from tests.market.licensing.conftest import PAID, ok
from tests.market.orders.conftest import ACCOUNT, Till

YES, NO = TransferDecision(decision="CONFIRMED"), TransferDecision(decision="REJECTED")


def operator() -> Principal:
    return Principal(
        via=Via.SESSION, account_id=uuid4(), org_id=uuid4(), roles=frozenset({Role.OPERATOR}), platform=True
    )


ANN, BEN = operator(), operator()


def enter(till: Till, reference: str, amount: str, line: str, who: Principal = ANN) -> TransferView:
    new = TransferIn(reference=reference, amount=amount, bank_line=line, booked_on="2026-07-02")  # type: ignore[arg-type]
    with till.shop.db.writing() as session:
        return payments.enter_transfer(session, actor=who, new=new, now=till.shop.clock.now())


def confirm(
    till: Till, transfer: UUID, who: Principal = BEN, decision: TransferDecision = YES
) -> TransferView:
    with till.shop.db.writing() as session:
        return payments.confirm_transfer(
            session, actor=who, transfer_id=transfer, decision=decision, now=till.shop.clock.now()
        )


def invoiced(till: Till) -> tuple[dict[str, Any], dict[str, Any]]:
    order = till.order(till.sold()["id"], "bank_transfer")
    return order, order["invoice"]


def test_an_invoice_is_paid_when_two_operators_have_seen_the_whole_sum(till: Till) -> None:
    order, invoice = invoiced(till)
    assert (order["state"], order["checkout_url"]) == ("AWAITING_PAYMENT", None)
    assert invoice["reference"] == reference_for(order["id"])
    assert invoice["pay_to"]["number"] == ACCOUNT.number
    assert invoice["amount"] == order["amount"]
    assert ok(till.buyer("GET", "/invoices"), 200)["items"] == [invoice]
    assert ok(till.provider("GET", "/invoices"), 200)["items"] == []

    written = f"rf{invoice['reference'][2:4]} {invoice['reference'][4:].lower()}"
    transfer = enter(till, written, "12,000.00", "line-1")
    till.work()
    assert till.state(order)["state"] == "AWAITING_PAYMENT"
    confirm(till, transfer.id)
    till.work()
    done = till.state(order)
    assert (done["state"], done["invoice"]["state"]) == ("FULFILLED", "PAID")
    assert len(till.licences()) == 1


def test_the_same_person_never_confirms_what_he_entered(small_till: Till) -> None:
    till = small_till
    order, invoice = invoiced(till)
    transfer = enter(till, invoice["reference"], "12000", "line-1")
    with pytest.raises(SecondPersonNeeded) as refusal:
        confirm(till, transfer.id, ANN)
    assert int(refusal.value.kind) == 403
    till.work()
    assert till.state(order)["state"] == "AWAITING_PAYMENT"
    confirm(till, transfer.id, BEN)
    with pytest.raises(TransferDecided):
        confirm(till, transfer.id, operator())


def test_a_part_of_the_sum_pays_nothing_until_the_rest_is_there(small_till: Till) -> None:
    till = small_till
    order, invoice = invoiced(till)
    confirm(till, enter(till, invoice["reference"], "11999.99", "line-1").id)
    till.work(days=20)
    waiting = till.state(order)
    assert (waiting["state"], waiting["invoice"]["state"]) == ("AWAITING_PAYMENT", "PART_PAID")
    assert waiting["invoice"]["received"]["minor"] == 1_199_999
    assert till.licences() == []
    confirm(till, enter(till, invoice["reference"], "0.01", "line-2").id)
    till.work()
    assert till.state(order)["state"] == "FULFILLED"


def test_a_rejected_line_does_not_count(small_till: Till) -> None:
    till = small_till
    order, invoice = invoiced(till)
    confirm(till, enter(till, invoice["reference"], "12000", "line-1").id, decision=NO)
    till.work()
    assert till.state(order)["state"] == "AWAITING_PAYMENT"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"reference": "RF18 5390 0754 7034"}, BadReference),
        ({"reference": reference_for("another order")}, NoSuchInvoice),
        ({"amount": "0"}, NoSuchInvoice),
        ({"amount": "12000.001"}, Fault),
        ({"line": "line-0"}, TransferKnown),
        (
            {"who": Principal(via=Via.SESSION, account_id=uuid4(), org_id=uuid4(), roles=frozenset(Role))},
            Forbidden,
        ),
    ],
)
def test_what_does_not_fit_is_not_entered(
    small_till: Till, changes: dict[str, Any], fault: type[Fault]
) -> None:
    order, invoice = invoiced(small_till)
    enter(small_till, invoice["reference"], "1", "line-0")
    asked = {"reference": invoice["reference"], "amount": "12000", "line": "line-1"} | changes
    with pytest.raises(fault):
        enter(small_till, **asked)
    assert small_till.state(order)["state"] == "AWAITING_PAYMENT"


def test_a_slip_in_the_reference_is_noticed(small_till: Till) -> None:
    _, invoice = invoiced(small_till)
    good = invoice["reference"]
    swapped = good[:5] + good[6] + good[5] + good[7:]
    if swapped != good:
        with pytest.raises(BadReference):
            enter(small_till, swapped, "12000", "line-1")


def test_an_invoice_runs_out_and_numbers_have_no_gaps(small_till: Till) -> None:
    till = small_till
    order, invoice = invoiced(till)
    till.work(days=15)
    assert (till.state(order)["state"], till.state(order)["invoice"]["state"]) == ("EXPIRED", "CANCELLED")
    second = till.order(order["contract_id"], "bank_transfer")
    assert int(second["invoice"]["number"]) == int(invoice["number"]) + 1
    confirm(till, enter(till, second["invoice"]["reference"], "12000", "line-1").id)
    till.work()
    assert till.state(second)["state"] == "FULFILLED"


def test_a_currency_without_an_account_is_said(small_till: Till) -> None:
    till = small_till
    contract = till.sold(PAID | {"price": {"minor": 5000, "currency": "USD"}})
    answer = till.buyer("POST", "/orders", {"contract_id": contract["id"], "gateway": "bank_transfer"})
    assert (answer.status_code, answer.json()["slug"]) == (422, "amount-not-payable")
    assert ok(till.buyer("GET", "/invoices"), 200)["items"] == []

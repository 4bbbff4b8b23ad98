"""Payment references: every slip of the hand is noticed; instructions say all that a buyer needs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from market.kit.money import Money
from market.payments.bank_transfer import (
    ALPHABET,
    BankAccount,
    BankTransferGateway,
    parse_reference,
    print_reference,
    reference_for,
)
from market.payments.errors import AmountNotPayable, BadReference

ACCOUNT = BankAccount(
    "Datawharf Ltd 数港有限公司", "Bank of Qingdao 青岛银行", "802010200123456", "313452060150"
)
GATEWAY = BankTransferGateway({"CNY": ACCOUNT})
DUE = datetime(2026, 12, 1, tzinfo=UTC)
references = st.builds(reference_for, st.text())


@given(references)
def test_references_are_iso_11649_and_read_back(reference: str) -> None:
    assert iso11649.is_valid(reference)
    assert parse_reference(reference) == reference


@given(references, st.data())
def test_every_wrong_character_is_noticed(reference: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(2, len(reference) - 1))
    pool = "0123456789" if place < 4 else ALPHABET
    wrong = data.draw(st.sampled_from([character for character in pool if character != reference[place]]))
    with pytest.raises(BadReference):
        parse_reference(reference[:place] + wrong + reference[place + 1 :])


@given(references)
def test_every_swap_of_neighbours_and_every_lost_character_is_noticed(reference: str) -> None:
    for i in range(len(reference) - 1):
        if reference[i] != reference[i + 1]:
            with pytest.raises(BadReference):
                parse_reference(reference[:i] + reference[i + 1] + reference[i] + reference[i + 2 :])
        with pytest.raises(BadReference):
            parse_reference(reference[:i] + reference[i + 1 :])


def test_a_reference_is_fixed_for_ever() -> None:
    assert reference_for("x") == "RF38NTGYVRMCGDPA"


@pytest.mark.parametrize(
    "text", ["", "RF", "RF00NTGYVRMCGDPA", "RF99NTGYVRMCGDPA", "RF38NTGYVRMCGDPA1", "38NTGYVRMCGDPA"]
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(BadReference):
        parse_reference(text)


def test_case_width_spaces_and_hyphens_do_not_matter() -> None:
    for typed in (
        "rf38 ntgy vrmc gdpa",
        "RF38-NTGY-VRMC-GDPA",
        "ＲＦ３８ＮＴＧＹＶＲＭＣＧＤＰＡ",
        " RF38\u3000NTGYVRMCGDPA ",
    ):
        assert parse_reference(typed) == "RF38NTGYVRMCGDPA"


def test_instructions_say_where_how_much_and_with_which_remark() -> None:
    told = GATEWAY.instruct(
        order_id="x", amount=Money(1_200_000, "CNY"), description="Tides of Qingdao", due=DUE
    )
    assert (told.account, told.amount, told.due) == (ACCOUNT, Money(1_200_000, "CNY"), DUE)
    assert print_reference(told.reference) == "RF38 NTGY VRMC GDPA"
    assert parse_reference(print_reference(told.reference)) == told.reference


@pytest.mark.parametrize("amount", [Money(0, "CNY"), Money(-1, "CNY"), Money(100, "USD")])
def test_nothing_and_currencies_without_an_account_cannot_be_invoiced(amount: Money) -> None:
    with pytest.raises(AmountNotPayable):
        GATEWAY.instruct(order_id="x", amount=amount, description="Tides of Qingdao", due=DUE)

"""Money: exact, never mixed, and every split sums to the whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from market.kit.money import (
    EXPONENTS,
    MAX_MINOR,
    AmountNotExact,
    CurrencyMismatch,
    Money,
    UnknownCurrency,
    format_money,
    parse_money,
    total,
)

currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.builds(Money, st.integers(-MAX_MINOR, MAX_MINOR), currencies)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any)


@given(amounts, weights)
def test_shares_sum_to_the_whole_and_are_within_one_unit_of_exact(whole: Money, parts: list[int]) -> None:
    shares = whole.split(parts)
    assert total(shares, whole.currency) == whole
    for share, weight in zip(shares, parts, strict=True):
        exact = Decimal(whole.minor) * weight / sum(parts)
        assert abs(share.minor - exact) < 1
        assert weight or not share


@given(amounts, weights)
def test_a_credit_splits_as_its_debit_does(whole: Money, parts: list[int]) -> None:
    assert (-whole).split(parts) == [-share for share in whole.split(parts)]


def test_largest_remainder_gets_the_odd_unit_and_ties_go_first() -> None:
    assert [share.minor for share in Money(100, "CNY").split([1, 1, 1])] == [34, 33, 33]
    assert [share.minor for share in Money(10, "JPY").split([1, 2, 3])] == [2, 3, 5]


@pytest.mark.parametrize("parts", [[], [0, 0], [1, -1], [0.5, 0.5], [True]])
def test_weights_that_share_nothing_are_refused(parts: list[Any]) -> None:
    with pytest.raises(AmountNotExact):
        Money(100, "CNY").split(parts)


@given(amounts)
def test_canonical_text_reads_back(money: Money) -> None:
    number, currency = str(money).split()
    assert parse_money(number, currency) == money


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".5", "1.234", "1e3", "NaN", "-", "1,00", ",100", "1 0", "１２", "+1", "0x1"]
)
def test_text_that_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountNotExact):
        parse_money(text, "CNY")


def test_decimal_places_are_the_currencys_own() -> None:
    assert parse_money("12,000.5", "CNY").minor == 1_200_050
    assert parse_money("5000", "JPY").minor == 5000
    assert parse_money("1.234", "KWD").minor == 1234
    with pytest.raises(AmountNotExact):
        parse_money("5000.0", "JPY")


@pytest.mark.parametrize("minor", [1.0, 1.5, True, "1", Decimal(1), None])
def test_only_whole_numbers_are_money(minor: Any) -> None:
    with pytest.raises(AmountNotExact):
        Money(minor, "CNY")


def test_too_large_to_be_exact_is_refused() -> None:
    with pytest.raises(AmountNotExact):
        Money(MAX_MINOR, "CNY") + Money(1, "CNY")


@pytest.mark.parametrize("currency", ["cny", "XXX", "", None])
def test_unknown_currencies_are_refused(currency: Any) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, currency)


def test_currencies_never_mix() -> None:
    yuan, dollar = Money(1, "CNY"), Money(1, "USD")
    for combine in (
        lambda: yuan + dollar,
        lambda: yuan - dollar,
        lambda: yuan < dollar,
        lambda: yuan >= dollar,
        lambda: total([yuan, dollar], "CNY"),
    ):
        with pytest.raises(CurrencyMismatch):
            combine()
    assert yuan != dollar


def test_a_float_factor_is_refused() -> None:
    with pytest.raises(AmountNotExact):
        Money(100, "CNY") * 0.5  # type: ignore[operator]


def test_a_portion_rounds_half_to_even() -> None:
    assert Money(1_200_000, "CNY").portion(250) == Money(30_000, "CNY")
    assert [Money(minor, "JPY").portion(5000).minor for minor in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]


@pytest.mark.parametrize(
    ("money", "zh", "en"),
    [
        (Money(1_200_000, "CNY"), "¥12,000.00", "CN¥12,000.00"),
        (Money(9_900, "USD"), "US$99.00", "$99.00"),
        (Money(5_000, "JPY"), "JP¥5,000", "¥5,000"),
        (Money(1_234, "KWD"), "KWD\N{NO-BREAK SPACE}1.234", "KWD\N{NO-BREAK SPACE}1.234"),
        (Money(-50, "CNY"), "-¥0.50", "-CN¥0.50"),
        (Money(250_000, "VND"), "₫250,000", "₫250,000"),
    ],
)
def test_formatting(money: Money, zh: str, en: str) -> None:
    assert (format_money(money, "zh"), format_money(money, "en")) == (zh, en)


def test_models_take_money_only_with_whole_units() -> None:
    class Line(BaseModel):
        price: Money

    assert Line.model_validate({"price": {"minor": 5, "currency": "CNY"}}).price == Money(5, "CNY")
    for minor in (5.0, "5", True):
        with pytest.raises(ValidationError):
            Line.model_validate({"price": {"minor": minor, "currency": "CNY"}})

"""Which amounts Stripe takes in which currency (docs.stripe.com/currencies).

Amounts are in the smallest unit, with two exceptions that Stripe keeps for old times' sake: ISK and UGX have
no decimals but are written with two, which must be zero. Three-decimal currencies must end in 0.
"""

from __future__ import annotations

from market.kit.i18n import Lang
from market.kit.money import EXPONENTS, Money, format_money
from market.stripe_simulator.faults import StripeFault

CURRENCIES = {code.lower() for code in EXPONENTS} - {"iqd", "lyd"}
WRITTEN_WITH_TWO_DECIMALS = {"isk", "ugx"}
MINIMUM = {
    "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50,
    "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
MAXIMUM = 99_999_999


def check_currency(given: str, param: str) -> str:
    """The currency in lower case. Raises StripeFault."""
    currency = given.lower()
    if currency not in CURRENCIES:
        supported = ", ".join(sorted(CURRENCIES))
        raise StripeFault(
            f"Invalid currency: {given}. The simulator supports these: {supported}", param=param
        )
    return currency


def check_unit_amount(amount: int, currency: str, param: str) -> None:
    """Raises StripeFault for amounts that are negative or that no one can pay in the currency."""
    if amount < 0:
        raise StripeFault("Invalid non-negative integer", code="parameter_invalid_integer", param=param)
    step = 100 if currency in WRITTEN_WITH_TWO_DECIMALS else 10 if EXPONENTS[currency.upper()] == 3 else 1
    if amount % step:
        raise StripeFault(
            f"Invalid amount: in {currency} the amount must be divisible by {step}", param=param
        )


def check_total(amount: int, currency: str) -> None:
    """Raises StripeFault amount_too_small or amount_too_large."""
    least = MINIMUM.get(currency, 1)
    if amount < least:
        raise StripeFault(
            f"The Checkout Session's total amount due must add up to at least {show(least, currency, 'en')}",
            code="amount_too_small",
        )
    if amount > MAXIMUM:
        raise StripeFault(
            f"The Checkout Session's total amount must be no more than {show(MAXIMUM, currency, 'en')}",
            code="amount_too_large",
        )


def show(amount: int, currency: str, lang: Lang) -> str:
    """An amount as Stripe writes it, for reading."""
    minor = amount // 100 if currency in WRITTEN_WITH_TWO_DECIMALS else amount
    return format_money(Money(minor, currency.upper()), lang)

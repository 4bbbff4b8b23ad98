"""Money: a whole number of minor units and a currency. Floats are refused, currencies never mix.

The exponent is the number of decimal places (ISO 4217): 12,000.00 CNY is Money(1_200_000, "CNY").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Annotated

from babel import Locale
from babel.numbers import NumberPattern, get_currency_symbol
from pydantic import Strict

from market.kit.errors import Fault
from market.kit.i18n import N_, Lang

# ISO 4217 exponents of the currencies that can be quoted here.
_CODES_BY_EXPONENT = {
    0: "CLP ISK JPY KRW UGX VND XAF XOF XPF",
    2: "AED AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR INR KZT LAK MNT MOP MXN MYR NOK NZD PHP PKR PLN "
    "QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD ZAR",  # codespell:ignore
    3: "BHD IQD JOD KWD LYD OMR TND",
}
EXPONENTS = {code: places for places, codes in _CODES_BY_EXPONENT.items() for code in codes.split()}
# The largest integer that every JSON reader, and so every signed statement, carries exactly.
MAX_MINOR = 2**53 - 1
_CLDR_LOCALES: dict[Lang, str] = {"zh": "zh_Hans_CN", "en": "en"}


class UnknownCurrency(Fault):
    slug = "unknown-currency"
    title = N_("This currency is not traded here")


class CurrencyMismatch(Fault):
    slug = "currency-mismatch"
    title = N_("Amounts in different currencies do not mix")


class AmountNotExact(Fault):
    slug = "amount-not-exact"
    title = N_("This is not an exact amount of money")


def exponent(currency: str) -> int:
    """Decimal places of a currency, e.g. CNY 2, JPY 0, KWD 3. Raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except (KeyError, TypeError):
        raise UnknownCurrency(
            N_("The currency %(currency)s is not known."), currency=repr(currency)
        ) from None


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` minor units of `currency` (upper-case ISO 4217 code); may be negative, as in a credit."""

    minor: Annotated[int, Strict()]
    currency: Annotated[str, Strict()]

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise AmountNotExact(
                N_("An amount is a whole number of minor units, not %(given)s."), given=repr(self.minor)
            )
        if abs(self.minor) > MAX_MINOR:
            raise AmountNotExact(
                N_("The amount %(given)s is too large to be carried exactly."), given=self.minor
            )
        exponent(self.currency)

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money):
            raise AmountNotExact(N_("%(given)s has no currency."), given=repr(other))
        if other.currency != self.currency:
            raise CurrencyMismatch(
                N_("%(left)s and %(right)s cannot be combined."), left=self.currency, right=other.currency
            )
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        """So many of it. Fractions are what split() and portion() are for."""
        if type(times) is not int:
            raise AmountNotExact(
                N_("Money is multiplied by whole numbers only, not %(given)s."), given=repr(times)
            )
        return Money(self.minor * times, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        """Canonical text that parse_money reads back, e.g. "12000.00 CNY"."""
        return f"{self.decimal():f} {self.currency}"

    def decimal(self) -> Decimal:
        """In major units, exact, with all decimal places: Decimal("12000.00")."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Shares in proportion to the weights, by largest remainder; they always sum to the whole.

        Equal remainders go to the earlier share. A credit splits as its debit does, with the sign turned.
        Raises AmountNotExact if a weight is negative or not an int, or if all are zero.
        """
        if any(type(weight) is not int or weight < 0 for weight in weights) or not sum(weights):
            raise AmountNotExact(N_("Shares need whole weights of zero or more, not all of them zero."))
        total, size, sign = sum(weights), abs(self.minor), -1 if self.minor < 0 else 1
        shares = [size * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % total), i))
        for i in by_remainder[: size - sum(shares)]:
            shares[i] += 1
        return [Money(sign * share, self.currency) for share in shares]

    def portion(self, basis_points: int) -> Money:
        """So many ten-thousandths of it, the nearest minor unit, a half going to the even neighbour."""
        if type(basis_points) is not int:
            raise AmountNotExact(
                N_("A rate is a whole number of basis points, not %(given)s."), given=repr(basis_points)
            )
        whole, rest = divmod(self.minor * basis_points, 10_000)
        return Money(whole + (rest * 2 > 10_000 or (rest * 2 == 10_000 and whole % 2 == 1)), self.currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum, which for no amounts at all is zero of `currency`. Raises CurrencyMismatch."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result


def parse_money(text: str, currency: str) -> Money:
    """Major units as people write them ("12000", "12,000.00") in `currency`.

    Raises AmountNotExact for anything else, and for more decimal places than the currency has.
    """
    places = exponent(currency)
    whole, point, fraction = text.strip().partition(".")
    groups = whole.removeprefix("-").split(",")
    well_formed = (
        text.isascii()
        and all(group.isdigit() for group in groups)
        and (len(groups) == 1 or (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])))
        and (fraction.isdigit() if point else True)
        and len(fraction) <= places
    )
    if not well_formed or len(text) > 40:
        raise AmountNotExact(
            N_("%(given)s is not an amount in %(currency)s."), given=repr(text), currency=currency
        )
    minor = int(Decimal(whole.replace(",", "") + point + fraction).scaleb(places))
    return Money(minor, currency)


@cache
def _pattern(lang: Lang, currency: str) -> NumberPattern:
    """CLDR's currency pattern with our decimal places: CLDR differs from ISO 4217 for some."""
    pattern: NumberPattern = copy(Locale.parse(_CLDR_LOCALES[lang]).currency_formats["standard"])
    pattern.frac_prec = (exponent(currency), exponent(currency))
    # CLDR's alphaNextToNumber rule, which Babel leaves out: KWD 1.234, but US$99.00.
    if get_currency_symbol(currency, _CLDR_LOCALES[lang])[-1].isalpha():
        positive, negative = pattern.prefix
        pattern.prefix = (
            positive.replace("¤", "¤\N{NO-BREAK SPACE}"),
            negative.replace("¤", "¤\N{NO-BREAK SPACE}"),
        )
    return pattern


def format_money(money: Money, lang: Lang) -> str:
    """For reading: zh ¥12,000.00 and US$99.00, en CN¥12,000.00 and $99.00."""
    pattern, locale = _pattern(lang, money.currency), Locale.parse(_CLDR_LOCALES[lang])
    return str(pattern.apply(money.decimal(), locale, currency=money.currency, currency_digits=False))

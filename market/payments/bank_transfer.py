"""Paying an invoice by bank transfer: what to print on it, and how to recognise the money that arrives.

Pure. The reference is an ISO 11649 creditor reference: "RF", two check digits by ISO 7064 MOD 97-10, and here 12
letters without the easily mistaken I, L, O and U. Letters alone, because then the check digits notice every
single wrong letter and every swap of two neighbours, which they do not where letters and digits mix.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from market.kit.i18n import N_
from market.kit.money import Money
from market.payments.errors import AmountNotPayable, BadReference

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ"
BODY_LENGTH = 12
_REFERENCE = re.compile(rf"RF[0-9]{{2}}[{ALPHABET}]{{{BODY_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where buyers pay to. number: IBAN or account number, whichever the country uses; bank_code: BIC or CNAPS code."""

    holder: str
    bank: str
    number: str
    bank_code: str


@dataclass(frozen=True, slots=True)
class TransferInstructions:
    """What the invoice tells the buyer. reference goes into the transfer's remark."""

    order_id: str
    amount: Money
    reference: str
    account: BankAccount
    due: datetime
    description: str


@dataclass(frozen=True, slots=True)
class BankTransferGateway:
    """Payment by invoice, for the accounts that the operator has opened: currency code -> account."""

    accounts: dict[str, BankAccount]

    def instruct(
        self, *, order_id: str, amount: Money, description: str, due: datetime
    ) -> TransferInstructions:
        """The instructions for one order; the same order always has the same reference.

        Raises AmountNotPayable if nothing is due or no account takes the currency.
        """
        if amount.minor <= 0:
            raise AmountNotPayable(
                N_("%(amount)s cannot be invoiced: it must be more than zero."), amount=amount
            )
        account = self.accounts.get(amount.currency)
        if account is None:
            raise AmountNotPayable(
                N_("There is no bank account for transfers in %(currency)s."), currency=amount.currency
            )
        return TransferInstructions(order_id, amount, reference_for(order_id), account, due, description)


def reference_for(order_id: str) -> str:
    """The payment reference of an order: 53 bits of a hash, with check digits. Keep it under a unique key."""
    number = int.from_bytes(hashlib.sha256(b"datawharf/transfer/v1\n" + order_id.encode()).digest())
    body = ""
    for _ in range(BODY_LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        body += ALPHABET[letter]
    return f"RF{check_digits(body)}{body}"


def check_digits(body: str) -> str:
    """The two ISO 7064 MOD 97-10 digits of a reference's body, computed as ISO 11649 says."""
    return f"{98 - _remainder(f'{body}RF00'):02d}"


def parse_reference(text: str) -> str:
    """The canonical form of a reference as someone typed it: case, width, spaces and hyphens do not matter.

    Raises BadReference, which says whether the form or the check digits are wrong.
    """
    reference = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if not _REFERENCE.fullmatch(reference):
        raise BadReference(
            N_("%(text)s does not have the form of a payment reference."),
            where="reference",
            text=repr(text[:60]),
        )
    if _remainder(reference[4:] + reference[:4]) != 1 or reference[2:4] != check_digits(reference[4:]):
        raise BadReference(
            N_("The check digits of %(text)s do not fit: a character is wrong."),
            where="reference",
            text=repr(text[:60]),
        )
    return reference


def print_reference(reference: str) -> str:
    """In groups of four, as ISO 11649 prints it: RF18 5390 0754 7034."""
    return " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))


def _remainder(text: str) -> int:
    """Modulo 97 of a text whose letters count as two digits, A = 10 to Z = 35."""
    return int("".join(str(int(character, 36)) for character in text)) % 97

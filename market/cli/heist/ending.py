"""The last screen: what nobody can notice, or only later, or only others. It is part of every heist."""

from __future__ import annotations

from market.cli.demo.telling import Teller
from market.kit.i18n import N_

LIMITS = (
    N_("Data that were false when they were registered: the ledger proves sameness and order, not truth."),
    N_("A provider who signs what is wrong, or who claims rights it does not have: a certificate is a formal review."),
    N_("A signing key that was stolen: until its withdrawal stands in the ledger, its signatures look genuine."),
    N_("Two histories, if as many witnesses as the trust file demands lie for the operator. Keep receipts, compare heads."),
    N_("An index that leaves entries out from now on: witnesses see only that it grows. Whoever makes it again sees it."),
    N_("Rows that are in no statement, such as a person's name or a deleted message: they can be changed or erased unseen."),
    N_("What a buyer does with the data afterwards."),
    N_("Whoever keeps no receipt and never checks notices nothing."),
)  # fmt: skip


def tell_limits(tell: Teller) -> None:
    """Say honestly what cannot be caught."""
    tell.begin("What cannot be caught")
    for sentence in LIMITS:
        tell.say("- %(limit)s", limit=tell.words(sentence))

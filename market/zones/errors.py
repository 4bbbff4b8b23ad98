"""Refusals of this slice."""

from __future__ import annotations

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class UnknownCode(Fault):
    kind, slug = Kind.INVALID, "unknown-code"
    title = N_("This code is not in the list")


class OnNegativeList(Fault):
    kind, slug = Kind.CONFLICT, "on-negative-list"
    title = N_("The negative list forbids this")

"""The way from an offer to a licence, as a buyer's pages show it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from market.kit.i18n import N_, Lang, translate
from market.licensing.schemas import OfferKind

Step = Literal["offer", "purpose", "contract", "sign", "pay", "done"]
_WORDS: dict[Step, str] = {
    "offer": N_("Offer"),
    "purpose": N_("Purpose"),
    "contract": N_("Contract"),
    "sign": N_("Sign"),
    "pay": N_("Pay"),
    "done": N_("Done"),
}


def steps(
    lang: Lang, kind: OfferKind, now: Step, *, offer_id: UUID | None = None, contract_id: UUID | None = None
) -> list[dict[str, str]]:
    """For the stepper: every step with its state. Only steps that can be gone back to have an address."""
    names: list[Step] = [name for name in _WORDS if name != "pay" or kind is OfferKind.PAID]
    here = names.index(now)
    addresses = {"offer": f"/{lang}/offers/{offer_id}" if offer_id else ""}
    if contract_id is not None:
        addresses["contract"] = f"/{lang}/checkout/{contract_id}/contract"
    return [
        {
            "text": translate(lang, _WORDS[name]),
            "state": "done" if place < here else "now" if place == here else "waiting",
            "address": addresses.get(name, "") if place < here else "",
        }
        for place, name in enumerate(names)
    ]

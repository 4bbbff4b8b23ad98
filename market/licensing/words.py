"""The rules that terms are made of: the zones' code for each, its words in both languages, and its ODRL 2.2 action."""

from __future__ import annotations

from market.kit.texts import LocalText
from market.zones import service as zones

# Where ODRL or its Creative Commons profile has an action for it; the others are named in our own vocabulary.
_ODRL = {
    "use": "use",
    "share": "distribute",
    "adapt": "derive",
    "commercial": "commercialize",
    "attribute": "attribute",
    "keep_notices": "cc:Notice",
    "share_alike": "cc:ShareAlike",
    "delete_at_end": "delete",
}


def action_words(action: str) -> LocalText | None:
    """The usual words for an action, or None where its author has to give them."""
    return zones.code_list("licence_action").get(action)


def odrl_action(action: str) -> str:
    return _ODRL.get(action, f"datawharf:{action}")


def actions() -> dict[str, LocalText]:
    """All actions that have words, in the order in which forms offer them."""
    return dict(zones.code_list("licence_action"))


def purposes() -> dict[str, LocalText]:
    """What data may be wanted for."""
    return dict(zones.code_list("purpose"))


def licence_rules(licence: str) -> dict[str, list[str]] | None:
    """What a known licence lets, forbids and asks, as codes by `may`, `must_not`, `must`; None for an unknown one."""
    known = zones.licences().get(licence)
    if known is None:
        return None
    return {"may": list(known.may), "must_not": list(known.must_not), "must": list(known.must)}

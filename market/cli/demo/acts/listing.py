"""The provider signs offers - open, on request, for a price - and puts its assets on show."""

from __future__ import annotations

from typing import Any

from market.cli.demo.play import OnShow, Play
from market.cli.demo_assets import BuiltAsset
from market.kit.money import Money, format_money
from market.zones import service as zones

KINDS = {"open": "OPEN", "restricted": "REQUEST", "paid": "PAID"}


def terms_of(built: BuiltAsset) -> dict[str, Any]:
    """The conditions of an asset's offer: those of its licence, in the zones' own words."""
    offer, licence = built.facts.offer, zones.licences()[built.facts.licence]
    terms: dict[str, Any] = {
        "kind": KINDS[offer.kind],
        "term_days": offer.term_days,
        "quota_rows": offer.row_quota,
        "environment": ["download", "api"],
        "licence": built.facts.licence,
        "terms": {
            "may": [{"action": action} for action in licence.may],
            "must_not": [{"action": action} for action in licence.must_not],
            "must": [{"action": action} for action in licence.must],
        },
    }
    if offer.price_minor is not None:
        terms["price"] = {"minor": offer.price_minor, "currency": offer.currency}
    if offer.questions:
        terms["questions"] = [{"zh": question["zh"], "en": question["en"]} for question in offer.questions]
    return terms


def offer_all(play: Play) -> None:
    """Offers of all assets that have a certificate, and onto the shelf."""
    play.tell.begin("The provider signs an offer for each asset and puts it on show")
    for shown in play.shelf.values():
        offer(play, shown)


def offer(play: Play, shown: OnShow) -> None:
    tell, market = play.tell, play.provider.market
    shown.offer = market.publish_offer(shown.asset["id"], terms_of(shown.built))
    _, index = play.provider.keep_receipt(str(shown.offer["leaf"]))
    market.list_asset(shown.asset["id"])
    tell.say(
        "%(title)s: %(access)s, ledger entry %(index)s",
        title=tell.text(shown.title),
        access=_access(play, shown),
        index=index,
    )
    tell.show(play.page(f"assets/{shown.asset['id']}"))


def _access(play: Play, shown: OnShow) -> str:
    facts, tell = shown.built.facts.offer, play.tell
    if facts.kind == "open":
        return tell.words("open to everybody by click")
    if facts.kind == "restricted":
        return tell.words("on request, with questions")
    price = format_money(Money(facts.price_minor or 0, facts.currency), tell.lang)
    return tell.words("for %(price)s", price=price)

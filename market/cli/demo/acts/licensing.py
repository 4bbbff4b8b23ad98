"""The buyer takes one asset by click, asks for another, and buys a third; the provider's machine countersigns by itself."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from market.cli.demo.acts.registering import FLIGHTS, JOINED
from market.cli.demo.play import OnShow, Play
from market.cli.demo.processes import command_here, datawharf, until_said
from market.client.views import Contract, Order

OPEN = "sea-corridor"
_WITHIN = 60.0
Found = TypeVar("Found")


def start_countersigning(play: Play) -> None:
    """The provider leaves a program running that signs what says exactly what its offers say."""
    tell = play.tell
    tell.begin("The provider's machine waits for contracts, to countersign them by itself")
    arguments = (
        "--profile",
        str(play.provider.folder),
        "--lang",
        "en",
        "countersign",
        "--watch",
        "--every",
        "0.5",
    )
    tell.show(f"{command_here()} --profile {play.provider.folder} countersign --watch")
    running = play.processes.start("countersign", datawharf(*arguments))
    with tell.working("starting it"):
        until_said(running, "Watching for contracts")


def take_open(play: Play, key: str = OPEN) -> None:
    """By click-through: read the terms, sign, and the licence starts when the provider has signed too."""
    shown = play.shelf[key]
    play.tell.begin("The buyer takes an open asset by click: %(title)s", title=play.tell.text(shown.title))
    offer = _offer(shown)
    _in_force(play, key, play.buyer.market.accept_offer(offer["id"]))


def request_restricted(play: Play, key: str = FLIGHTS) -> None:
    """A purpose and answers; the provider approves; then both sign."""
    tell, shown = play.tell, play.shelf[key]
    tell.begin("The buyer requests a restricted asset: %(title)s", title=tell.text(shown.title))
    offer = _offer(shown)
    market = play.buyer.market
    for question in offer["questions"]:
        tell.show("? " + tell.text(dict(question)))
    sent = market.request_access(
        offer["id"],
        purpose="RESEARCH",
        description=tell.words("A study of delays and weather"),
        answers=[tell.words("Delays and their causes; no person is of interest") for _ in offer["questions"]],
    )
    waiting = {request["id"] for request in play.provider.market.requests()}
    if sent["id"] not in waiting:
        raise RuntimeError("the request did not reach the provider")
    play.provider.market.decide_request(sent["id"], approve=True)
    tell.say("The provider read the request and approved it.")
    _in_force(play, key, market.accept_offer(offer["id"], request_id=sent["id"]))


def buy_paid(play: Play, key: str = JOINED) -> None:
    """Contract, order, the pay page of Stripe's stand-in, its signed notice - twice - and the licence."""
    tell, shown, market = play.tell, play.shelf[key], play.buyer.market
    tell.begin("The buyer buys an asset: %(title)s", title=tell.text(shown.title))
    contract = market.accept_offer(_offer(shown)["id"])
    contract = _wait(lambda: _in_state(market.contract(contract["id"]), "SIGNED"), "the provider's signature")
    tell.say(
        "Contract %(id)s is signed by both sides, each over the same commitment %(commitment)s.",
        id=contract["id"],
        commitment=contract["commitment"][:16],
    )
    order = market.order(contract["id"], "stripe")
    if not order["checkout_url"]:
        raise RuntimeError("the order has no pay page")
    tell.say("The pay page: %(address)s", address=order["checkout_url"])
    _press_pay(order["checkout_url"])
    order = _wait(lambda: _order_in_state(market.order_now(order["id"]), "FULFILLED"), "the payment's notice")
    notices = _notices(play)
    tell.say(
        "Paid. Stripe's stand-in delivered its notice %(times)s times; the order was fulfilled once.",
        times=notices,
    )
    _, index = play.buyer.keep_receipt(str(order["payment_leaf"]))
    tell.say(
        "The payment is ledger entry %(index)s; its amount is sealed, only the parties can open it.",
        index=index,
    )
    _licensed(play, key, contract["id"])


def _press_pay(address: str) -> None:
    """What a browser does on the pay page: open it, press the button, follow where it leads."""
    with httpx.Client(timeout=30, trust_env=False) as browser:
        page = browser.get(address).raise_for_status()
        action = re.search(r'name="action"[^>]*value="pay"|value="pay"[^>]*name="action"', page.text)
        if action is None:
            raise RuntimeError("the pay page has no button to pay")
        reply = browser.post(address.split("?")[0], data={"action": "pay"})
        if reply.status_code != httpx.codes.SEE_OTHER:
            raise RuntimeError(f"the pay page answered {reply.status_code}")
        browser.get(reply.headers["location"], follow_redirects=True)


def _notices(play: Play) -> int:
    """How often the notice that the checkout is complete was delivered and taken."""
    with httpx.Client(base_url=play.simulator, timeout=30, trust_env=False) as control:
        control.post("/_sim/settled", json={"within": 20})
        attempts = control.get("/_sim/deliveries").json()["attempts"]
    taken = [one for one in attempts if one["type"] == "checkout.session.completed" and one["status"] < 300]
    if len(taken) < 2:
        raise RuntimeError(f"the payment's notice was taken {len(taken)} times; two were to be expected")
    return len(taken)


def _in_force(play: Play, key: str, contract: Contract) -> None:
    market = play.buyer.market
    _wait(lambda: _in_state(market.contract(contract["id"]), "IN_FORCE"), "the provider's signature")
    play.tell.say(
        "Contract %(id)s is signed by both sides, each over the same commitment %(commitment)s.",
        id=contract["id"],
        commitment=contract["commitment"][:16],
    )
    _licensed(play, key, contract["id"])


def _licensed(play: Play, key: str, contract_id: str) -> None:
    tell, market = play.tell, play.buyer.market
    licence = next(one for one in market.entitlements() if one["contract_id"] == contract_id)
    play.licences[key] = licence
    signatures: list[dict[str, Any]] = market.api.get(f"/api/v1/contracts/{contract_id}")["signatures"]
    indices = [play.buyer.keep_receipt(signature["leaf"])[1] for signature in signatures]
    play.facts.setdefault("contracts", {})[key] = [signature["leaf"] for signature in signatures]
    tell.say(
        "Licence %(id)s runs until %(until)s; the signatures are ledger entries %(entries)s.",
        id=licence["id"],
        until=licence["ends_at"][:10],
        entries=", ".join(map(str, indices)),
    )


def _offer(shown: OnShow) -> Any:
    if shown.offer is None:
        raise RuntimeError(f"{shown.title['en']} is not on offer")
    return shown.offer


def _in_state(contract: Contract, state: str) -> Contract | None:
    return contract if contract["state"] == state else None


def _order_in_state(order: Order, state: str) -> Order | None:
    return order if order["state"] == state else None


def _wait(look: Callable[[], Found | None], what: str) -> Found:
    deadline = time.monotonic() + _WITHIN
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come within {_WITHIN:.0f} s")
        time.sleep(0.2)

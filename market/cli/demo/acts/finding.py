"""Anyone searches, without an account: in Chinese, English and Lao, and opens an asset's page."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx

from market.cli.demo.acts.registering import JOINED
from market.cli.demo.play import OnShow, Play
from market.client import Datawharf

# What is searched for -> the asset that must be found.
QUERIES = {
    "海港": "sea-corridor",
    "词典": "lao-english",
    "penguin": "palmer-penguins",
    "ພາສາລາວ": "lao-english",
}
_INDEXED_WITHIN = 30.0
_JSON_LD = re.compile(r'<script[^>]*type="application/ld\+json"[^>]*>(.*?)</script>', re.DOTALL)


def search_all(play: Play) -> None:
    tell = play.tell
    tell.begin("Anyone searches: in Chinese, English and Lao")
    with Datawharf(play.server, lang=tell.lang) as visitor:
        for words, key in QUERIES.items():
            if key not in play.shelf:
                continue
            hits = _until_found(visitor, words, play.shelf[key])
            titles = [hit["title"][tell.lang] for hit in hits]
            tell.say("“%(words)s” finds %(count)s:", words=words, count=len(hits))
            tell.show("\n".join(titles))


def _until_found(visitor: Datawharf, words: str, wanted: OnShow) -> list[dict[str, Any]]:
    """The hits, once the worker has put what was listed into the search index."""
    deadline = time.monotonic() + _INDEXED_WITHIN
    while True:
        hits = visitor.search(words)
        if wanted.asset["id"] in {hit["id"] for hit in hits}:
            return hits
        if time.monotonic() > deadline:
            raise RuntimeError(f"a search for {words} does not find {wanted.title['en']}")
        time.sleep(0.2)


def look_at_asset(play: Play) -> None:
    """The page of the derived asset, as a browser gets it: lineage, price in words, and JSON-LD for machines."""
    tell, shown = play.tell, play.shelf[JOINED]
    address = play.page(f"assets/{shown.asset['id']}")
    reply = httpx.get(address, follow_redirects=True, timeout=30, trust_env=False)
    reply.raise_for_status()
    tell.say(
        "The page of an asset: %(address)s (%(size)s)", address=address, size=tell.size(len(reply.content))
    )
    found = _JSON_LD.search(reply.text)
    if found is None:
        raise RuntimeError("the asset's page has no JSON-LD")
    described = json.loads(found[1])
    tell.say("For machines it holds JSON-LD of the type %(kind)s.", kind=described.get("@type", "?"))

"""The buyer receives: verified download with an interruption, curl with key and ticket, and rows as a service."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from market.cli.demo.acts.licensing import OPEN
from market.cli.demo.acts.registering import FLIGHTS, JOINED
from market.cli.demo.play import Play
from market.cli.demo.telling import CutOff
from market.client import Problem
from market.client.views import Received
from market.kit.i18n import NN_

_CUT_AT = 0.55
_NOT_LICENSED = "chinese-lexicon"
_FIRST_BYTES = 120


def download_large(play: Play, key: str = JOINED) -> None:
    """The line breaks in the middle; the same command goes on, checks what it had, and acknowledges at the end."""
    tell, shown = play.tell, play.shelf[key]
    tell.begin("The buyer downloads the large table; the line breaks, and the same command goes on")
    folder = _folder(play, key)
    try:
        play.buyer.market.download(shown.asset["id"], folder, progress=tell.progress(cut_at=_CUT_AT))
    except CutOff as cut:
        tell.say("The line broke after %(size)s. The same command again:", size=tell.size(cut.at))
    meter = tell.progress()
    received = play.buyer.market.download(shown.asset["id"], folder, progress=meter)
    if not meter.resumed_at:
        raise RuntimeError("the download began anew instead of going on where it stopped")
    tell.say("It checked what it had and went on at byte %(byte)s.", byte=f"{meter.resumed_at:,}")
    _acknowledged(play, key, received)


def download(play: Play, key: str = OPEN) -> None:
    """A small one, whole."""
    play.tell.begin("The buyer downloads an open asset")
    shown = play.shelf[key]
    _acknowledged(play, key, play.buyer.market.download(shown.asset["id"], _folder(play, key)))


def _acknowledged(play: Play, key: str, received: Received) -> None:
    tell = play.tell
    if received["state"] != "received" or not received["leaf"]:
        raise RuntimeError(f"the download ended in the state {received['state']}")
    play.received[key] = Path(received["folder"])
    _, index = play.buyer.keep_receipt(received["leaf"])
    tell.say(
        NN_(
            "%(count)s file, %(size)s; every byte is the registered one (content root %(root)s).",
            "%(count)s files, %(size)s; every byte is the registered one (content root %(root)s).",
        ),
        count=received["files"],
        size=tell.size(received["bytes"]),
        root=received["content_root"][:16],
    )
    tell.say(
        "The buyer's machine signed for it by itself: ledger entry %(index)s. Now the market says “received”.",
        index=index,
    )


def _folder(play: Play, key: str) -> Path:
    return play.buyer.folder / "data" / key


def fetch_with_curl(play: Play, key: str = OPEN) -> None:
    """Any HTTP program will do: with an API key, or with an address that works for a quarter of an hour."""
    tell, market = play.tell, play.buyer.market
    tell.begin("The same with curl: an API key, or a short-lived address; parts by Range")
    version = play.shelf[key].current
    path = next(file["path"] for file in version["files"] if file["path"].endswith(".csv"))
    address = f"{play.server}/api/v1/versions/{version['id']}/files/{quote(path)}"
    part = f"0-{_FIRST_BYTES - 1}"
    tell.show(f'curl -r {part} -H "Authorization: Bearer dwk_live_…" {address}')
    by_key = _curl(address, part, play.buyer.profile.api_key)
    tell.show(by_key.decode("utf-8", "replace"))
    ticket = market.ticket(version["id"], path)
    url = httpx.URL(play.server).join(ticket["url"])
    tell.show(f"curl -r {part} {str(url)[:72]}…")
    if _curl(str(url), part, "") != by_key:
        raise RuntimeError("the ticket's address gives other bytes than the API")
    tell.say(
        "The ticket's address gives the same %(count)s bytes until %(until)s.",
        count=len(by_key),
        until=ticket["expires_at"][11:16] + "Z",
    )


def _curl(address: str, part: str, api_key: str) -> bytes:
    """The bytes of a Range request, by curl where it is installed. Raises RuntimeError unless exactly they came."""
    if shutil.which("curl"):
        headers = ["-H", f"Authorization: Bearer {api_key}"] if api_key else []
        command = [
            "curl",
            "--silent",
            "--fail",
            "--noproxy",
            "*",
            "--location",
            "-r",
            part,
            *headers,
            address,
        ]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        data = done.stdout if done.returncode == 0 else b""
    else:
        asked = {"Range": f"bytes={part}"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        data = httpx.get(address, headers=asked, follow_redirects=True, trust_env=False, timeout=60).content
    if len(data) != _FIRST_BYTES:
        raise RuntimeError(f"{len(data)} bytes came instead of {_FIRST_BYTES}")
    return data


def read_rows(play: Play, key: str = FLIGHTS) -> None:
    """Data as a service: rows of a licensed table, counted against the licence."""
    tell, market, shown = play.tell, play.buyer.market, play.shelf[key]
    tell.begin("Data as a service: the buyer reads rows of a licensed table without downloading it")
    page = market.rows(
        shown.asset["id"],
        "flights.csv",
        columns="month,day,carrier,origin,dest,dep_delay",
        where=["origin eq JFK", "dep_delay gt 300"],
        limit=5,
    )
    rows: list[dict[str, Any]] = page["rows"]
    tell.show("\n".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in rows))
    if not rows or page["remaining"] is None:
        raise RuntimeError("no rows came, or they were not counted")
    tell.say(
        NN_(
            "%(count)s row, counted; the licence has %(left)s left.",
            "%(count)s rows, counted one by one; the licence has %(left)s left.",
        ),
        count=len(rows),
        left=f"{page['remaining']:,}",
    )


def be_refused(play: Play, key: str = _NOT_LICENSED) -> None:
    """Without a licence: a refusal that says what to do."""
    tell, shown = play.tell, play.shelf[key]
    tell.begin("Without a licence nothing is given")
    try:
        play.buyer.market.download(shown.asset["id"], _folder(play, key))
    except Problem as problem:
        tell.say(
            "%(title)s: refused (%(status)s, %(slug)s).",
            title=tell.text(shown.title),
            status=problem.status,
            slug=problem.slug,
        )
        tell.show(str(problem))
    else:
        raise RuntimeError("data were given without a licence")

"""Logs are lines that programs read, and nobody finds a secret or a person in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from market.accounts import service as accounts
from market.config import CONFIG_NAME, ConfigError, load_settings
from market.kit import logs
from tests.builders.marketplace import PASSWORD, Marketplace, marketplace


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged meanwhile, as lines of JSON."""
    kept = (logging.root.handlers, logging.root.level, logging.getLogger(logs.OURS).level)
    # A server started elsewhere in this process with uvicorn's own logging keeps these to itself.
    for name in ("uvicorn", "uvicorn.error"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
        monkeypatch.setattr(logging.getLogger(name), "disabled", False)
    written = io.StringIO()
    logs.configure(written, "auto")
    yield written
    logging.root.handlers = kept[0]
    logging.root.setLevel(kept[1])
    logging.getLogger(logs.OURS).setLevel(kept[2])


@pytest.fixture
def market(sqlite_url: str, tmp_path: Path) -> Iterator[Marketplace]:
    with marketplace(tmp_path / "home", sqlite_url) as made:
        yield made


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_is_one_line_that_names_the_route_and_who_asked(
    market: Marketplace, stream: io.StringIO
) -> None:
    person = market.party("harbour", with_key=False)
    me = person.me()
    stream.truncate(stream.seek(0))
    answer = person.api.send("GET", "/api/v1/assets", params={"limit": 2})
    (line,) = lines(stream)
    assert (line["logger"], line["event"], line["level"]) == ("datawharf.requests", "request", "info")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/assets", 200)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["ms"] > 0
    assert (line["actor"], line["org"]) == (me["account"]["id"], me["organisation"]["id"])
    assert UUID(line["key"])
    stream.truncate(stream.seek(0))
    assert market.browser().get(f"/api/v1/assets/{uuid4()}?q=x").status_code == 404
    (line,) = lines(stream)
    assert (line["route"], line["status"]) == ("/api/v1/assets/{asset_id}", 404)
    assert "actor" not in line


def test_no_password_token_ticket_or_person_is_ever_logged(
    market: Marketplace, stream: io.StringIO, tmp_path: Path
) -> None:
    person = market.party("harbour")
    version = market.registered(person, tmp_path / "data")
    ticket = person.ticket(version["id"], "ports.csv")["url"]
    invited = person.api.post(
        f"/api/v1/organisations/{person.org_id}/invites", {"email": "guest@example.org", "roles": ["buyer"]}
    )
    with market.ports.db.writing() as session:
        link = accounts.create_signin_link(session, "harbour@example.com", 1, now=market.clock.now())
    key = person.api.send(
        "POST", "/api/v1/logins", json={"email": "harbour@example.com", "password": PASSWORD}
    )
    browser = market.browser()
    sent = [
        browser.get(ticket),
        browser.get(ticket + "x"),
        browser.get(link),
        browser.get(f"/en/invites/{invited['token']}"),
        browser.get("/en/signin", params={"next": "/en/private-thought"}),
        browser.get("/en/catalogue", params={"q": "private-thought"}),
        browser.get("/en/private-thought%0d%0a{}"),
        browser.get("/api/v1/me", headers={"Authorization": f"Bearer {key.json()['key']}"}),
        browser.get("/api/v1/me", headers={"Authorization": "Bearer dwk_live_wrong"}),
        browser.post("/api/v1/logins", json={"email": "harbour@example.com", "password": "private-thought"}),
        browser.post("/en/signin", data={"email": "harbour@example.com", "password": "private-thought"}),
    ]
    assert [answer.status_code for answer in sent[:3]] == [200, 403, 200]
    written = stream.getvalue()
    assert len(lines(stream)) >= len(sent)
    secrets = [
        PASSWORD,
        "private-thought",
        ticket.removeprefix("/d/"),
        link.rpartition("/")[2],
        invited["token"],
        key.json()["key"],
        "dwk_",
        "example.com",
        "guest@",
        "ports.csv",
    ]
    assert [secret for secret in secrets if secret in written] == []


def test_a_failure_is_told_by_its_class_and_place_without_its_message(stream: io.StringIO) -> None:
    log = logging.getLogger(f"{logs.OURS}.test")
    job = uuid4()
    try:
        try:
            raise ValueError("mei@example.com said\nprivate-thought")
        except ValueError as error:
            raise RuntimeError("INSERT … ('private-thought')") from error
    except RuntimeError as error:
        log.exception("job %s (%s) failed: %s", job, "ledger.record", error)
    (line,) = lines(stream)
    assert (line["event"], line["about"]) == ("job %s (%s) failed: %s", [str(job), "ledger.record"])
    assert line["failure"] == ["builtins.RuntimeError", "builtins.ValueError"]
    assert line["through"][-1].endswith("test_a_failure_is_told_by_its_class_and_place_without_its_message")
    assert "private-thought" not in stream.getvalue()
    assert "mei@" not in stream.getvalue()


def test_what_others_log_stays_in_one_line_too(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.\n\x1b[31m%s", "a b")
    logging.getLogger("uvicorn.error").info("quiet")
    (line,) = lines(stream)
    assert line["event"].startswith("Invalid HTTP request received.")
    assert "\x1b" not in stream.getvalue()


def test_people_at_a_terminal_read_text() -> None:
    record = logging.LogRecord(
        f"{logs.OURS}.x", logging.WARNING, "", 1, "blob %s is missing", ("ab12",), None
    )
    assert logs.TextLines().format(record).endswith('warning datawharf.x blob %s is missing about=["ab12"]')


def test_the_setting_takes_known_words_only(tmp_path: Path, market: Marketplace) -> None:
    path = market.settings.home / CONFIG_NAME
    assert load_settings(market.settings.home).log == "auto"
    path.write_text('log = "json"\n' + path.read_text("utf-8"), "utf-8")
    assert load_settings(market.settings.home).log == "json"
    path.write_text(path.read_text("utf-8").replace('log = "json"', 'log = "xml"'), "utf-8")
    with pytest.raises(ConfigError, match="log is one of auto, json, text"):
        load_settings(market.settings.home)

"""Somebody who comes back to the ledger: what the browser remembers, the alarm when it was rewritten, proofs checked here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from ledger.checkpoint import format_checkpoint, open_checkpoint
from ledger.kept import Published
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import Note, NoteSigner, format_note
from ledger.policy import parse_policy
from ledger.reader import LogReader
from ledger.signer import Signer
from ledger.stores.files import FileLock, FileObjects
from market.kit.i18n import LANGS, Lang
from market.provenance.gateway import Ledger
from market.signers import note_signers, signing_key
from tests.browser.conftest import Enter
from tests.browser.person import Person
from tests.browser.running import RunningMarket
from tests.browser.stock import Shelf
from tests.builders.watched import Watched

PAGES = (
    "ledger",
    "ledger/entries/1",
    "ledger/lookup",
    "ledger/witnesses",
    "ledger/consistency",
    "ledger/history",
)


@pytest.fixture(autouse=True)
def _stocked(shelf: Shelf) -> None:
    """There is something in the ledger."""


@pytest.fixture
def forked(market: RunningMarket, tmp_path: Path) -> LogReader:
    """Another log of the same name, signed with the same keys: its last two entries are others, and it has one more."""
    true = market.ledger.refreshed()
    entries = list(true.entries(0, true.size))
    signer = Signer(
        tmp_path / "state", *note_signers(market.settings), signing_key(market.settings, "receipt")
    )
    files = FileObjects(tmp_path / "log")
    other = [*entries[:-1], entries[0], entries[1]]
    log = Log.create(market.settings.origin, files, FileLock(tmp_path / "head"), signer, other)
    log.publish(int(market.clock.now().timestamp()))
    log.close()
    reader = LogReader(market.settings.origin, files)
    reader.refresh()
    return reader


def show(person: Person, published: Published, path: list[bytes] | None) -> None:
    """From now on this browser is shown another ledger than everybody else."""

    def proof(route: Route) -> None:
        if path is None:
            route.fulfill(status=422, json={"slug": "invalid-input"})
        else:
            route.fulfill(json={"path": [found.hex() for found in path]})

    person.page.route("**/ledger/checkpoint", lambda route: route.fulfill(body=published.note.decode()))
    person.page.route("**/api/v1/ledger/consistency?*", proof)


def expect_state(person: Person, state: str) -> None:
    expect(person.page.locator("[data-last-seen]")).to_have_attribute("data-state", state)


def remembered(person: Person, market: RunningMarket) -> dict[str, object]:
    found = person.page.evaluate(
        "(name) => localStorage.getItem(name)", f"datawharf.ledger:{market.settings.origin}"
    )
    return dict(json.loads(found)) if found else {}


@pytest.mark.parametrize("lang", LANGS)
def test_a_browser_remembers_what_it_saw_and_says_that_the_ledger_continues_it(
    market: RunningMarket, enter: Enter, lang: Lang
) -> None:
    person = enter("auditor", lang)
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.open("ledger")
    expect_state(person, "first")
    person.look("ledger-first-visit")
    before = remembered(person, market)
    trust = parse_policy(market.visitor().trust_file())
    size = open_checkpoint(str(before["note"]).encode(), *trust.log_keys(market.settings.origin)).size

    market.party(f"newcomer-{lang}")
    market.drain()
    assert market.ledger.refreshed().size > size
    person.open("ledger/consistency")
    expect_state(person, "continued")
    expect(person.page.locator("#f-from")).to_have_value(str(size))
    expect(person.page.locator("[data-consistency]")).to_have_attribute("data-state", "passed")
    person.press("Compare")
    expect(person.page.locator("[data-consistency]")).to_have_attribute("data-state", "passed")
    person.look("ledger-consistency")
    assert remembered(person, market)["note"] != before["note"]

    for path in PAGES:
        person.open(path)
        expect_state(person, "continued")
        person.look("last-seen-" + path.replace("/", "-"))
    person.page.locator("[data-last-seen] summary").click()
    person.page.locator("[data-last-seen] details button").click()
    expect_state(person, "cleared")
    assert remembered(person, market) == {}
    assert all(url.startswith(market.base) for url in asked)
    sent = {url.partition("?")[2] for url in asked if "/api/v1/ledger/consistency?" in url}
    assert all(query.startswith("from=") and query.count("=") == 2 for query in sent)


@pytest.mark.parametrize("lang", LANGS)
def test_a_forked_ledger_raises_the_alarm_and_the_evidence_holds_both_signatures(
    market: RunningMarket, enter: Enter, forked: LogReader, folder: Path, lang: Lang
) -> None:
    person = enter("auditor", lang)
    person.open("ledger")
    expect_state(person, "first")
    before = remembered(person, market)
    old = open_checkpoint(
        str(before["note"]).encode(),
        *parse_policy(market.visitor().trust_file()).log_keys(market.settings.origin),
    )
    assert forked.published is not None
    show(person, forked.published, forked.consistency(old.size, forked.size))
    person.open("ledger/witnesses")
    expect_state(person, "forked")
    alarm = person.page.locator("[data-last-seen] [role=alert]")
    expect(alarm).to_contain_text("被改写" if lang == "zh" else "The ledger was rewritten")
    person.shoot("last-seen-forked")
    assert remembered(person, market) == before, "what was seen stays remembered"

    evidence = json.loads(person.save(alarm.get_by_role("button"), folder).read_text(encoding="utf-8"))
    keys = parse_policy(evidence["trust"].encode()).log_keys(market.settings.origin)
    held, served = (open_checkpoint(evidence[which]["note"].encode(), *keys) for which in ("held", "served"))
    assert (held, served) == (old, forked.published.checkpoint)
    person.open("ledger")
    expect_state(person, "forked")


def test_a_ledger_that_gives_no_proof_goes_back_or_is_unsigned_raises_the_alarm_too(
    market: RunningMarket, enter: Enter, forked: LogReader
) -> None:
    person = enter("auditor", "en")
    person.open("ledger")
    expect_state(person, "first")
    assert forked.published is not None
    show(person, forked.published, None)
    person.open("ledger")
    expect_state(person, "unproved")
    person.page.unroute_all()

    first = market.ledger.refreshed().checkpoint_covering(0)
    show(person, first, None)
    person.open("ledger")
    expect_state(person, "shrunk")
    person.page.unroute_all()

    stranger = NoteSigner(market.settings.origin, SigningKey.generate())
    text = format_checkpoint(forked.published.checkpoint)
    note = format_note(Note(text, (stranger.sign(text),))).decode()
    person.page.route("**/ledger/checkpoint", lambda route: route.fulfill(body=note))
    person.open("ledger")
    expect_state(person, "unsigned")
    person.page.unroute_all()
    person.open("ledger")
    expect_state(person, "continued")


def test_what_cannot_be_fetched_is_no_alarm_and_another_ledger_at_the_address_is_named(
    market: RunningMarket, enter: Enter
) -> None:
    person = enter("auditor", "en")
    person.page.route("**/ledger/checkpoint", lambda route: route.abort())
    person.open("ledger")
    expect_state(person, "unknown")
    person.forgive("ERR_FAILED")
    person.page.unroute_all()
    person.page.evaluate("localStorage.setItem('datawharf.ledger:elsewhere.example/log', '{}')")
    person.open("ledger")
    expect_state(person, "other_log")
    expect(person.page.locator("[data-last-seen]")).to_contain_text("elsewhere.example/log")


@pytest.mark.parametrize("lang", LANGS)
def test_a_history_is_checked_in_the_browser_as_its_absence_is(
    shelf: Shelf, enter: Enter, lang: Lang
) -> None:
    person = enter("auditor", lang)
    person.open(f"assets/{shelf.ports.id}/provenance")
    person.follow("All entries that name this asset")
    person.press("Check in this browser")
    steps = person.page.locator("[data-history-result] [data-step]")
    expect(steps).to_have_count(12)
    assert not steps.evaluate_all("(all) => all.filter(({ dataset }) => dataset.outcome === 'failed').length")
    expect(person.page.locator("[data-history-result] [data-step=map]")).to_have_attribute(
        "data-outcome", "passed"
    )
    person.look("history-asset")
    person.page.locator("#f-name").fill("0192f0c1-2345-7abc-8def-0123456789ab")
    person.press("Show the history")
    person.reads("The proof that there is none")
    person.press("Check in this browser")
    expect(person.page.locator("[data-history-result] [data-step=map]")).to_have_attribute(
        "data-outcome", "passed"
    )
    person.look("history-absent")
    person.page.locator("#f-name").fill("?")
    person.press("Show the history")
    expect(person.page.locator("#f-name-error")).to_be_visible()
    person.look("history-refused")
    person.open(f"c/{shelf.ports.certificate}")
    person.follow("All entries that name this certificate")
    person.look("history-certificate")


def test_without_script_there_is_the_drawing_the_table_and_the_command(enter: Enter) -> None:
    person = enter("somebody without script", "zh", script=False)
    for path in PAGES:
        person.open(path)
    person.open("ledger/consistency?from=1&to=7")
    expect(person.main.locator("svg")).to_be_visible()
    assert person.main.locator("tbody tr").count() >= 3
    expect(person.main.locator("pre").first).to_contain_text("fsck")
    person.shoot("ledger-consistency-no-script")
    person.page.locator("#f-from").fill("9")
    person.page.locator("#f-to").fill("2")
    person.press("Compare")
    expect(person.page.locator("#f-from-error")).to_be_visible()
    person.shoot("ledger-consistency-refused")


@pytest.mark.parametrize("lang", LANGS)
def test_late_witnesses_are_shown_on_any_screen(market: RunningMarket, enter: Enter, lang: Lang) -> None:
    real, before = market.ledger, market.ledger.refreshed().size
    market.party(f"late-{lang}")
    market.drain()
    newest, now = real.refreshed().size, int(market.clock.now().timestamp())
    watch = Watched(market, ("钦州大学", "notary.example", "harbour-office"), 2)
    watch.cosign("钦州大学", newest, now)
    watch.cosign("notary.example", before, now - 9000)
    person = enter("auditor", lang)
    try:
        market.ports.add(Ledger, watch.ledger)
        person.open("ledger/witnesses")
        person.reads("The newest checkpoint lacks witnesses that the trust file demands.")
        person.look("witnesses-late")
        watch.cosign("harbour-office", newest, now)
        market.ports.add(Ledger, watch.ledger)
        person.open("ledger/witnesses")
        person.reads("The newest checkpoint has the witnesses that the trust file demands.")
    finally:
        market.ports.add(Ledger, real)

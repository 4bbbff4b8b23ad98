"""The verifier page as an auditor meets it: real receipts of a running ledger, good, forged and cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ledger.keys import SigningKey
from ledger.note import NOTE_ED25519, Verifier
from ledger.policy import format_policy, parse_policy, policy_for
from market.kit.i18n import Lang
from tests.browser.conftest import Enter
from tests.browser.person import Person
from tests.browser.running import RunningMarket


@dataclass(frozen=True)
class Evidence:
    """A receipt of a registration, the file that it is about, and the market's trust file."""

    receipt: bytes
    data: bytes
    trust: str


@pytest.fixture(scope="module")
def evidence(market: RunningMarket, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("evidence") / "data"
    provider = market.party("harbour")
    version = market.registered(provider, folder)
    receipt = provider.receipt(version["leaf"])
    return Evidence(receipt, (folder / "ports.csv").read_bytes(), provider.trust_file().decode())


def _other_trust(trust: str) -> str:
    """A trust file of a ledger with the same name and another key."""
    name = parse_policy(trust.encode()).logs[0].verifier.name
    return format_policy(policy_for(Verifier(name, NOTE_ED25519, SigningKey.generate().public).vkey)).decode()


def _flip_a_hash(receipt: bytes) -> bytes:
    """One letter of the checkpoint's root changed."""
    found = re.search(rb"checkpoint[^}]*?\\n\d+\\n([A-Za-z0-9+/]{8})", receipt)
    assert found is not None
    place = found.start(1)
    return receipt[:place] + (b"B" if receipt[place : place + 1] == b"A" else b"A") + receipt[place + 1 :]


CASES: dict[str, tuple[Callable[[Evidence], Evidence], set[str], str]] = {
    "good": (lambda held: held, set(), "Passed"),
    "wrong data": (
        lambda held: Evidence(held.receipt, held.data.replace(b"Qinzhou", b"Qinghai"), held.trust),
        {"fingerprint"},
        "Failed",
    ),
    "flipped hash": (
        lambda held: Evidence(_flip_a_hash(held.receipt), held.data, held.trust),
        {"included", "log_signature"},
        "Failed",
    ),
    "other trust file": (
        lambda held: Evidence(held.receipt, held.data, _other_trust(held.trust)),
        {"log_signature"},
        "Failed",
    ),
    "cut file": (
        lambda held: Evidence(held.receipt[: len(held.receipt) // 2], held.data, held.trust),
        {"readable"},
        "cannot be read",
    ),
}


def _check(person: Person, shown: Evidence, folder: Path) -> dict[str, str]:
    receipt, data = folder / "a.receipt.json", folder / "ports.csv"
    receipt.write_bytes(shown.receipt)
    data.write_bytes(shown.data)
    person.open("verify")
    person.page.locator("#f-receipt").set_input_files(receipt)
    person.page.locator("#f-data").set_input_files(data)
    if not person.page.locator("#f-trust").is_visible():
        person.main.locator("summary").first.click()
    person.page.locator("#f-trust").fill(shown.trust)
    person.press("Check")
    steps = person.page.locator("[data-steps] li")
    expect(steps).to_have_count(12)
    return dict(steps.evaluate_all("(items) => items.map(({ dataset }) => [dataset.step, dataset.outcome])"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_forgery_is_named_and_nothing_leaves_the_browser(
    market: RunningMarket, evidence: Evidence, enter: Enter, folder: Path, lang: Lang
) -> None:
    person = enter("auditor", lang)
    sent: list[str] = []
    person.page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    for name, (change, expected, verdict) in CASES.items():
        outcomes = _check(person, change(evidence), folder)
        failed = {step for step, outcome in outcomes.items() if outcome == "failed"}
        assert failed == expected if name != "flipped hash" else failed & expected, (name, outcomes)
        heading = person.page.locator("[data-heading]")
        expect(heading).to_be_focused()
        if lang == "en":
            expect(heading).to_contain_text(verdict)
        if name == "cut file" and lang == "en":
            sentence = person.page.locator('[data-step="readable"]')
            expect(sentence).to_contain_text("cannot be read as JSON. Get it again")
        person.look("verify-" + name.replace(" ", "-"), shot=name in ("other trust file", "cut file"))
    assert all(line.startswith(f"GET {market.base}/") for line in sent), sent
    assert any("/api/v1/manifests/" in line for line in sent), "the manifest is fetched by its digest"


def test_without_script_the_server_checks_and_says_so(evidence: Evidence, enter: Enter, folder: Path) -> None:
    person = enter("auditor", "zh", script=False)
    receipt = folder / "a.receipt.json"
    receipt.write_bytes(evidence.receipt)
    person.open("verify")
    person.page.locator("#f-receipt").set_input_files(receipt)
    person.press("Check")
    person.reads("Checked by our server, not by your browser.")
    person.shoot("verify-by-server")
    assert person.page.locator("[data-server] li[data-outcome=passed]").count() > 6
    assert person.page.locator("[data-server] li[data-outcome=failed]").count() == 0
    code = person.page.locator("#f-text")
    code.fill("0")
    person.press("Check")
    expect(person.page).to_have_url(re.compile("/ledger/entries/0$"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_text_that_is_no_receipt_is_refused_in_words(enter: Enter, lang: Lang) -> None:
    person = enter("auditor", lang)
    person.open("verify")
    person.page.locator("#f-text").fill("收据？\nno receipt at all")
    person.press("Check")
    person.refused(
        "This is neither a receipt nor a query code, a leaf hash or an entry number. The text of a receipt "
        "begins with { and ends with }; paste all of it, or choose the file.",
        field="text",
    )
    expect(person.page.locator("#f-text")).to_have_value("收据？\nno receipt at all")
    person.look("verify-no-receipt")
    person.page.locator("#f-text").fill('{"a": 1}')
    person.press("Check")
    sentence = person.page.locator('[data-step="readable"]')
    expect(sentence).to_contain_text("这不是回执" if lang == "zh" else "This is not a receipt")

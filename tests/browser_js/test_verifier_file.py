"""The verifier in one file: opened from a disk, without a network, it says what the ledger package says, in any browser."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ledger.check import check_bundle
from ledger.check_words import Language
from ledger.index.check import check_history
from ledger.policy import fingerprint, format_policy, parse_policy
from ledger.receipt import format_bundle
from market.provenance import verifier_file
from market.provenance.verifier_file import UnreadableModule, bundle
from tests.browser_js import receipt_vectors
from tests.browser_js.receipt_vectors import FILES, MANIFEST, Case, scene
from tests.ledger import transplants
from tests.vectors import histories

TRUST = format_policy(scene().log.trust())
RECEIPT = format_bundle(scene().bundle())
WITHOUT_ED25519 = """
const { importKey } = crypto.subtle;
globalThis.refusedKeys = 0;
crypto.subtle.importKey = function (kind, raw, algorithm, ...more) {
  if ((algorithm.name ?? algorithm) !== "Ed25519") return importKey.call(this, kind, raw, algorithm, ...more);
  globalThis.refusedKeys++;
  return Promise.reject(new DOMException("no such algorithm", "NotSupportedError"));
};
"""
WITHOUT_WEBCRYPTO = 'Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined });'
BROWSERS = {"as it is": "", "no Ed25519": WITHOUT_ED25519, "no WebCrypto": WITHOUT_WEBCRYPTO}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("disk") / "verify.html"
    path.write_bytes(verifier_file.verifier_file())
    return path


@pytest.fixture
def offline(chromium: Browser, page_faults: list[str]) -> Iterator[Page]:
    """A page of a browser whose network is off. Whatever it asks for but files from the disk is a fault."""
    context = chromium.new_context(offline=True, locale="en-GB")
    opened = context.new_page()
    opened.on("pageerror", lambda error: page_faults.append(f"uncaught: {error.message}"))
    opened.on("console", lambda said: page_faults.append(said.text) if said.type == "error" else None)
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith(("file:", "blob:")) else page_faults.append(asked.url),
    )
    yield opened
    context.close()
    assert not page_faults, page_faults


def show(page: Page, file: Path, *, trust: bytes = TRUST, receipt: bytes = RECEIPT, lang: str = "en") -> None:
    if page.url == "about:blank":
        page.goto(f"{file.as_uri()}#{lang}")
    page.locator("#f-trust").fill(trust.decode())
    page.locator("#f-text").fill(receipt.decode(errors="replace"))


def check(page: Page) -> dict[str, str]:
    """Presses the button and reads the outcome of each step."""
    page.evaluate("document.querySelector('[data-steps]').replaceChildren()")
    page.locator("form button:not([data-do])").click()
    steps = page.locator("[data-steps] li")
    expect(steps).to_have_count(12)
    return dict(steps.evaluate_all("(items) => items.map(({ dataset }) => [dataset.step, dataset.outcome])"))


def cases() -> list[Case]:
    """Each fourth of the module tests' receipts, forged and good, that can be pasted as text and need no data."""
    fit = [
        case
        for case in receipt_vectors.cases()
        if not case.files and case.manifest is None and _is_pastable(case.data)
    ]
    return fit[::4]


def _is_pastable(data: bytes) -> bool:
    """A text area takes neither other encodings, nor a return, nor white space around."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and text == text.strip() and not re.search(r"[\0\r\ufeff]", text)


@pytest.mark.parametrize("kind", BROWSERS)
def test_each_receipt_gets_the_verdict_of_the_ledger_package(offline: Page, file: Path, kind: str) -> None:
    """Good ones pass, and each forged one fails at its own step; without WebCrypto just as with it."""
    offline.add_init_script(BROWSERS[kind])
    wrong, tried, failed = [], 0, 0
    for case in cases():
        show(offline, file, trust=format_policy(case.trust), receipt=case.data)
        outcomes = check(offline)
        report = check_bundle(case.data, case.trust, now=case.now)
        expected = {step.code: step.outcome for step in report.steps}
        # The page's clock is the machine's: it may find a time of the vectors in the past where they have it ahead.
        if (outcomes | {"time": ""}) != (expected | {"time": ""}):
            wrong.append((case.name, outcomes, expected))
        tried += 1
        failed += not report.ok
    assert wrong == []
    assert tried > 20
    assert failed > 15
    if kind == "no Ed25519":
        assert offline.evaluate("globalThis.refusedKeys") > 20


def test_files_are_read_from_the_disk_and_named_when_one_byte_differs(
    offline: Page, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "trust.policy").write_bytes(TRUST)
    (tmp_path / "manifest.json").write_bytes(MANIFEST.canonical)
    (tmp_path / "ports.csv").write_bytes(FILES["ports.csv"].replace(b"5", b"6"))
    (tmp_path / "a.receipt.json").write_bytes(RECEIPT)
    offline.goto(file.as_uri())
    offline.locator("#f-trust-file").set_input_files(tmp_path / "trust.policy")
    expect(offline.locator("[data-fingerprint]")).to_have_text(fingerprint(parse_policy(TRUST)))
    offline.locator("#f-receipt").set_input_files(tmp_path / "a.receipt.json")
    data = [tmp_path / "manifest.json", tmp_path / "ports.csv"]
    offline.locator("#f-data").set_input_files(data)
    outcomes = check(offline)
    assert [code for code, outcome in outcomes.items() if outcome == "failed"] == ["fingerprint"]
    expect(offline.locator('[data-step="fingerprint"]')).to_contain_text("ports.csv")
    (tmp_path / "ports.csv").write_bytes(FILES["ports.csv"])
    offline.locator("#f-data").set_input_files(data)
    assert check(offline)["fingerprint"] == "warning"  # docs/readme.txt was not given
    assert "failed" not in check(offline).values()


def test_a_large_file_shows_progress_and_can_be_cancelled(offline: Page, file: Path, tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    with big.open("wb") as opened:
        opened.truncate(3_000_000_000)
    show(offline, file)
    offline.locator("#f-data").set_input_files(big)
    offline.get_by_role("button", name="Check").click()
    expect(offline.locator("progress")).to_have_attribute("value", re.compile("^[1-9]"))
    assert len(offline.workers) == 1, "the page itself stays free"
    offline.get_by_role("button", name="Cancel").click()
    expect(offline.locator("[data-status]")).to_have_text("Stopped. Nothing was checked.")
    assert offline.evaluate("document.querySelector('progress').value") < 100


def _results(page: Page) -> list[str]:
    page.locator("form button:not([data-do])").click()
    expect(page.locator("[data-list]")).to_be_visible()
    return page.locator("[data-list] > details > summary").all_inner_texts()


@pytest.mark.parametrize("kind", BROWSERS)
def test_a_history_gets_the_verdict_of_the_ledger_package(offline: Page, file: Path, kind: str) -> None:
    """The malicious ones fail with the ledger package's words, in both languages."""
    offline.add_init_script(BROWSERS[kind])
    lang: Language = "zh" if kind == "no Ed25519" else "en"
    for case in histories.cases()[:25]:
        show(offline, file, trust=format_policy(case.trust), receipt=case.data, lang=lang)
        outcomes = check(offline)
        report = check_history(case.data, case.trust)
        assert outcomes == {step.code: step.outcome for step in report.steps}, case.name
        expect(offline.locator("[data-heading]")).to_have_text(report.sentence(lang))
        for step in report.steps:
            if step.outcome == "failed" and "reason" not in step.params:
                expect(offline.locator(f'[data-step="{step.code}"] span')).to_have_text(step.sentence(lang))


@pytest.mark.parametrize("name", transplants.transplants())
def test_each_transplant_fails_at_its_step(offline: Page, file: Path, tmp_path: Path, name: str) -> None:
    case = transplants.transplants()[name]
    (tmp_path / transplants.FILE).write_bytes(case.data)
    (tmp_path / "manifest.json").write_bytes(case.manifest.canonical)
    show(offline, file, trust=format_policy(transplants.MARKET.trust()), receipt=case.receipt)
    offline.locator("#f-data").set_input_files([tmp_path / "manifest.json", tmp_path / transplants.FILE])
    assert check(offline)[case.step] == "failed"
    expect(offline.locator("[data-heading]")).to_contain_text("Failed")


def test_a_transplanted_proof_fails_as_a_tlog_proof_too(offline: Page, file: Path, tmp_path: Path) -> None:
    (tmp_path / "entry").write_bytes(transplants.GOOD.statement)
    offline.goto(file.as_uri())
    offline.locator("#f-trust").fill(format_policy(transplants.MARKET.trust()).decode())
    for shown, outcome in (
        (transplants.GOOD, "passed"),
        (transplants.transplants()["index"].bundle, "failed"),
        (transplants.transplants()["proof"].bundle, "failed"),
        (transplants.transplants()["checkpoint"].bundle, "failed"),
    ):
        (tmp_path / "proof").write_bytes(shown.tlog_proof)
        offline.locator("#f-receipt").set_input_files([tmp_path / "proof", tmp_path / "entry"])
        assert check(offline)["included"] == outcome


def test_many_are_summed_up_and_what_failed_opens(offline: Page, file: Path, tmp_path: Path) -> None:
    wrong = RECEIPT.replace(b'"index":4', b'"index":5')
    (tmp_path / "all.jsonl").write_bytes(b"\n".join([RECEIPT] * 20 + [wrong] + [RECEIPT] * 20) + b"\n")
    (tmp_path / "other.json").write_bytes(b"{}")
    offline.goto(f"{file.as_uri()}#en")
    offline.locator("#f-trust").fill(TRUST.decode())
    offline.locator("#f-receipt").set_input_files([tmp_path / "all.jsonl", tmp_path / "other.json"])
    first, second, passed = _results(offline)
    expect(offline.locator("[data-heading]")).to_have_text("40 passed, 2 did not.")
    assert first.startswith("✗ all.jsonl:21 · Failed")
    assert second.startswith("✗ other.json · The receipt cannot be read")
    assert passed == "40 that passed"
    offline.get_by_text("all.jsonl:21").click()
    expect(offline.locator('[data-list] [data-step="included"][data-outcome="failed"]')).to_be_visible()
    offline.get_by_text("40 that passed").click()
    expect(offline.locator("[data-list] ul li")).to_have_count(40)
    (tmp_path / "all.jsonl").write_bytes(b"\n".join([RECEIPT] * 3) + b"\n")
    offline.locator("#f-receipt").set_input_files(tmp_path / "all.jsonl")
    _results(offline)
    expect(offline.locator("[data-heading]")).to_have_text("All 3 passed.")
    assert check_one(offline, tmp_path) == 12, "the list is gone when one is checked"


def check_one(page: Page, tmp_path: Path) -> int:
    (tmp_path / "one.json").write_bytes(RECEIPT)
    page.locator("#f-receipt").set_input_files(tmp_path / "one.json")
    check(page)
    expect(page.locator("[data-list]")).to_have_count(0)
    return page.locator("[data-steps] li").count()


def test_dropped_files_go_where_their_content_says(offline: Page, file: Path) -> None:
    offline.goto(f"{file.as_uri()}#en")
    dropped = {"x.txt": RECEIPT, "receipt.json": FILES["ports.csv"], "y": MANIFEST.canonical, "z": TRUST}
    offline.evaluate(
        """(files) => {
          const dataTransfer = new DataTransfer();
          for (const [name, text] of Object.entries(files)) dataTransfer.items.add(new File([text], name));
          document.querySelector("form").dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
        }""",
        {name: data.decode() for name, data in dropped.items()},
    )
    expect(offline.locator("[data-fingerprint]")).to_have_text(fingerprint(parse_policy(TRUST)))
    names = "(id) => [...document.querySelector(id).files].map(({ name }) => name)"
    assert offline.evaluate(names, "#f-receipt") == ["x.txt"]
    assert offline.evaluate(names, "#f-data") == ["receipt.json", "y"]


def test_it_speaks_chinese_and_english(offline: Page, file: Path) -> None:
    show(offline, file, lang="zh")
    assert check(offline)["log_signature"] == "passed"
    expect(offline.get_by_role("heading", level=1)).to_have_text("核验回执", use_inner_text=True)
    expect(offline.locator("[data-heading]")).to_contain_text("核验通过")
    assert offline.evaluate("document.documentElement.lang") == "zh-CN"
    offline.get_by_role("link", name="English").click()
    expect(offline.get_by_role("heading", level=1)).to_have_text("Verify a receipt", use_inner_text=True)
    expect(offline.get_by_role("button", name="Check")).to_be_visible()


def test_what_is_no_receipt_stays_on_the_page(offline: Page, file: Path) -> None:
    show(offline, file, receipt=b"no receipt")
    assert check(offline)["readable"] == "failed"
    assert offline.url.startswith(file.as_uri())


def test_the_page_cannot_reach_a_network(offline: Page, file: Path, page_faults: list[str]) -> None:
    """Its own policy refuses, before any network is asked."""
    show(offline, file)
    answer = offline.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)")
    assert answer == "TypeError"
    assert any("Content Security Policy" in fault for fault in page_faults)
    page_faults[:] = [
        fault for fault in page_faults if "127.0.0.1:9" not in fault and "Fetch API" not in fault
    ]


def test_the_same_sources_give_the_same_file() -> None:
    verifier_file.verifier_file.cache_clear()
    first = verifier_file.verifier_file()
    verifier_file.verifier_file.cache_clear()
    assert verifier_file.verifier_file() == first
    assert verifier_file.verifier_digest() == hashlib.sha256(first).hexdigest()
    text = first.decode()
    assert "\r" not in text
    assert not re.search(r"https?://(?!www\.w3\.org|in-toto\.io)", text), "an address of elsewhere"
    for name in ("check.js", "ed25519_in_js.js", "check_words_zh.js", "check_words_en.js"):
        source = (verifier_file.MODULES / name).read_text(encoding="utf-8")
        for line in source.splitlines():
            if line and not line.startswith(("import", "export")) and "import(" not in line:
                assert line in text, (name, line)


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        ({"a.js": 'import { b } from "./b.js";\n', "b.js": 'import "./a.js";\n'}, "circle"),
        ({"a.js": "export default 1;\n"}, "cannot stand"),
        ({"a.js": "export { x };\n"}, "cannot stand"),
        ({"a.js": 'import b from "./b.js";\n', "b.js": ""}, "cannot stand"),
        ({"a.js": 'import x from "elsewhere";\n'}, "cannot stand"),
        ({"a.js": "const a = import.meta.url;\n"}, "cannot stand"),
        ({"a.js": 'const a = "</script>";\n'}, "cannot stand"),
    ],
)
def test_what_the_builder_does_not_follow_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: dict[str, str], why: str
) -> None:
    for name, text in sources.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(verifier_file, "MODULES", tmp_path)
    with pytest.raises(UnreadableModule, match=why):
        bundle("a.js")

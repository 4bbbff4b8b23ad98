"""The verifier in a real browser, under the product's page policy: passes, fails, cancels, and stays small."""

import gzip
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ledger.policy import fingerprint, format_policy
from ledger.receipt import format_bundle
from tests.browser_js.receipt_vectors import FILES, MANIFEST, scene
from tests.browser_js.small_site import MODULES, SmallSite, small_site

TRUST = scene().log.trust()
RECEIPT = format_bundle(scene().bundle())
# Bytes of gzip. The modules are served as they are written, with comments and a sentence for each refusal.
FIRST_LOAD, WITH_CHECK, ONE_LANGUAGE, KEY_PAGE = 4_500, 48_000, 6_000, 14_500


@pytest.fixture
def site() -> Iterator[SmallSite]:
    with small_site() as running:
        yield running


def _form(trust: str) -> str:
    return f"""
<form method="post" action="/sent" data-verify data-manifests="/manifests/{{digest}}">
  <label>Receipt <input type="file" name="receipt"></label><textarea name="text" aria-label="Text"></textarea>
  <label>Data <input type="file" name="data" multiple></label>
  <textarea name="trust" aria-label="Trust">{trust}</textarea><output data-fingerprint></output>
  <progress hidden></progress><p data-status role="status"></p>
  <button type="button" data-do="cancel" hidden>Cancel</button><button>Check</button>
  <section data-result hidden><h2 data-heading></h2><ol data-steps></ol></section>
</form>"""


def _open(
    page: Page, site: SmallSite, *, lang: str = "en", trust: str = format_policy(TRUST).decode()
) -> None:
    page.goto(site.page("/verify", "verify_page.js", _form(trust), lang=lang))
    expect(page.locator("[data-fingerprint]")).to_have_text(re.compile("^[0-9a-f]{64}$"))


def _receipt(tmp_path: Path, data: bytes = RECEIPT) -> Path:
    path = tmp_path / "receipt.json"
    path.write_bytes(data)
    return path


def _data(tmp_path: Path, **changes: bytes) -> list[Path]:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "ports.csv").write_bytes(changes.get("ports", FILES["ports.csv"]))
    return [folder / "ports.csv"]


def _outcomes(page: Page) -> dict[str, str]:
    found = page.locator("[data-steps] li")
    expect(found).to_have_count(12)
    rows = found.evaluate_all("(items) => items.map(({ dataset }) => [dataset.step, dataset.outcome])")
    return dict(rows)


def test_a_good_receipt_passes_with_the_steps_that_did_not_run_marked(
    page: Page, site: SmallSite, tmp_path: Path
) -> None:
    _open(page, site)
    expect(page.locator("[data-fingerprint]")).to_have_text(fingerprint(TRUST))
    page.get_by_label("Receipt", exact=True).set_input_files(_receipt(tmp_path))
    page.get_by_role("button", name="Check").click()
    heading = page.get_by_role("heading")
    expect(heading).to_have_text(
        "Passed, but some steps did not run or need attention; they are marked below."
    )
    expect(heading).to_be_focused()
    outcomes = _outcomes(page)
    not_run = {code for code, outcome in outcomes.items() if outcome == "not_run"}
    assert not_run == {"fingerprint", "witnesses", "openings", "key_not_revoked"}
    assert set(outcomes.values()) == {"passed", "not_run"}
    assert not site.posted
    assert {verb for verb, _ in site.requests} == {"GET"}


def test_data_are_compared_with_a_manifest_from_anywhere(page: Page, site: SmallSite, tmp_path: Path) -> None:
    _open(page, site, lang="zh-CN")
    site.files[f"/manifests/{MANIFEST.digest.hex()}"] = MANIFEST.canonical
    page.get_by_label("Receipt", exact=True).set_input_files(_receipt(tmp_path))
    page.get_by_label("Data", exact=True).set_input_files(_data(tmp_path))
    page.get_by_role("button", name="Check").click()
    assert _outcomes(page)["fingerprint"] == "warning"
    expect(page.locator('[data-step="fingerprint"]')).to_contain_text("docs/readme.txt")
    expect(page.get_by_role("heading")).to_contain_text("核验通过")


def test_one_changed_byte_of_the_data_is_named(page: Page, site: SmallSite, tmp_path: Path) -> None:
    _open(page, site)
    changed = _data(tmp_path, ports=FILES["ports.csv"].replace(b"5", b"6"))
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(MANIFEST.canonical)
    page.get_by_label("Receipt", exact=True).set_input_files(_receipt(tmp_path))
    page.get_by_label("Data", exact=True).set_input_files([*changed, manifest])
    page.get_by_role("button", name="Check").click()
    outcomes = _outcomes(page)
    assert [code for code, outcome in outcomes.items() if outcome == "failed"] == ["fingerprint"]
    expect(page.locator('[data-step="fingerprint"]')).to_contain_text("ports.csv has the right size, but")
    expect(page.get_by_role("heading")).to_contain_text("Failed")


@pytest.mark.parametrize("name", [".manifest.json", "manifest.json"])
def test_a_downloaded_folder_passes_as_it_is(page: Page, site: SmallSite, tmp_path: Path, name: str) -> None:
    """`datawharf download` keeps the manifest in the folder under a hidden name."""
    _open(page, site)
    folder = tmp_path / "downloaded"
    for path, data in {**FILES, name: MANIFEST.canonical}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    page.get_by_label("Receipt", exact=True).set_input_files(_receipt(tmp_path))
    data = page.get_by_label("Data", exact=True)
    data.evaluate("(field) => (field.webkitdirectory = true)")
    data.set_input_files(folder)
    page.get_by_role("button", name="Check").click()
    assert _outcomes(page)["fingerprint"] == "passed"


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [(b'"index":4', b'"index":5', "included"), (b"\\n11\\n", b"\\n12\\n", "log_signature")],
    ids=["proof", "checkpoint"],
)
def test_a_changed_receipt_fails_at_the_step_that_was_changed(
    page: Page, site: SmallSite, old: bytes, new: bytes, step: str
) -> None:
    assert old in RECEIPT
    _open(page, site)
    page.get_by_label("Text", exact=True).fill(RECEIPT.replace(old, new, 1).decode())
    page.get_by_role("button", name="Check").click()
    assert _outcomes(page)[step] == "failed"


def test_the_keys_come_from_the_trust_file_and_nowhere_else(page: Page, site: SmallSite) -> None:
    other = scene().log
    other.log_key = "another"
    _open(page, site, trust=format_policy(other.trust()).decode())
    page.get_by_label("Text", exact=True).fill(RECEIPT.decode())
    page.get_by_role("button", name="Check").click()
    assert _outcomes(page)["log_signature"] == "failed"
    page.get_by_label("Trust", exact=True).fill("log nothing")
    expect(page.locator("[data-fingerprint]")).to_contain_text("The trust file cannot be read")
    page.get_by_role("button", name="Check").click()
    expect(page.locator("[data-status]")).to_contain_text("The trust file cannot be read: line 1")
    expect(page.get_by_role("heading")).to_be_hidden()


def test_what_cannot_be_read_is_neither_passed_nor_failed(page: Page, site: SmallSite) -> None:
    _open(page, site)
    page.get_by_role("button", name="Check").click()
    expect(page.locator("[data-status]")).to_have_text("Choose a receipt, or paste one.")
    page.get_by_label("Text", exact=True).fill('{"version": 1}')
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading")).to_contain_text("cannot be read")
    assert _outcomes(page)["included"] == "not_run"
    page.get_by_label("Text", exact=True).fill("GXDA-450100-D-202611-000001-00")
    page.get_by_role("button", name="Check").click()
    page.wait_for_selector("#sent")
    assert site.posted[0]["text"].startswith("GXDA")


def _no_worker_is_left(page: Page) -> None:
    """The browser takes a worker away a moment after it was told to stop; a worker nobody stopped stays."""
    deadline = time.monotonic() + 10
    while page.workers and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    assert page.workers == []


@pytest.mark.parametrize("worker", [True, False], ids=["in the worker", "in the page"])
def test_hashing_shows_progress_and_stops_when_told_each_time(
    page: Page, page_faults: list[str], site: SmallSite, tmp_path: Path, worker: bool
) -> None:
    if not worker:
        site.policy = site.policy.replace("trusted-types datawharf-worker", "trusted-types 'none'")
    _open(page, site)
    big = tmp_path / "big.bin"
    with big.open("wb") as file:
        file.truncate(2_000_000_000)
    page.get_by_label("Text", exact=True).fill(RECEIPT.decode())
    page.get_by_label("Data", exact=True).set_input_files(big)
    for _ in range(2):
        page.get_by_role("button", name="Check").click()
        expect(page.locator("progress")).to_have_attribute("value", re.compile("^[1-9]"))
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("[data-status]")).to_have_text("Stopped. Nothing was checked.")
        assert page.evaluate("document.querySelector('progress').value") < 100
        page.evaluate("document.querySelector('progress').value = 0")
    _no_worker_is_left(page)
    assert (("GET", "/static/js/verify_worker.js") in site.requests) == worker
    if not worker:
        page_faults.clear()  # the refused worker is reported; the check goes on without it


def _closure(entry: str, *, dynamic: bool) -> set[str]:
    """Modules that `entry` loads by import declarations, and if `dynamic` by import() too."""
    seen: set[str] = set()
    todo = {entry}
    while todo:
        name = todo.pop()
        seen.add(name)
        text = (MODULES / name).read_text(encoding="utf-8")
        pattern = (
            r'(?:from|import\(|\?|:) ?"\./([a-z0-9_]+\.js)"' if dynamic else r'from "\./([a-z0-9_]+\.js)"'
        )
        todo |= set(re.findall(pattern, text)) - seen
    return seen


def _size(names: set[str]) -> int:
    return sum(len(gzip.compress((MODULES / name).read_bytes(), 9)) for name in names)


def test_the_verifier_is_small() -> None:
    words = {f"{kind}_words_{lang}.js" for kind in ("check", "history") for lang in ("en", "zh")}
    assert _size(_closure("verify_page.js", dynamic=False)) < FIRST_LOAD
    loaded = ("verify_page.js", "verify_result.js", "check_words.js", "batch.js")
    whole = set().union(*(_closure(name, dynamic=False) for name in loaded))
    assert _size(whole) < WITH_CHECK
    for language in ("en", "zh"):
        assert _size({name for name in words if language in name}) < ONE_LANGUAGE
    assert _size(_closure("key_page.js", dynamic=True)) < KEY_PAGE
    with_data = _closure("verify_page.js", dynamic=True) - words
    assert with_data > whole, "a module is not reached"


def test_the_checking_modules_touch_no_page() -> None:
    names = _closure("check.js", dynamic=True) | _closure("manifest.js", dynamic=True)
    assert len(names) > 15
    for name in sorted(names):
        text = (MODULES / name).read_text(encoding="utf-8")
        assert not re.search(r"\b(document\.(query|create|documentElement)|window\.|localStorage)", text), (
            name
        )
        assert "page_parts" not in text

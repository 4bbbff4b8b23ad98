"""What anybody may see: every link leads somewhere, in both languages, on any screen, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from ledger.check import check_bundle
from ledger.hashing import leaf_hash
from ledger.policy import parse_policy
from market.kit.i18n import LANGS, Lang
from tests.browser.conftest import Enter
from tests.browser.inspection import faults_of
from tests.browser.running import RunningMarket
from tests.browser.stock import Shelf

LIMIT = 400
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }");
  document.adoptedStyleSheets = [sheet];
}"""


class _Links(HTMLParser):
    """Addresses that a page leads to, its twin in the other language, and the page that led to it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.found: list[str] = []
        self.alternates: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("href") or given.get("src") or ""
        if tag in ("a", "img", "script", "link") and address:
            self.found.append(address)
        if tag == "link" and given.get("hreflang"):
            self.alternates[str(given["hreflang"])] = address


def _crawl(base: str) -> Iterator[tuple[str, httpx.Response, _Links]]:
    """Every address that can be reached from the two home pages, each once."""
    todo, known = ["/zh/", "/en/"], {"/zh/": "the start", "/en/": "the start"}
    with httpx.Client(base_url=base, trust_env=False, timeout=30) as client:
        while todo:
            path = todo.pop(0)
            answer = client.get(path)
            links = _Links(known[path])
            if answer.headers.get("content-type", "").startswith("text/html") and answer.status_code == 200:
                links.feed(answer.text)
            yield path, answer, links
            for address in links.found:
                target = urlsplit(urljoin(base + path, address))
                place = target.path + (f"?{target.query}" if target.query else "")
                if f"{target.scheme}://{target.netloc}" == base and place not in known and len(known) < LIMIT:
                    known[place] = path
                    todo.append(place)


def test_every_link_leads_somewhere_and_every_page_has_a_twin(market: RunningMarket, shelf: Shelf) -> None:
    faults, pages, kinds = [], 0, set()
    for path, answer, links in _crawl(market.base):
        if answer.status_code not in (200, 303, 307):
            faults.append(f"{path} answers {answer.status_code}, linked by {links.source}")
        if not links.alternates:
            continue
        pages += 1
        kinds.add(
            re.sub(
                r"[0-9a-f]{64}|[0-9a-f-]{36}|[\w-]+-[0-9a-f]{8}-[0-9a-f-]{27}|\d+",
                "*",
                path.partition("?")[0],
            )
        )
        here = path.split("/")[1]
        for lang, code in (("zh", "zh-CN"), ("en", "en")):
            twin = "/" + lang + path.removeprefix(f"/{here}")
            if links.alternates.get(code) != twin:
                faults.append(f"{path} names {links.alternates.get(code)} as its {lang} twin")
    assert not faults, "\n".join(faults)
    assert pages > 60
    assert len(kinds) > 20, kinds
    certificates = [kind for kind in kinds if "/c/" in kind]
    assert certificates, "the certificate is reached from the asset's page"


def test_the_entries_that_the_log_began_with_have_receipts_too(market: RunningMarket) -> None:
    visitor = market.visitor()
    trust = parse_policy(visitor.trust_file())
    for index in range(2):
        entry = market.ledger.refreshed().entry(index)
        receipt = visitor.receipt(leaf_hash(entry).hex())
        report = check_bundle(receipt, trust, now=int(market.clock.now().timestamp()))
        assert not [step for step in report.steps if step.outcome == "failed"], index
        assert report.outcome.startswith("passed")


def _public(shelf: Shelf) -> dict[str, str]:
    asset = f"assets/{shelf.ports.id}"
    return {
        "home": "",
        "catalogue": "catalogue",
        "catalogue-none": "catalogue?q=qqqqqq",
        "zone": "zones/450700",
        "provider": f"providers/{shelf.provider.org_id}",
        "asset": asset,
        "asset-preview": f"{asset}/preview",
        "asset-files": f"{asset}/files",
        "asset-terms": f"{asset}/terms",
        "asset-provenance": f"{asset}/provenance",
        "asset-history": f"{asset}/history",
        "offer": f"offers/{shelf.words.offer}",
        "certificate": f"c/{shelf.ports.certificate}",
        "ledger": "ledger",
        "ledger-entry": "ledger/entries/3",
        "verify": "verify",
        "help": "help",
        "glossary": "glossary",
        "developers": "developers",
        "sign-in": "signin",
        "sign-up": "signup",
    }


@pytest.mark.parametrize("lang", LANGS)
def test_every_public_page_is_readable_in_the_dark_and_with_wide_letters(
    shelf: Shelf, enter: Enter, lang: Lang
) -> None:
    person = enter("anybody", lang)
    for name, path in _public(shelf).items():
        person.open(path)
        person.faults += faults_of(person.page, contrast_in_the_dark=lang == "zh")
        person.shoot(f"public-{name}")
        if name in ("home", "catalogue", "asset", "ledger-entry"):
            person.shoot(f"public-{name}", dark=True)
        person.page.set_viewport_size({"width": 360, "height": 740})
        person.page.evaluate(SPACED)
        width = person.page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            person.faults.append(f"{person.page.url}: {width} wide with spaced letters")
        person.page.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("lang", LANGS)
def test_reading_needs_no_script(shelf: Shelf, enter: Enter, lang: Lang) -> None:
    person = enter("somebody without script", lang, script=False)
    person.open("")
    person.page.get_by_role("searchbox").fill("港口" if lang == "zh" else "port")
    person.press("Search")
    results = person.main.locator(".results > li")
    expect(results).to_have_count(2)
    person.main.get_by_label("表格" if lang == "zh" else "Tables").check()
    person.press("Apply filters")
    expect(results).to_have_count(1)
    person.main.get_by_role("link", name=shelf.ports.title[lang]).click()
    person.reads("Provenance & proofs")
    person.follow("Provenance & proofs")
    person.main.locator(".timeline").get_by_role("link", name=re.compile(r"\d")).first.click()
    expect(person.page).to_have_url(re.compile(r"/ledger/entries/\d+"))
    person.reads("How it leads to the signed root")
    person.open(f"c/{shelf.ports.certificate}")
    person.reads("Status today: %(status)s.", status=person.say("Valid"))
    person.open("ledger")
    person.page.get_by_role("searchbox").or_(person.page.locator("#q")).first.fill("2")
    person.press("Look up")
    expect(person.page).to_have_url(re.compile("/ledger/entries/2$"))


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_not_there_says_so_in_words(market: RunningMarket, enter: Enter, lang: Lang) -> None:
    person = enter("lost", lang)
    for path, status in (
        ("nowhere", 404),
        ("assets/nothing-here", 404),
        ("c/AAAA-AAAA-AAAA", 404),
        ("studio", 401),
    ):
        answer = person.page.goto(f"{market.base}/{lang}/{path}")
        assert answer is not None
        assert answer.status in (status, 200), path
        person.look(f"refusal-{path.split('/')[0]}")

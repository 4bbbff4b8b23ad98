"""What must hold on each page that anybody meets, whatever the journey."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from market.kit.templating import STATIC

# A layout shift that nobody sees; anything more is a defect.
MOST_SHIFT = 0.02

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
HTML_LIMIT, CSS_LIMIT = 30_000, 12_000
# Bytes of gzip by entry module; a page without one of these needs no script. The modules go out as they are written.
SCRIPT_LIMITS = {
    "verify_page.js": 50_000,
    "register_page.js": 32_000,
    "sign_page.js": 22_000,
    "key_page.js": 13_000,
    "last_seen_page.js": 20_500,
    "consistency_page.js": 22_500,
    "history_page.js": 47_000,
}
NARROW = (360, 320)
# Chromium notes every answer above 399 as an error of the console; a page that says what is wrong is none.
REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")

# A Chinese page may hold names, codes and commands in Latin letters, but no English sentence of ours.
_MEASURE = """async () => {
  const foreign = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const { textContent: text, parentElement: place } = walker.currentNode;
      const own = !place.closest("pre, code, script, noscript, textarea, body [lang]");
      if (own && /[A-Za-z]{2,}( [a-z]{2,}){2,}/.test(text) && !/[一-鿿]/.test(text))
        found.push(text.trim().slice(0, 80));
    }
    return found;
  };
  const shifts = await new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(sum), 30);
  });
  const loaded = performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return {
    shifts, loaded, title: document.title, lang: document.documentElement.lang,
    heads: document.querySelectorAll("h1").length,
    twice: ids.filter((id, place) => ids.indexOf(id) !== place),
    styled: [...document.querySelectorAll("[style]:not([style='']), style, script:not([src], [type='application/ld+json'])")]
      .map((element) => element.outerHTML.slice(0, 120)),
    foreign: document.documentElement.lang === "en" ? [] : foreign(),
    unlabelled: [...document.querySelectorAll("form[method=post]")].filter((form) => !form.elements.csrf).length,
  };
}"""
_WIDEST = """(limit) => [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > limit + 0.5 && !element.closest(".scroll, pre, .skip"))
  .slice(0, 5).map((element) => element.tagName + "." + element.className + " " + element.textContent.trim().slice(0, 40))"""


def faults_of(page: Page, *, contrast_in_the_dark: bool = False) -> list[str]:
    """Everything that is wrong with the page as it stands; empty for a good page."""
    found = page.evaluate(_MEASURE)
    expected = "zh-CN" if "/zh/" in page.url else "en"
    faults = [
        *_when(found["lang"] != expected, f"the language is {found['lang']}"),
        *_when(not re.fullmatch(r"\S.+ · (Datawharf|数港)", found["title"]), f"title {found['title']!r}"),
        *_when(found["heads"] != 1, f"{found['heads']} first headings"),
        *_when(bool(found["twice"]), f"ids twice: {found['twice']}"),
        *_when(bool(found["styled"]), f"styles or scripts in the page: {found['styled']}"),
        *_when(bool(found["foreign"]), f"not in Chinese: {found['foreign']}"),
        *_when(found["unlabelled"] > 0, "a form without its token"),
        *_when(found["shifts"] > MOST_SHIFT, f"the layout shifted by {found['shifts']:.3f}"),
        *_weight(page, found["loaded"]),
        *_barriers(page),
        *_overflow(page),
    ]
    if contrast_in_the_dark:
        page.emulate_media(color_scheme="dark")
        faults += [f"dark: {fault}" for fault in _barriers(page, only="color-contrast")]
        page.emulate_media(color_scheme="light")
    return [f"{page.url}: {fault}" for fault in faults]


def _when(wrong: bool, sentence: str) -> list[str]:
    return [sentence] if wrong else []


def _weight(page: Page, loaded: list[str]) -> list[str]:
    html = len(gzip.compress(page.content().encode()))
    names = {re.sub(r"^/static/[^/]+/", "", path) for path in loaded if path.startswith("/static/")}
    css, scripts = _packed(names, ".css"), _packed(names, ".js")
    entries = [name.removeprefix("js/") for name in names]
    limit = max((SCRIPT_LIMITS.get(name, 0) for name in entries), default=0)
    return [
        *_when(html > HTML_LIMIT, f"{html} bytes of HTML"),
        *_when(css > CSS_LIMIT, f"{css} bytes of style"),
        *_when(scripts > limit, f"{scripts} bytes of script, {limit} allowed: {sorted(entries)}"),
        *_when(
            len([path for path in loaded if "/static/" not in path]) > 0 and limit == 0, f"loads {loaded}"
        ),
    ]


def _packed(names: set[str], ending: str) -> int:
    return sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names if name.endswith(ending))


def _barriers(page: Page, only: str = "") -> list[str]:
    run: dict[str, Any] = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": RULES}
    answer = (
        Axe().run(page, options={"runOnly": run, "resultTypes": ["violations"], "preload": False}).response
    )
    return [
        f"axe {violation['id']}: {violation['help']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for violation in answer["violations"]
        for node in violation["nodes"][:3]
    ]


def _overflow(page: Page) -> list[str]:
    """A small telephone shows the whole width of the page."""
    size = page.viewport_size
    faults = []
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 740})
        found = page.evaluate("document.documentElement.scrollWidth")
        if found > width:
            faults.append(f"{found} wide at {width}: {page.evaluate(_WIDEST, width)}")
    if size is not None:
        page.set_viewport_size(size)
    return faults


def listen_for_complaints(page: Page, note: Callable[[str], None]) -> None:
    """Script errors, reports against the page's policy and other errors of the console."""
    page.on("pageerror", lambda error: note(f"{page.url}: uncaught: {error.message}"))
    page.on(
        "console",
        lambda message: (
            note(f"{page.url}: {message.text}")
            if message.type == "error" and not REFUSAL.match(message.text)
            else None
        ),
    )

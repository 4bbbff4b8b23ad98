"""Checking a thousand receipts in a browser, beside the least that any page must do for them: one signature each.

    python -m benchmarks.browser_receipts [--scale tiny|usual|full] [--json]

Chromium opens verify.html from the disk, without a network, and is given one file with a receipt to a line. The clock runs
in the page from the press of the button until the verdict can be read: reading the file, all steps of each receipt, and the
list. The limit runs in the same page: WebCrypto's Ed25519 over the statements, with key and bytes ready, all at once.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.figures import Figure, Scale, alternate, command_line
from benchmarks.ledger_receipts import LOG_SIZE, RECEIPTS, Batch, make_batch
from ledger import cose
from ledger.policy import format_policy
from ledger.receipt import parse_bundle
from ledger.statement import parse_statement
from market.provenance.verifier_file import verifier_file

ROUNDS = {Scale.TINY: 1, Scale.USUAL: 5, Scale.FULL: 9}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
SECONDS = 2.0
CHECK = """
() => new Promise((resolve) => {
  const heading = document.querySelector("[data-heading]");
  const begun = performance.now();
  const watch = new MutationObserver(() => {
    if (!document.querySelector("[data-list]")) return;
    watch.disconnect();
    resolve([(performance.now() - begun) / 1000, heading.textContent]);
  });
  watch.observe(document.querySelector("[data-result]"), { subtree: true, childList: true, attributes: true });
  document.querySelector("form button:not([data-do])").click();
})"""
LIMIT = """
async ({ key, jobs }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const known = await crypto.subtle.importKey("raw", bytes(key), "Ed25519", false, ["verify"]);
  const ready = jobs.map(([signature, signed]) => [bytes(signature), bytes(signed)]);
  const begun = performance.now();
  const verified = ([signature, signed]) => crypto.subtle.verify("Ed25519", known, signature, signed);
  const held = await Promise.all(ready.map(verified));
  if (!held.every(Boolean)) throw new Error("a signature does not hold");
  return (performance.now() - begun) / 1000;
}"""


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folder = Path(scratch)
        batch = make_batch(folder, RECEIPTS[scale], LOG_SIZE[scale])
        (folder / "verify.html").write_bytes(verifier_file())
        (folder / "receipts.jsonl").write_bytes(b"\n".join(batch.receipts) + b"\n")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=next((found for name in BROWSERS if (found := shutil.which(name))), None),
                args=list(ARGUMENTS),
                # Chromium keeps a socket in the folder for temporary files, whose path must be short.
                env={**os.environ, "HOME": scratch, "TMPDIR": "/tmp"},
            )
            page = browser.new_context(offline=True).new_page()
            ours, limit = "verify.html", "limit: WebCrypto Ed25519 over the statements"
            seconds = alternate(
                ROUNDS[scale],
                {ours: lambda: check(page, folder, batch), limit: lambda: at_least(page, batch)},
            )
            browser.close()
    worst = max(seconds[ours])
    yield Figure(
        f"browser: {len(batch.receipts):,} receipts dropped at once, fresh page each time",
        seconds[ours],
        limit,
        seconds[limit],
        amount=len(batch.receipts),
        unit="receipts",
        note=f"slowest {worst:.2f} s; the target for a thousand is under {SECONDS:g} s",
    )


def check(page: Page, folder: Path, batch: Batch) -> float:
    """Seconds of one check in a page that was just opened."""
    page.goto((folder / "verify.html").as_uri() + "#en")
    page.reload()
    page.locator("#f-trust").fill(format_policy(batch.trust).decode())
    page.locator("#f-receipt").set_input_files(folder / "receipts.jsonl")
    seconds, verdict = page.evaluate(CHECK)
    assert verdict == f"All {len(batch.receipts)} passed.", verdict
    return float(seconds)


def at_least(page: Page, batch: Batch) -> float:
    """Seconds of the signatures alone, one a receipt; what the receipts share costs nothing here."""
    jobs = []
    for receipt in batch.receipts:
        statement = parse_statement(parse_bundle(receipt).statement)
        signed = cose.bytes_to_sign(statement.protected, statement.payload)
        jobs.append([b64encode(statement.signature).decode(), b64encode(signed).decode()])
    return float(page.evaluate(LIMIT, {"key": b64encode(batch.provider.raw).decode(), "jobs": jobs}))


if __name__ == "__main__":
    command_line("browser_receipts", run)

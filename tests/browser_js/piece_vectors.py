"""The forms of a receipt besides the bundle, good and forged, for the browser's modules."""

from base64 import b64encode
from dataclasses import replace
from typing import Any

from ledger.policy import format_policy
from ledger.receipt import format_bundle
from ledger.statement import parse_statement
from ledger.transparent import format_transparent_statement
from tests.browser_js.receipt_vectors import MANIFEST, scene
from tests.browser_js.small_log import NOW, key
from tests.vectors.histories import cases


def build() -> dict[str, Any]:
    """{files: {name: base64}, kinds: {name: kind}, trust, now}."""
    home = scene()
    bundle, other = home.bundle(), home.log.entries[home.platform_fact]
    resigned = replace(parse_statement(bundle.statement), signature=key("thief").sign(b"x")).leaf_bytes
    receipt = bundle.cose_receipt
    kinds: dict[str, tuple[str | None, bytes]] = {
        "bundle": ("bundle", format_bundle(bundle)),
        "older bundle": ("bundle", format_bundle(home.bundle(size=home.registration + 1))),
        "tlog-proof": ("tlog-proof", bundle.tlog_proof),
        "cose": ("cose", receipt),
        "statement": ("cose", bundle.statement),
        "other statement": ("cose", other),
        "transparent": ("cose", format_transparent_statement(bundle.statement, [receipt])),
        "transparent of another entry": ("cose", format_transparent_statement(other, [receipt])),
        "transparent, resigned": ("cose", format_transparent_statement(resigned, [receipt])),
        "history": ("history", cases()[0].data),
        "absence": ("history", cases()[2].data),
        "manifest": ("manifest", MANIFEST.canonical),
        "trust": ("trust", format_policy(home.log.trust())),
        "commented trust": ("trust", b"# of a friend\n\n" + format_policy(home.log.trust())),
        "table": (None, b"port,teu\nQinzhou,5\n"),
        "JSON of somebody": (None, b'{"ports": ["Qinzhou"]}'),
        "log file": (None, b"log opened at noon\n"),
    }
    return {
        "files": {name: b64encode(data).decode() for name, (_, data) in kinds.items()},
        "kinds": {name: kind for name, (kind, _) in kinds.items()},
        "trust": format_policy(home.log.trust()).decode(),
        "now": NOW + 3600,
    }

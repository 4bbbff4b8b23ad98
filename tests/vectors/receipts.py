"""Whole receipts with the trust file, and where there are some the data, that they are to be judged by."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ledger.check import check_bundle
from ledger.policy import format_policy
from tests.browser_js import receipt_vectors
from tests.browser_js.receipt_vectors import Case

LEFT_OUT = ("flipped ", "byte ", "checkpoint character ")


def receipts() -> list[dict[str, Any]]:
    """[{name, receipt, trust, manifest, files, now, verdict, failing}]; flipped bits are left to each reader's tests."""
    with TemporaryDirectory() as folder:
        return [
            judged(case, Path(folder))
            for case in receipt_vectors.cases()
            if not case.name.startswith(LEFT_OUT)
        ]


def judged(case: Case, folder: Path) -> dict[str, Any]:
    places = {}
    for number, (name, data) in enumerate(case.files.items()):
        places[name] = folder / str(number)
        places[name].write_bytes(data)
    report = check_bundle(case.data, case.trust, manifest=case.manifest, files=places or None, now=case.now)
    return {
        "name": case.name,
        "receipt": case.data.decode("utf-8"),
        "trust": format_policy(case.trust).decode(),
        "manifest": case.manifest.canonical.decode() if case.manifest else None,
        "files": {name: b64encode(data).decode() for name, data in case.files.items()},
        "now": case.now,
        "verdict": {"unreadable": "refuse", "failed": "refuse"}.get(report.outcome, "accept"),
        "failing": [step.code for step in report.steps if step.outcome == "failed"],
    }

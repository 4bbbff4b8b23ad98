"""Histories, good and tampered with, with the whole report of the ledger package: what the browser has to say as well."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from ledger.index.check import HistoryReport
from ledger.index.keys import keys_of
from ledger.policy import format_policy
from tests.ledger.index.test_keys import HASH, entry
from tests.vectors.histories import HistoryCase, cases
from tests.vectors.statements import statements


def _judged(case: HistoryCase) -> dict[str, Any]:
    report: HistoryReport = case.judged()
    return {
        "name": case.name,
        "data": case.data.decode("latin-1"),
        "trust": format_policy(case.trust).decode(),
        "key": case.key,
        "atLeast": case.at_least,
        "rebuilt": case.rebuilt.hex() if case.rebuilt else None,
        "outcome": report.outcome,
        "said": [report.sentence("en"), report.sentence("zh")],
        "steps": [
            {
                "code": step.code,
                "outcome": step.outcome,
                "cause": step.cause,
                "params": {name: value for name, value in step.params.items() if name != "reason"},
                "sentences": None if "reason" in step.params else [step.sentence("en"), step.sentence("zh")],
            }
            for step in report.steps
        ],
    }


def build() -> list[dict[str, Any]]:
    """[{name, data (one character a byte), trust, key, atLeast, rebuilt, outcome, said, steps: [{code, outcome, …}]}]."""
    return [_judged(case) for case in cases()]


def build_keys() -> list[dict[str, Any]]:
    """[{hex, keys}]: entries, and under which keys the index lists them."""
    number = {"number": "GX-2026-0001", "registration": HASH, "deep": [{"key": HASH, "offer": [HASH, "x"]}]}
    example = Path(__file__).parents[1] / "ledger" / "index" / "worked_example.json"
    found: list[dict[str, Any]] = json.loads(example.read_text("utf-8"))["entries"]
    entries = [
        b"",
        *(b64decode(row["entry"]) for row in statements()),
        *(entry(kind, number) for kind in ("certificate/v2", "certificate/x", "order/v1")),
    ]
    return [*found, *({"hex": each.hex(), "keys": list(keys_of(each))} for each in entries)]

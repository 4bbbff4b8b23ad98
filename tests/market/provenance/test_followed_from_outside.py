"""A monitor from outside finds nothing to object to in the log of a market at work."""

from __future__ import annotations

from pathlib import Path

from ledger.monitor.monitor import Event, Monitor
from ledger.monitor.state import StateFile
from market.provenance.gateway import Ledger
from tests.builders.marketplace import Marketplace


def test_every_entry_of_a_market_obeys_the_log_s_rules(small_market: Marketplace, tmp_path: Path) -> None:
    ledger = small_market.ports.get(Ledger)
    head = ledger.refreshed().published
    assert head is not None
    assert head.size > 2
    events: list[Event] = []
    state = StateFile(tmp_path / "state")
    monitor = Monitor(ledger.objects, ledger.policy, ledger.policy.logs[0], state, max_age=0)
    assert monitor.step(0, events.append) == 0, [event.sentence() for event in events]
    assert [event.kind for event in events] == ["started"]

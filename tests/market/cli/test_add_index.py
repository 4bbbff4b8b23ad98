"""A home that was made before there was an index gets one: histories of all that was ever recorded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.index.announcement import INDEX_MAP
from ledger.index.check import check_history
from ledger.policy import parse_policy
from market.app import job_handlers
from market.cli.examine import examine
from market.cli.ledger import begin_index
from market.cli.setup import NewHome, initialise
from market.compose import create_log, open_ports
from market.config import ConfigError, Settings
from market.kit.db import Database
from market.kit.jobs import Worker
from market.kit.ports import Ports
from market.provenance.gateway import Ledger
from market.signers import INDEX_KEYS
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def before(tmp_path: Path, clock: FakeClock) -> Settings:
    """A home as it was made before: its log begins with two entries, and there are no keys of an index."""
    settings = initialise(NewHome(tmp_path / "home"), clock, embedded_worker=False).settings
    db = Database(settings.database)
    made = open_ports(settings, clock, writes=False)
    genesis = list(made.get(Ledger).refreshed().entries(0, 2))
    made.db.close()
    for name in ("ledger", "index", "signer"):
        shutil.rmtree(settings.home / name)
    for path in (*settings.home.glob("ledger.head*"), *(settings.keys / f"{key}.key" for key in INDEX_KEYS)):
        path.unlink()
    create_log(settings, db, genesis, clock.now())
    db.close()
    return settings


@pytest.fixture
def after(before: Settings, clock: FakeClock) -> Iterator[Ports]:
    """The worker that starts when the command has run, its jobs done."""
    begin_index(before, clock)
    ports = open_ports(before, clock)
    Worker(ports.db, job_handlers(ports), clock).drain()
    yield ports
    ports.get(Ledger).close()
    ports.db.close()


def test_the_doctor_says_the_command(before: Settings) -> None:
    (bad,) = [finding.sentence for finding in examine(before) if not finding.fine]
    assert f"datawharf ledger add-index --home {before.home}" in bad


def test_histories_go_back_to_the_first_entry(before: Settings, after: Ports, clock: FakeClock) -> None:
    ledger = after.get(Ledger)
    assert ledger.index is not None
    trust = parse_policy(before.trust_file.read_bytes())
    for key, indices in (
        ("kind:urn:datawharf:predicate/rule-pack/v1", (1,)),
        (f"kind:{INDEX_MAP}", (2,)),
        ("asset:none", ()),
    ):
        shown = ledger.index.history(key, ledger.refreshed(), with_entries=True)
        report = check_history(shown, trust, key=key, at_least=3)
        assert report.ok, [step.sentence() for step in report.steps]
        assert report.history is not None
        assert report.history.indices == indices
        assert report.step("index_key").cause == "announced"
    assert all(finding.fine for finding in examine(before))


def test_a_reading_process_needs_nothing_but_the_public_files(
    before: Settings, after: Ports, clock: FakeClock
) -> None:
    apart = open_ports(replace(before, cache=str(before.home / "elsewhere")), clock, writes=False)
    for key in (f"kind:{INDEX_MAP}", "asset:none"):
        shown = []
        for ports in (after, apart):
            ledger = ports.get(Ledger)
            assert ledger.index is not None
            shown.append(ledger.index.history(key, ledger.refreshed(), with_entries=True))
        assert shown[0] == shown[1]
    apart.get(Ledger).close()
    apart.db.close()


def test_twice_before_the_worker_starts_is_once(before: Settings, clock: FakeClock) -> None:
    assert begin_index(before, clock) == begin_index(before, clock)
    ports = open_ports(before, clock)
    Worker(ports.db, job_handlers(ports), clock).drain()
    assert ports.get(Ledger).refreshed().size == 3
    ports.get(Ledger).close()
    ports.db.close()


def test_a_log_that_has_an_index_is_left_alone(before: Settings, after: Ports, clock: FakeClock) -> None:
    with pytest.raises(ConfigError, match="Nothing was changed"):
        begin_index(before, clock)
    (before.keys / "index.key").rename(before.home / "lost.key")
    with pytest.raises(ConfigError, match="restore them"):
        begin_index(before, clock)

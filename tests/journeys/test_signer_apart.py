"""A market whose log keys are in a process of their own, which comes and goes."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.check import check_bundle
from ledger.errors import StorageFailed
from ledger.note import open_note
from ledger.policy import parse_policy
from market.cli.examine import examine
from market.cli.ledger import begin_rotation
from market.compose import open_ports
from market.provenance.gateway import Ledger
from tests.builders.marketplace import Marketplace, marketplace
from tests.docker import processes
from tests.fakes.clock import FakeClock


@pytest.fixture
def market(tmp_path: Path, sqlite_url: str) -> Iterator[Marketplace]:
    home = tmp_path / "home"
    told = {"signer_home": str(processes.vault(home)), "signer_sockets": str(tmp_path / "run")}
    # The signer goes by the clock of the machine.
    with marketplace(home, sqlite_url, told=told, clock=FakeClock(datetime.now(UTC))) as made:
        yield made


@contextmanager
def signing(market: Marketplace) -> Iterator[subprocess.Popen[bytes]]:
    """While the signer runs, the keys are out of this process's reach."""
    with processes.signer(market.settings.home) as process:
        yield process


def _wrong(market: Marketplace) -> list[str]:
    return [finding.sentence for finding in examine(market.settings) if not finding.fine]


def test_what_is_registered_without_the_signer_is_recorded_when_it_is_back(
    market: Marketplace, tmp_path: Path
) -> None:
    provider = market.party("harbour")
    version = market.registered(provider, tmp_path / "data")
    head = market.ledger.refreshed().size
    assert market.visitor().api.get(f"/api/v1/statements/{version['leaf']}")["index"] is None
    assert any(sentence.startswith("the signer:") for sentence in _wrong(market))
    with signing(market) as process:
        market.clock.advance(minutes=2)
        market.drain()
        assert market.ledger.refreshed().size == head + 2, "the key's binding and the registration"
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    # A signer that was killed leaves its socket; the next one signs on.
    with signing(market):
        other = market.registered(provider, tmp_path / "more", title={"zh": "更多", "en": "More"})
        market.clock.advance(minutes=2)
        market.drain()
        for leaf in (version["leaf"], other["leaf"]):
            receipt = market.visitor().api.get_bytes(f"/api/v1/statements/{leaf}/receipt")
            assert check_bundle(receipt, market.ledger.policy).ok
        assert _wrong(market) == []


def test_a_rotation_is_the_signers_after_its_next_start(market: Marketplace, tmp_path: Path) -> None:
    begin_rotation(market.settings, market.clock)
    keys = parse_policy(market.settings.trust_file.read_bytes()).log_keys(market.settings.origin)
    market.restart()
    with signing(market):
        assert _wrong(market) == []
        market.registered(market.party("harbour"), tmp_path / "data")
        note = market.browser().get("/ledger/checkpoint").content
        assert set(open_note(note, list(keys)).verified) == set(keys)


def test_a_running_signer_that_misses_a_new_key_is_told_to_start_again(market: Marketplace) -> None:
    with signing(market):
        with processes.keys_in_reach(market.settings.home):
            begin_rotation(market.settings, market.clock)
        assert "the signer does not know all keys of the trust file: start it again" in _wrong(market)


def test_processes_that_only_read_cannot_append(market: Marketplace) -> None:

    keys = processes.vault(market.settings.home) / "keys"
    away = keys.rename(keys.with_name("out-of-reach"))
    ports = open_ports(market.settings, market.clock, writes=False)
    with pytest.raises(StorageFailed, match="not given the log's signer"), ports.get(Ledger).writing():
        pass
    assert ports.get(Ledger).refreshed().size > 0
    ports.db.close()
    with pytest.raises(StorageFailed, match="is missing"):
        begin_rotation(market.settings, market.clock)
    away.rename(keys)

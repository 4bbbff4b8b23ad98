"""A market's log goes over to another key: nobody who held a receipt or a trust file is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from ledger.check import check_bundle
from ledger.errors import Conflict
from ledger.keys import SigningKey
from ledger.monitor.monitor import Event, Monitor
from ledger.monitor.state import StateFile
from ledger.note import COSIGNATURE_ED25519, NoteSigner, Verifier, open_note, parse_vkey
from ledger.policy import Policy, fingerprint, format_policy, parse_policy
from ledger.witness.http import WitnessDoor
from ledger.witness.state import SqliteWitnessState
from ledger.witness.witness import Witness
from market.cli.examine import examine
from market.cli.ledger import begin_rotation, finish_rotation
from market.client.cli.main import main
from market.signers import index_vkey
from tests.builders.marketplace import Marketplace, marketplace
from tests.fakes.clock import FakeClock

WITNESS = NoteSigner("witness.example/w1", SigningKey.from_seed(bytes([61]) * 32), COSIGNATURE_ED25519)


@dataclass
class Watched:
    """A market and the witness without which it publishes nothing."""

    market: Marketplace
    witness: SqliteWitnessState

    def trust(self) -> Policy:
        return parse_policy(self.market.browser().get("/ledger/trust.policy").content)

    def keys(self) -> tuple[Verifier, ...]:
        """The log's public keys as the served trust file names them."""
        return self.trust().log_keys(self.market.settings.origin)

    def signers(self) -> set[Verifier]:
        """Which of them signed the newest checkpoint."""
        note = self.market.browser().get("/ledger/checkpoint").content
        return set(open_note(note, list(self.keys())).verified)

    def receipt(self, leaf: str) -> bytes:
        return self.market.visitor().api.get_bytes(f"/api/v1/statements/{leaf}/receipt")


@pytest.fixture
def watched(database_url: str, tmp_path: Path) -> Iterator[Watched]:
    """On each engine."""
    clock = FakeClock()
    state = SqliteWitnessState.create(tmp_path / "witness.sqlite3")
    with _door(Witness([WITNESS], state, lambda: int(clock.now().timestamp()))) as address:
        told = {"witnesses": (f"w1 {WITNESS.vkey} {address}",)}
        with marketplace(tmp_path / "home", database_url, clock=clock, told=told) as market:
            found = Watched(market, state)
            (log,) = found.keys()
            state.add_log(log)
            state.add_log(parse_vkey(index_vkey(market.settings)))
            yield found


@contextmanager
def _door(witness: Witness) -> Iterator[str]:
    with WitnessDoor(witness, ("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.server_address[1]}"
        finally:
            door.shutdown()
            thread.join()


def _objections(watched: Watched, state: Path) -> list[str]:
    """What a monitor from outside says that follows the log with the trust file of now."""
    trust, events = watched.trust(), list[Event]()
    monitor = Monitor(watched.market.ledger.objects, trust, trust.logs[0], StateFile(state), max_age=0)
    monitor.step(0, events.append)
    return [event.sentence() for event in events if event.kind not in ("started", "grown")]


def test_receipts_and_older_trust_files_outlive_the_key(watched: Watched, tmp_path: Path) -> None:
    market = watched.market
    provider, registrar = market.party("harbour"), market.registrar()
    application = market.certified(provider, registrar, tmp_path / "first")
    leaf = market.visitor().version(application["version_id"])["leaf"]
    before, trusted, (old,) = watched.receipt(leaf), watched.trust(), watched.keys()
    scitt = market.browser().get("/.well-known/scitt-keys").content
    assert _objections(watched, tmp_path / "monitor") == []

    index = begin_rotation(market.settings, market.clock)
    again = CliRunner().invoke(main, ["ledger", "rotate", "--home", str(market.settings.home)])
    assert again.exit_code == 1
    assert "goes over to a new key already" in again.output
    market.restart()
    both = watched.trust()
    assert watched.keys()[0] == old
    assert watched.signers() == set(watched.keys())
    assert len(watched.keys()) == 2
    during = watched.receipt(market.registered(provider, tmp_path / "second")["leaf"])
    assert [check_bundle(during, policy).ok for policy in (trusted, both)] == [True, True]
    page = market.browser().get(f"/en/c/{application['certificate_code']}").text
    assert fingerprint(both) in page

    for key in both.log_keys(market.settings.origin):
        watched.witness.add_log(key)
    finish = ["ledger", "rotate", "--finish", "--home", str(market.settings.home)]
    finished = CliRunner().invoke(main, finish)
    assert finished.exit_code == 0, finished.output
    market.restart()
    new, rested = watched.keys()
    assert rested == old
    assert f"The key {old.key_id.hex()} has retired; {new.key_id.hex()} signs alone." in finished.output
    assert fingerprint(watched.trust()) in finished.output
    after = watched.receipt(market.registered(provider, tmp_path / "third")["leaf"])
    assert watched.signers() == {new}
    reports = [check_bundle(after, policy) for policy in (watched.trust(), both, trusted)]
    assert [report.ok for report in reports] == [True, True, False]

    assert watched.receipt(leaf) == before
    assert all(check_bundle(before, policy).ok for policy in (trusted, both, watched.trust()))
    assert market.browser().get("/.well-known/scitt-keys").content == scitt
    assert _objections(watched, tmp_path / "monitor") == []
    assert [finding.sentence for finding in examine(market.settings) if not finding.fine] == []
    _is_shown(market, index, new)
    for policy in (both, watched.trust()):
        _index_agrees(market, policy, tmp_path / "given.policy")


def _is_shown(market: Marketplace, index: int, new: Verifier) -> None:
    """The entry says in both languages what it is."""
    browser = market.browser()
    entry = browser.get(f"/api/v1/ledger/entries/{index}").json()
    assert entry["kind"] == "log-key-rotation"
    assert entry["signed_at"] is None
    for lang, words in (("en", "goes over"), ("zh", "改用新密钥")):
        assert words in entry["says"][lang]
        shown = browser.get(f"/{lang}/ledger/entries/{index}")
        assert shown.status_code == 200
        assert new.key_id.hex() in shown.text
        assert browser.get(f"/{lang}/ledger").status_code == 200


def _index_agrees(market: Marketplace, policy: Policy, trust: Path) -> None:
    """Somebody with the files and a trust file makes the index again."""
    trust.write_bytes(format_policy(policy))
    place, index = market.settings.ledger_objects, str(market.settings.home / "index" / "log")
    arguments = ["index", "rebuild", place, "--index", index, "--trust", str(trust), "--quiet"]
    said = CliRunner().invoke(main, arguments)
    assert said.exit_code == 0, said.output


def test_a_rotation_that_stopped_half_way_goes_on_and_records_one_entry(
    watched: Watched, tmp_path: Path
) -> None:
    market = watched.market
    trust = market.settings.trust_file.read_bytes()
    first = begin_rotation(market.settings, market.clock)
    # What a crash leaves behind the entry and before the trust file.
    market.settings.trust_file.write_bytes(trust)
    with pytest.raises(Conflict, match="no other key"):
        finish_rotation(market.settings)
    assert begin_rotation(market.settings, market.clock) == first
    market.restart()
    assert market.ledger.refreshed().size == first + 1
    assert watched.signers() == set(watched.keys())
    market.registered(market.party("harbour"), tmp_path / "first")
    assert _objections(watched, tmp_path / "monitor") == []

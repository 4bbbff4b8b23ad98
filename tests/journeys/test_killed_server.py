"""kill -9 of the server while several clients register and upload: what it acknowledged is there (security C42, C45).

The usual run is short. DATAWHARF_SOAK=1 (`make soak`) registers 300 assets and kills more often.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.check import check_bundle
from ledger.fsck import fsck
from ledger.hashing import leaf_hash
from ledger.keys import SigningKey
from ledger.policy import Policy, parse_policy
from market.catalog.blobs import BlobStore
from market.cli.examine import examine
from market.cli.setup import NewHome, initialise
from market.client import Datawharf
from market.compose import open_ports
from market.config import load_settings
from market.provenance.gateway import GENESIS_ENTRIES, Ledger
from market.signers import note_signers
from tests.journeys.registering_clients import Identity, Promises, Registering
from tests.journeys.served import Served

SOAK = bool(os.environ.get("DATAWHARF_SOAK"))
CLIENTS = 3
EACH = 100 if SOAK else 6
KILLS = 40 if SOAK else 3
LONGEST_LIFE = 3.0 if SOAK else 1.5
PASSWORD = "seven quiet harbours at dusk"


@pytest.fixture
def served(tmp_path: Path, free_port: int) -> Iterator[Served]:
    home = tmp_path / "home"
    initialise(NewHome(home, f"http://127.0.0.1:{free_port}"), rate_limits=False)
    server = Served(home, free_port, tmp_path / "server.log")
    server.start()
    yield server
    server.stop()


def _provider(address: str) -> tuple[Datawharf, Identity]:
    party = Datawharf(address)
    organisation = {"name": {"en": "Harbour Ltd"}}
    party.sign_up(email="harbour@example.com", password=PASSWORD, name="Mei", organisation=organisation)
    api_key = party.log_in("harbour@example.com", PASSWORD)["key"]
    key = SigningKey.generate()
    party.register_key(key)
    return party, Identity(address, api_key, party.org_id, party.origin, key)


def _work_and_kill(server: Served, who: Identity, rng: random.Random) -> Promises:
    """Let the clients work while the server is killed at random moments, and again let it live until they are done."""
    promises = Promises()
    clients = [
        Registering(who, EACH, random.Random(rng.random()), promises, f"client {n}") for n in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for _ in range(KILLS):
        time.sleep(rng.random() * LONGEST_LIFE)
        server.kill()
        server.start()
    for client in clients:
        client.join(120)
    assert [client.failure for client in clients] == [None] * CLIENTS
    return promises


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.timeout(1200 if SOAK else 240)
def test_nothing_acknowledged_is_lost(served: Served, rng: random.Random) -> None:
    party, who = _provider(served.address)
    with party:
        promises = _work_and_kill(served, who, rng)
        _ask_for_everything(party, promises, parse_policy((served.home / "trust.policy").read_bytes()))
    served.stop()
    _look_at_home(served.home, promises)


def _ask_for_everything(party: Datawharf, promises: Promises, policy: Policy) -> None:
    """What the server says of it now."""
    assert promises.broken == []
    assert len(promises.leaves) == CLIENTS * EACH
    assert promises.repeats > 0, "no kill ever met a request"
    for leaf in promises.leaves:
        report = check_bundle(party.receipt(leaf), policy)
        assert report.ok, report.sentence()
    assert {asset["id"]: asset["title"]["en"] for asset in party.pages("/api/v1/assets")} == promises.assets


def _look_at_home(home: Path, promises: Promises) -> None:
    """What is on the disk, read without the server."""
    settings = load_settings(home)
    assert [finding.sentence for finding in examine(settings) if not finding.fine] == []
    ports = open_ports(settings)
    ledger, blobs = ports.get(Ledger), ports.get(BlobStore)
    log, cosigner = note_signers(settings)
    assert fsck(ledger.objects, log.verifier, cosigner=cosigner.verifier).problems == ()
    reader = ledger.refreshed()
    times = Counter(leaf_hash(entry).hex() for entry in reader.entries(0, reader.size))
    assert max(times.values()) == 1, "an entry stands twice in the log"
    assert promises.leaves.keys() <= times.keys()
    # Log policy, rule pack, the binding of the key, and the registrations: nothing else was ever signed.
    assert reader.size == GENESIS_ENTRIES + 2 + len(promises.leaves), (
        "and the verifier's digest, and the key's binding"
    )
    for digest in promises.contents.values():
        path = blobs.path_of(digest)
        assert path is not None
        assert sha256(path.read_bytes()).hexdigest() == digest
    ledger.close()
    ports.db.close()

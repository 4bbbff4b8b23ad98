"""Days on which the machine fails: another process holds the database, or a copy of the ledger is older than its head."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pysqlite3.dbapi2 as sqlite3
import pytest
from click.testing import CliRunner

from ledger.errors import LedgerError
from market.catalog.blobs import BlobStore, FileBlobs
from market.cli.examine import examine
from market.cli.operator import doctor, serve
from market.cli.server import opened
from tests.builders.marketplace import Marketplace, marketplace


def test_a_locked_database_says_when_to_come_again(sqlite_url: str, tmp_path: Path) -> None:
    """Another process holds the write lock: reads go on, writes are refused after the wait, nothing is half done."""
    with marketplace(tmp_path / "home", sqlite_url, lock_wait_seconds=0.2) as market:
        owner = market.party("harbour")
        web, headers = owner.api._http, {"Idempotency-Key": str(uuid4())}
        body = {"name": {"en": "Coast"}}
        holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        refused = web.post("/api/v1/organisations", json=body, headers=headers)
        assert web.get("/api/v1/me").status_code == 200
        assert web.get("/en/ledger").status_code == 200
        holder.execute("ROLLBACK")
        holder.close()
        assert (refused.status_code, refused.json()["slug"]) == (503, "database-busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["hint"]
        assert web.post("/api/v1/organisations", json=body, headers=headers).status_code == 201
        assert len(owner.api.get("/api/v1/organisations")["items"]) == 2


def test_registering_outlives_a_server_that_died_after_the_last_byte(
    small_market: Marketplace, tmp_path: Path
) -> None:
    """All bytes were acknowledged, but nobody put the file in its place: the client has the next server do it."""

    class DiesOnce(FileBlobs):
        alive = True

        def promote(self, *file: Any) -> None:
            if DiesOnce.alive:
                DiesOnce.alive = False
                raise SystemError("killed")
            super().promote(*file)

    market = small_market
    provider = market.party("harbour")
    market.ports.add(BlobStore, DiesOnce(Path(market.settings.blobs)))
    http = provider.api._http
    answer = http.request

    def cut(*asked: Any, **more: Any) -> httpx.Response:
        reply = answer(*asked, **more)
        if reply.status_code == 500:
            raise httpx.ReadError("the connection was lost")
        return reply

    http.request = cut  # type: ignore[method-assign]
    version = market.registered(provider, tmp_path / "data")
    assert not DiesOnce.alive, "it was never killed"
    assert version["state"] == "registered"


@pytest.fixture
def behind(small_market: Marketplace, tmp_path: Path) -> Marketplace:
    """A ledger whose files are those of yesterday, while its lock and its signer know of today's head."""
    market = small_market
    files = Path(market.settings.ledger_objects)
    provider = market.party("harbour")
    market.drain()
    shutil.copytree(files, tmp_path / "yesterday")
    market.registered(provider, tmp_path / "data")
    market.ledger.close()
    shutil.rmtree(files)
    shutil.copytree(tmp_path / "yesterday", files)
    return market


def test_a_ledger_behind_its_own_head_does_not_start_and_says_how_to_restore(behind: Marketplace) -> None:
    import dataclasses

    settings = dataclasses.replace(behind.settings, embedded_worker=True)
    with pytest.raises(LedgerError) as refused, opened(settings):
        pass
    assert "estore" in str(refused.value), "it says what to do"
    run = CliRunner().invoke(serve, ["--home", str(behind.settings.home), "--port", "0", "--worker"])
    assert run.exit_code == 1
    assert str(refused.value) in run.output
    state = behind.settings.home / "signer" / "state"
    # Behind the epoch, which counts those who took the log over.
    _, _, signed = state.read_bytes().split(b"\n", 2)
    with pytest.raises(LedgerError), behind.ledger.writing() as log:
        log.publish(1)
    assert state.read_bytes().split(b"\n", 2)[2] == signed, "nothing was signed"


def test_the_doctor_finds_a_ledger_that_is_behind(behind: Marketplace) -> None:
    wrong = [finding.sentence for finding in examine(behind.settings) if not finding.fine]
    assert any("ledger" in sentence and "estore" in sentence for sentence in wrong), wrong
    run = CliRunner().invoke(doctor, ["--home", str(behind.settings.home)])
    assert run.exit_code == 1
    assert "BAD" in run.output


def test_a_healthy_home_passes_the_doctor(small_market: Marketplace) -> None:
    small_market.party("harbour")
    small_market.drain()
    small_market.ledger.close()
    run = CliRunner().invoke(doctor, ["--home", str(small_market.settings.home)])
    assert run.exit_code == 0, run.output

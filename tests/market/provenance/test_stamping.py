"""A market whose checkpoints an authority stamps: whoever fetches a receipt can show between which times it was recorded."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from rfc3161_client._rust import parse_timestamp_request

from ledger.check import check_bundle
from ledger.stamping import Stamper, token_path
from ledger.timestamp import QUERY_TYPE, REPLY_TYPE, Token
from market.cli.examine import examine
from market.cli.server import opened
from market.client.cli.main import main
from market.compose import open_stamper
from market.config import ConfigError
from market.provenance.gateway import Ledger
from market.provenance.stamping import BackgroundStamping
from tests.builders.marketplace import Marketplace
from tests.ledger.authority import Authority

STAMPED_AT = datetime(2026, 11, 24, 5, tzinfo=UTC)


@dataclass
class Desk:
    """An authority at an address. away: it answers that it cannot."""

    market: Marketplace
    authority: Authority = field(default_factory=Authority)
    away: bool = False
    address: str = ""

    def answer(self, request: bytes) -> bytes:
        """The token over that kept checkpoint of the market whose digest is in the request."""
        wanted = parse_timestamp_request(request).message_imprint.message
        objects = self.market.ledger.objects
        for path in objects.paths("checkpoints/"):
            token = self.authority.token(objects.read(path) or b"", STAMPED_AT)
            if wanted in token:
                return token
        raise AssertionError("it is asked about something else than a checkpoint")


@pytest.fixture
def desk(small_market: Marketplace, tmp_path: Path) -> Iterator[Desk]:
    """The market has it in its settings."""
    made = Desk(small_market)
    certificate = tmp_path / "root.pem"
    certificate.write_bytes(made.authority.pem)
    with _served(made) as made.address:
        settings = small_market.settings.home / "datawharf.toml"
        with settings.open("a", encoding="utf-8") as file:
            file.write(f'\n[[time_authorities]]\nurl = "{made.address}"\ncertificate = "{certificate}"\n')
        small_market.restart()
        yield made


@contextmanager
def _served(desk: Desk) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == QUERY_TYPE
            request = self.rfile.read(int(self.headers["Content-Length"]))
            answer = b"" if desk.away else desk.answer(request)
            self.send_response(503 if desk.away else 200)
            self.send_header("Content-Type", REPLY_TYPE)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tsa"
        finally:
            server.shutdown()
            thread.join()


def test_a_receipt_fetched_with_its_token_says_between_which_times_and_according_to_whom(
    desk: Desk, tmp_path: Path
) -> None:
    market = desk.market
    leaf = market.registered(market.party("harbour"), tmp_path / "data")["leaf"]
    visitor = market.visitor()
    receipt = visitor.receipt(leaf)
    assert visitor.timestamp(receipt) is None
    assert len(market.ports.get(Stamper).step(0)) == 2
    token = visitor.timestamp(receipt)
    assert token is not None
    assert visitor.receipt(leaf) == receipt, "a token changes no receipt"
    report = check_bundle(receipt, market.ledger.policy, timestamp=Token(token, (desk.authority.pem,)))
    assert report.ok
    kept = tmp_path / "of-the-harbour.receipt.json"
    kept.write_bytes(receipt)
    kept.with_name("of-the-harbour.tsr").write_bytes(token)
    trust = ["--trust", str(market.settings.trust_file)]
    said = CliRunner().invoke(main, ["verify", str(kept), *trust, "--authority", str(tmp_path / "root.pem")])
    assert said.exit_code == 0, said.output
    assert "CN=Test Time Authority" in said.output
    assert "2026-11-24" in said.output
    without = CliRunner().invoke(main, ["verify", str(kept), *trust])
    assert without.exit_code == 0
    assert "CN=Test Time Authority" not in without.output
    assert "the newest checkpoint has a time stamp" in [one.sentence for one in examine(market.settings)]


def test_an_authority_that_is_away_keeps_nothing_back_and_is_asked_again(desk: Desk, tmp_path: Path) -> None:
    desk.away = True
    market = desk.market
    stamper = market.ports.get(Stamper)
    with BackgroundStamping(stamper, poll=0.01, retry=0.01):
        leaf = market.registered(market.party("harbour"), tmp_path / "data")["leaf"]
        receipt = market.visitor().receipt(leaf)
        assert check_bundle(receipt, market.ledger.policy).ok
        assert market.visitor().timestamp(receipt) is None
        assert any(
            "no authority has stamped" in one.sentence for one in examine(market.settings) if not one.fine
        )
        desk.away = False
        give_up = time.monotonic() + 60
        while stamper.waiting() and time.monotonic() < give_up:
            time.sleep(0.01)
    assert market.visitor().timestamp(receipt) is not None


def test_whoever_appends_to_the_log_stamps_and_who_only_reads_does_not(desk: Desk) -> None:
    market = desk.market
    market.close()
    size = market.ledger.refreshed().size
    for worker in (False, True):
        with opened(dataclasses.replace(market.settings, embedded_worker=worker)) as ports:
            give_up = time.monotonic() + 60
            while worker and ports.get(Stamper).waiting() and time.monotonic() < give_up:
                time.sleep(0.01)
            kept = ports.get(Ledger).objects.read(token_path(size))
            assert (kept is not None) is worker
    market.restart()


def test_a_certificate_that_is_not_there_is_said_at_the_start(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "root.pem").unlink()
    with pytest.raises(ConfigError, match=r"root\.pem cannot be read"):
        open_stamper(desk.market.settings)

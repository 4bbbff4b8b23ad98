"""From a published log to a stamped checkpoint and a verified time, with an authority on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from rfc3161_client._rust import parse_timestamp_request

from ledger.cli import main
from ledger.timestamp import QUERY_TYPE, REPLY_TYPE, verify_timestamp
from tests.ledger.authority import Authority

AUTHORITY = Authority()


@contextmanager
def answering(note: Path, status: int = 200, authority: Authority = AUTHORITY) -> Iterator[str]:
    """An authority that stamps what is in `note`, if that is what it is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == QUERY_TYPE
            assert self.path == "/tsa?policy=1"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = authority.token(note.read_bytes(), datetime.now(UTC))
            assert parse_timestamp_request(body).message_imprint.message in answer
            self.send_response(status)
            self.send_header("Content-Type", REPLY_TYPE)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/tsa?policy=1"
        server.shutdown()
        thread.join()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "entry").write_text("entry")
    (tmp_path / "root.pem").write_bytes(AUTHORITY.pem)
    folder = tmp_path / "log"
    assert main(["create", str(folder), "--origin", "ledger.example/t", str(tmp_path / "entry")]) == 0
    return folder


def stamp(log: Path, url: str) -> int:
    return main(["timestamp", str(log), "--url", url, "--authority", str(log.parent / "root.pem")])


def test_the_newest_checkpoint_is_stamped_once(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = log / "log" / "checkpoint"
    with answering(note) as url:
        assert stamp(log, url) == 0
        assert "1 entries existed at" in capsys.readouterr().out
        assert stamp(log, url) == 4
    token = (log / "log" / "checkpoints" / "1.tsr").read_bytes()
    assert verify_timestamp(token, note.read_bytes(), [AUTHORITY.pem]).authority == "CN=Test Time Authority"
    assert main(["fsck", str(log), "--quiet"]) == 0


def test_an_answer_that_proves_nothing_is_not_kept(log: Path) -> None:
    note = log / "log" / "checkpoint"
    with answering(note, status=503) as url:
        assert stamp(log, url) == 1
    with answering(note, authority=Authority()) as url:
        assert stamp(log, url) == 1
    assert stamp(log, "http://127.0.0.1:9/tsa") == 1
    assert not (log / "log" / "checkpoints" / "1.tsr").exists()

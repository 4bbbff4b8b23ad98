"""Starts a simulator on a free loopback port, with a receiver for its webhooks, and stops both."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import stripe
import uvicorn

from market.stripe_simulator import Knobs, create_app

SECRET_KEY = "sk_test_of_the_tests"
WEBHOOK_SECRET = "whsec_of_the_tests"


@dataclass
class Inbox:
    """What the receiver got. answer: the status it gives to the n-th notice, counted from 0."""

    notices: list[tuple[bytes, str]] = field(default_factory=list)
    answer: Callable[[int], int] = lambda _: 204
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: bytes, signature: str) -> int:
        with self.lock:
            self.notices.append((body, signature))
            return self.answer(len(self.notices) - 1)


@dataclass
class Running:
    """A simulator at `base`, the receiver's inbox, and the ways to talk to it."""

    base: str
    inbox: Inbox
    http: httpx.Client

    def client(self, key: str = SECRET_KEY, retries: int = 0) -> stripe.StripeClient:
        return stripe.StripeClient(key, base_addresses={"api": self.base}, max_network_retries=retries)

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """POST to /_sim/<path> and return the JSON."""
        return self.http.post(f"/_sim/{path}", json=body or {}).raise_for_status().json()

    def press(self, session: str, action: str) -> httpx.Response:
        """Press a button of the pay page."""
        return self.http.post(f"/pay/{session}", data={"action": action})

    def delivered(self) -> list[tuple[bytes, str]]:
        """All notices so far, once nothing is under way any more."""
        assert self.control("settled", {"within": 30}) == {"settled": True}
        with self.inbox.lock:
            return list(self.inbox.notices)


class _Threaded(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Signals belong to the test runner."""


@contextmanager
def _served(app: Any) -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = _Threaded(uvicorn.Config(app, log_level="warning", lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        host, port = listener.getsockname()
        deadline = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive(), "the simulator did not start"
            assert time.monotonic() < deadline, "the simulator did not start in time"
            time.sleep(0.005)
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
    assert not thread.is_alive()


@contextmanager
def _receiver(inbox: Inbox) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(inbox.take(body, self.headers["Stripe-Signature"]))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/webhooks/stripe"
        finally:
            server.shutdown()
            thread.join(20)


@contextmanager
def running_simulator(knobs: Knobs | None = None) -> Iterator[Running]:
    """A fresh simulator. Failed deliveries are tried again after hundredths of a second unless knobs say else."""
    inbox = Inbox()
    with _receiver(inbox) as address:
        app = create_app(
            SECRET_KEY,
            webhook_url=address,
            webhook_secret=WEBHOOK_SECRET,
            knobs=knobs or Knobs(backoff=0.01),
        )
        with _served(app) as base, httpx.Client(base_url=base, trust_env=False) as http:
            yield Running(base, inbox, http)

"""The pay page in a real browser with script switched off: the buttons work, and so does the way back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from tests.stripe_simulator.orders import open_session
from tests.stripe_simulator.running import Running


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Shop</title><h1>Thank you</h1>")

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def shop() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        # Another origin than the pay page's, as it is at Stripe.
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join(20)


def test_a_customer_is_declined_tries_again_and_comes_back_to_the_shop(
    simulator: Running, shop: str, chromium: Browser
) -> None:
    session = open_session(simulator.client(), success_url=f"{shop}/done?s={{CHECKOUT_SESSION_ID}}")
    context = chromium.new_context(
        java_script_enabled=False, locale="zh-CN", viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    assert session.url is not None
    page.goto(session.url)
    assert page.title() == "支付订单"
    page.get_by_role("button", name="让银行卡被拒绝").click()
    assert "银行卡被拒绝" in page.get_by_role("alert").inner_text()
    page.get_by_role("link", name="English").click()
    page.get_by_role("button", name="Pay CN¥12,000.00").click()
    assert page.url == f"{shop}/done?s={session.id}"
    assert page.get_by_role("heading").inner_text() == "Thank you"
    context.close()
    assert complaints == []
    assert simulator.client().v1.checkout.sessions.retrieve(session.id).payment_status == "paid"

"""The ground that the other tests stand on: fresh databases, a browser that reaches only this machine."""

from __future__ import annotations

import random
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import Error, Page
from sqlalchemy import create_engine, inspect, text


@pytest.mark.parametrize("visit", [1, 2])
def test_each_test_gets_a_database_that_nobody_used(database_url: str, visit: int) -> None:
    engine = create_engine(database_url)
    try:
        assert "left_by_a_test" not in inspect(engine).get_table_names()
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE left_by_a_test (visit INTEGER)"))
    finally:
        engine.dispose()


def test_postgresql_is_a_real_one(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    try:
        with engine.connect() as connection:
            assert connection.execute(text("SELECT version()")).scalar_one().startswith("PostgreSQL")
    finally:
        engine.dispose()


def test_random_numbers_repeat(rng: random.Random, request: pytest.FixtureRequest) -> None:
    from tests.conftest import SEED

    again = random.Random(f"{SEED}/{request.node.nodeid}")
    assert [rng.random() for _ in range(3)] == [again.random() for _ in range(3)]


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = "<title>你好</title><p>南宁</p>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hello() -> object:
    server = HTTPServer(("127.0.0.1", 0), _Hello)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_browser_opens_a_local_page(page: Page, hello: str) -> None:
    page.goto(hello)
    assert page.title() == "你好"


def test_browser_notices_what_a_content_policy_stops(page: Page, hello: str, page_faults: list[str]) -> None:
    page.goto(hello)
    page.evaluate(
        "() => { const s = document.createElement('script'); s.src = '/x.js'; document.body.append(s); }"
    )
    page.wait_for_timeout(200)
    assert any("Content Security Policy" in fault for fault in page_faults)
    page_faults.clear()


def test_browser_reaches_nothing_else(page: Page) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://elsewhere.invalid/")

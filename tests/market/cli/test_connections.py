"""A client that is slow with its head, or goes on and on with it, holds no connection and fills no memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from market.cli.connections import GuardedProtocol
from market.cli.server import listen

PATIENCE = 30.0
GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"


class Hasty(GuardedProtocol):
    head_seconds, head_bytes = 0.3, 64 * 1024


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    server = uvicorn.Server(
        uvicorn.Config(app, http=Hasty, log_config=None, lifespan="off", ws="none", timeout_keep_alive=60)
    )
    listener = listen(0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()
    server.should_exit = True
    thread.join(PATIENCE)
    listener.close()
    assert not thread.is_alive()


@contextmanager
def connected(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=PATIENCE) as client:
        yield client


def rest(client: socket.socket) -> bytes:
    """All that comes until the server closes."""
    said = b""
    while piece := client.recv(65_536):
        said += piece
    return said


@pytest.mark.parametrize("begun", [b"", b"G", GET, GET + b"X-Slow: a"])
def test_a_head_that_does_not_come_ends_the_connection(address: tuple[str, int], begun: bytes) -> None:
    with connected(address) as client:
        client.sendall(begun)
        assert rest(client).startswith(b"HTTP/1.1 408 ")


def test_also_one_that_trickles_and_one_on_a_connection_that_was_used(address: tuple[str, int]) -> None:
    with connected(address) as client:
        client.sendall(GET + b"\r\n")
        assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")
        client.sendall(GET + b"X-Slow: ")
        client.settimeout(0.05)
        said = b""
        for _ in range(int(PATIENCE / 0.05)):
            try:
                client.sendall(b"a")
                said = client.recv(65_536)
                break
            except TimeoutError:
                continue
        assert said.startswith(b"HTTP/1.1 408 ")


def test_a_head_without_an_end_is_cut_off(address: tuple[str, int]) -> None:
    with connected(address) as client:
        client.sendall(GET + b"X-Long: ")
        sent = 0
        try:
            while sent < 64 * 1024 * 1024:
                client.sendall(b"a" * 16_384)
                sent += 16_384
        except OSError:
            pass
        assert sent < 16 * 1024 * 1024


def test_whoever_is_in_time_is_served_again_and_again(address: tuple[str, int]) -> None:
    with connected(address) as client:
        for _ in range(3):
            client.sendall(GET)
            client.sendall(b"\r\n")
            assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")

"""The door of a witness over real sockets: good requests, wrong ones, slow ones, and too many of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.errors import Malformed
from ledger.note import parse_signature_lines
from ledger.witness.http import MAX_ANSWER, HttpTransport, WitnessDoor
from ledger.witness.wire import MAX_REQUEST, TREE_SIZE, origin_hash
from tests.ledger.witnesses import KEY, ListLog, witness_of

LOG = ListLog()


@contextmanager
def served(request_seconds: float = 5.0, connections: int = 8) -> Iterator[tuple[str, int]]:
    door = WitnessDoor(
        witness_of(LOG), ("127.0.0.1", 0), request_seconds=request_seconds, connections=connections
    )
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield "127.0.0.1", door.server_address[1]
    finally:
        door.shutdown()
        thread.join()
        door.server_close()


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    with served() as found:
        yield found


def talk(address: tuple[str, int], data: bytes) -> bytes:
    """Everything that the door says to `data` until it hangs up."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(data)
        said = b""
        while part := connection.recv(65536):
            said += part
    return said


def post(body: bytes, path: str = "/add-checkpoint", headers: str = "") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: w\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


CLOSE = "Connection: close\r\n"


def test_a_log_gets_its_cosignature(address: tuple[str, int]) -> None:
    url = f"http://{address[0]}:{address[1]}/add-checkpoint"
    answer = HttpTransport().post(url, LOG.request(0, 7), 5)
    assert answer.status == 200
    assert [line.name for line in parse_signature_lines(answer.body)] == [KEY.name]
    conflict = HttpTransport().post(url, LOG.request(3, 8), 5)
    assert (conflict.status, conflict.content_type, conflict.body) == (409, TREE_SIZE, b"7\n")


def test_monitors_get_the_checkpoint(address: tuple[str, int]) -> None:
    talk(address, post(LOG.request(0, 7), headers=CLOSE))
    path = f"/{origin_hash(LOG.origin)}/checkpoint"
    said = talk(address, f"GET {path} HTTP/1.1\r\nHost: w\r\n{CLOSE}\r\n".encode())
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"Content-Type: text/plain; charset=utf-8" in head
    assert body.startswith(LOG.note(7))


def test_connections_are_kept(address: tuple[str, int]) -> None:
    said = talk(address, post(LOG.request(0, 7)) + post(LOG.request(7, 9)) + post(b"", headers=CLOSE))
    assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"400"]


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (404, post(LOG.request(0, 7), "/", CLOSE)),
        (404, post(LOG.request(0, 7), "/add-checkpoint/", CLOSE)),
        (404, f"GET /add-checkpoint HTTP/1.1\r\nHost: w\r\n{CLOSE}\r\n".encode()),
        (404, f"GET /{'A' * 64}/checkpoint HTTP/1.1\r\nHost: w\r\n{CLOSE}\r\n".encode()),
        (200, f"GET /healthz HTTP/1.1\r\nHost: w\r\n{CLOSE}\r\n".encode()),
        (411, b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n"),
        (411, b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (411, b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: -1\r\n\r\n"),
        (413, f"POST /add-checkpoint HTTP/1.1\r\nContent-Length: {MAX_REQUEST + 1}\r\n\r\n".encode()),
        (501, b"PUT /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n"),
        (400, b"\x00\x01\r\n\r\n"),
    ],
)
def test_other_requests_are_refused(address: tuple[str, int], status: int, request_: bytes) -> None:
    assert f" {status} ".encode() in talk(address, request_).split(b"\r\n", 1)[0]
    assert (
        HttpTransport().post(f"http://{address[0]}:{address[1]}/add-checkpoint", LOG.request(0, 7), 5).status
        == 200
    )


@pytest.mark.parametrize(
    "begun",
    [b"", b"POST /add-ch", b"POST /add-checkpoint HTTP/1.1\r\nContent-", post(LOG.request(0, 7))[:-20]],
    ids=["nothing", "line", "head", "body"],
)
def test_a_slow_request_is_cut_off_however_it_drips(begun: bytes) -> None:
    with served(request_seconds=0.3) as address, socket.create_connection(address, timeout=10) as connection:
        connection.sendall(begun)
        connection.settimeout(0.05)
        for _ in range(200):
            try:
                said = connection.recv(100)
            except TimeoutError:
                connection.send(b"x")
                continue
            except ConnectionError:
                said = b""
            break
        else:
            pytest.fail("the door listened for ten seconds")
        assert said == b""


def test_too_many_at_once_are_turned_away_and_the_rest_is_served() -> None:
    with served(connections=2) as address:
        idle = [socket.create_connection(address, timeout=10) for _ in range(2)]
        try:
            for each in idle:
                each.sendall(post(LOG.request(0, 7)))
                assert each.recv(65536).startswith(b"HTTP/1.1 ")
            with socket.create_connection(address, timeout=10) as third:
                assert third.recv(100) == b""
        finally:
            for each in idle:
                each.close()


@contextmanager
def answering(answer: bytes, then_wait: threading.Event | None = None) -> Iterator[str]:
    """A server that says `answer` to one request, whatever it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
                if then_wait is not None:
                    then_wait.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/add-checkpoint"
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
        b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 2000 + b"\r\n",
    ],
    ids=["nothing", "no http", "cut", "long", "headers"],
)
def test_what_is_no_answer_is_an_error(answer: bytes) -> None:
    assert MAX_ANSWER < 70000
    with answering(answer) as url, pytest.raises(OSError, match=r".+"):
        HttpTransport().post(url, b"", 5)


def test_an_answer_that_never_ends_is_given_up() -> None:
    end = threading.Event()
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", end) as url:
        with pytest.raises(OSError, match=r".+"):
            HttpTransport().post(url, b"", 0.2)
        end.set()


def test_a_redirect_is_not_followed() -> None:
    with answering(b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as url:
        assert HttpTransport().post(url, b"", 5).status == 307


@pytest.mark.parametrize(
    "url", ["", "witness.example", "ftp://witness.example/", "file:///etc/passwd", "http://"]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(Malformed):
        HttpTransport().post(url, b"", 1)

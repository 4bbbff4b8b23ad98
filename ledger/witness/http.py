"""HTTP/1.1 for witnesses, on the standard library: the door of a witness, and the way to one.

    POST /add-checkpoint                             the request of `ledger.witness.wire`
    GET  /<64 hex digits>/checkpoint                 the checkpoint cosigned last
    GET  /healthz                                    200 as long as the door answers

A request must have arrived whole within seconds, however slowly it comes, and only so many are answered at once; more
are turned away. The door speaks plain HTTP: put a proxy with TLS in front of it.
"""

import contextlib
import http.client
import io
import re
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from ledger.errors import Malformed
from ledger.witness.wire import ADD_CHECKPOINT, MAX_REQUEST, TEXT, Answer
from ledger.witness.witness import Witness

REQUEST_SECONDS = 10.0
CONNECTIONS = 64
MAX_ANSWER = 64 * 1024

_MONITORED = re.compile(r"/([0-9a-f]{64})/checkpoint")


class WitnessDoor(ThreadingHTTPServer):
    """Serves `witness` at (host, port); port 0 takes a free one. `serve_forever` runs it, `shutdown` ends it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        witness: Witness,
        address: tuple[str, int],
        *,
        request_seconds: float = REQUEST_SECONDS,
        connections: int = CONNECTIONS,
    ) -> None:
        self.witness = witness
        self.request_seconds = request_seconds
        self._places = threading.BoundedSemaphore(connections)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Timed(io.RawIOBase):
    """Reads from a socket until a moment: a client that sends a byte now and then does not hold a place."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.until = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WitnessDoor
    connection: socket.socket

    def setup(self) -> None:
        super().setup()
        self._timed = _Timed(self.connection)
        self.rfile = io.BufferedReader(self._timed)

    def handle_one_request(self) -> None:
        self._timed.until = time.monotonic() + self.server.request_seconds
        super().handle_one_request()

    def do_POST(self) -> None:
        """Answer `add-checkpoint`."""
        length = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not re.fullmatch(r"[0-9]{1,9}", length):
            self._refuse(411, "Say the length of the body (Content-Length).")
        elif int(length) > MAX_REQUEST:
            self._refuse(413, f"A request has at most {MAX_REQUEST} bytes.")
        else:
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                self.close_connection = True
            elif self.path != ADD_CHECKPOINT:
                self._send(Answer(404, b"There is nothing here.\n"))
            else:
                self._send(self.server.witness.add_checkpoint(body))

    def do_GET(self) -> None:
        """Answer monitors."""
        monitored = _MONITORED.fullmatch(self.path)
        if monitored:
            self._send(self.server.witness.checkpoint(monitored[1]))
        elif self.path == "/healthz":
            self._send(Answer(200, b"ok\n"))
        else:
            self._send(Answer(404, b"There is nothing here.\n"))

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer without reading the body; what follows on this connection cannot be told from it."""
        self.close_connection = True
        self._send(Answer(status, f"{sentence}\n".encode()))

    def _send(self, answer: Answer) -> None:
        self.connection.settimeout(self.server.request_seconds)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def version_string(self) -> str:
        return "datawharf-witness"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base class gives it
        """Say nothing: the proxy in front keeps the access log."""


class HttpTransport:
    """Asks witnesses and authorities over HTTP or HTTPS; redirects are not followed."""

    def post(self, url: str, body: bytes, timeout: float, content_type: str = TEXT) -> Answer:
        """What the server answers to a POST within about `timeout` seconds; OSError if it does not."""
        return self._ask("POST", url, body, timeout, {"Content-Type": content_type})

    def get(self, url: str, timeout: float) -> Answer:
        """The same to a GET."""
        return self._ask("GET", url, None, timeout, {})

    def _ask(
        self, method: str, url: str, body: bytes | None, timeout: float, headers: dict[str, str]
    ) -> Answer:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Malformed(f"{url[:200]!r} is not an address that can be asked.")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = (
            http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout, context=ssl.create_default_context()
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        )
        # The timeout of a socket counts from its last byte; the alarm counts from the first.
        alarm = threading.Timer(timeout, _hang_up, [connection])
        try:
            alarm.start()
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            answered = response.read(MAX_ANSWER + 1)
            cut = bool(response.length) or not alarm.is_alive()
        except http.client.HTTPException as error:
            raise OSError(f"the answer is not HTTP ({type(error).__name__})") from error
        finally:
            alarm.cancel()
            connection.close()
        if len(answered) > MAX_ANSWER:
            raise OSError(f"the answer is longer than {MAX_ANSWER} bytes")
        if cut:
            raise OSError("the answer ended too early or came too slowly")
        return Answer(response.status, answered, response.getheader("Content-Type", ""))


def _hang_up(connection: http.client.HTTPConnection) -> None:
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)

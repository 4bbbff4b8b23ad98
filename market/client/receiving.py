"""Large answers, straight from the socket into the caller's buffers.

A general client hands a body out in small pieces, each a fresh object: at a gigabyte a second that costs more than the
hashing. Here the standard library reads as much as the caller's buffer takes, without a copy of our own.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import httpx

# What may be raised while bytes come from the network.
NETWORK_ERRORS = (OSError, http.client.HTTPException, httpx.TransportError)
MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_REFUSAL = 1 << 20


class Body(Protocol):
    """An answer's body. Reading it may raise NETWORK_ERRORS."""

    def read_into(self, buffer: memoryview) -> int:
        """Fill the buffer; fewer bytes than it holds mean that the body has ended."""


class SocketBody:
    """From the socket."""

    def __init__(self, reply: http.client.HTTPResponse) -> None:
        self._reply = reply

    def read_into(self, buffer: memoryview) -> int:
        filled = 0
        while filled < len(buffer):
            count = self._reply.readinto(buffer[filled:])
            if not count:
                break
            filled += count
        return filled


class PiecesBody:
    """From any client that gives pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")

    def read_into(self, buffer: memoryview) -> int:
        filled = 0
        while filled < len(buffer):
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._rest = memoryview(piece)
            taken = self._rest[: len(buffer) - filled]
            buffer[filled : filled + len(taken)] = taken
            self._rest = self._rest[len(taken) :]
            filled += len(taken)
        return filled


@contextmanager
def open_socket(
    address: str, headers: Mapping[str, str], timeout: float
) -> Iterator[tuple[httpx.Response, Body]]:
    """GET `address`, going on to where it leads. Gives the reply, with its body only if it is a refusal, and the body.

    The key goes to the first host only. Raises NETWORK_ERRORS.
    """
    sent = dict(headers) | {"Accept-Encoding": "identity"}
    for _ in range(MOST_REDIRECTS + 1):
        connection = _connection(address, timeout)
        try:
            parts = urlsplit(address)
            connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=sent)
            reply = connection.getresponse()
            if reply.status not in _REDIRECTS:
                text = reply.read(_LONGEST_REFUSAL) if reply.status >= 400 else b""
                known = [
                    (name, value) for name, value in reply.getheaders() if name.lower() != "content-length"
                ]
                yield httpx.Response(reply.status, headers=known, content=text), SocketBody(reply)
                return
            onward = urljoin(address, reply.getheader("Location", ""))
        finally:
            connection.close()
        if urlsplit(onward)[:2] != urlsplit(address)[:2]:
            sent.pop("Authorization", None)
        if urlsplit(address).scheme == "https" and urlsplit(onward).scheme != "https":
            raise http.client.HTTPException(f"{address} leads to an address without encryption")
        address = onward
    raise http.client.HTTPException(f"more than {MOST_REDIRECTS} redirects")


def _connection(address: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(address)
    if parts.scheme == "https":
        context = httpx.create_ssl_context()
        return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=context)
    if parts.scheme != "http":
        raise http.client.HTTPException(f"{address} is no web address")
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)

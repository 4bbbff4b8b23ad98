"""Talking HTTP to one marketplace: the key, the language, repeats that happen once, and refusals as exceptions."""

from __future__ import annotations

import random
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.request import getproxies

import httpx

from ledger.errors import Malformed
from ledger.scrapi import PROBLEM_TYPE, parse_problem
from market.client.errors import Lang, Problem, Unreachable
from market.client.receiving import NETWORK_ERRORS, Body, PiecesBody, open_socket

TRIES = 4
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
_BUSY = frozenset({429, 502, 503, 504})


class Transport:
    """One marketplace, one principal. Not shared between threads that need different languages."""

    def __init__(
        self,
        server: str,
        api_key: str | None = None,
        *,
        lang: Lang = "en",
        timeout: float = 60.0,
        http: httpx.Client | None = None,
    ) -> None:
        self.server, self.lang = server.rstrip("/"), lang
        # A client that was given, or a proxy, has ways of its own to the server.
        self._plain, self._timeout = http is None and not getproxies(), timeout
        self._http = http or httpx.Client(base_url=self.server, timeout=timeout, follow_redirects=False)
        self._http.headers.update({"Accept-Language": lang, "User-Agent": "datawharf-client/0.1"})
        if api_key:
            self.use_key(api_key)

    def use_key(self, api_key: str) -> None:
        """Act with this API key from now on."""
        self._http.headers["Authorization"] = f"Bearer {api_key}"

    def close(self) -> None:
        self._http.close()

    def get(self, address: str, **params: Any) -> Any:
        """The JSON at `address`; parameters that are None are left out."""
        return self.send("GET", address, params=_given(params)).json()

    def get_bytes(self, address: str, **params: Any) -> bytes:
        return self.send("GET", address, params=_given(params)).content

    def post(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> Any:
        """Create or do something once: repeats of a lost reply carry the same Idempotency-Key."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        reply = self.send("POST", path, json=_given(body), headers=headers)
        return reply.json() if reply.content else None

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send, repeat where that is safe, and raise Problem for a refusal."""
        for attempt in range(TRIES):
            try:
                reply = self._http.request(method, path, **more)
            except httpx.TransportError as error:
                if attempt + 1 == TRIES:
                    raise self._unreachable(error) from error
                time.sleep(_wait(attempt, None))
                continue
            if reply.status_code not in _BUSY or attempt + 1 == TRIES:
                return _checked(reply)
            time.sleep(_wait(attempt, reply.headers.get("retry-after")))
        raise AssertionError("unreachable")

    @contextmanager
    def stream(self, path: str, *, start: int = 0) -> Iterator[httpx.Response]:
        """The body at `path` from byte `start`, as it comes; up to five redirects to where the bytes lie are followed."""
        headers = {"Range": f"bytes={start}-"} if start else {}
        try:
            with self._http.stream("GET", path, headers=headers, follow_redirects=True) as reply:
                if reply.status_code >= 400:
                    reply.read()
                yield _checked(reply)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    @contextmanager
    def receive(self, path: str, *, start: int = 0) -> Iterator[Body]:
        """The same for large bodies, read into the caller's buffers. Byte `start` comes first, also from a server
        without ranges."""
        headers = {"Range": f"bytes={start}-"} if start else {}
        with ExitStack() as opened:
            try:
                body = self._opened(opened, path, headers, start)
            except NETWORK_ERRORS as error:
                raise self._unreachable(error) from error
            yield body

    def _opened(self, opened: ExitStack, path: str, headers: dict[str, str], start: int) -> Body:
        body: Body
        if self._plain:
            sent = {**self._http.headers, **headers}
            reply, body = opened.enter_context(open_socket(self.server + path, sent, self._timeout))
            return _from(start, _checked(reply), body)
        stream = self._http.stream("GET", path, headers=headers, follow_redirects=True)
        reply = opened.enter_context(stream)
        if reply.status_code >= 400:
            reply.read()
        return _from(start, _checked(reply), PiecesBody(reply.iter_bytes(1 << 20)))

    def _unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(
            "{server} cannot be reached: {error}. Check the address and the network.",
            server=self.server,
            error=error,
        )


def _checked(reply: httpx.Response) -> httpx.Response:
    if reply.status_code < 400:
        return reply
    raise Problem(reply.status_code, _refusal(reply))


def _refusal(reply: httpx.Response) -> dict[str, Any]:
    """What a refusal says, as a problem in JSON or, at the standard way in, a concise one in CBOR."""
    try:
        if reply.headers.get("content-type") == PROBLEM_TYPE:
            problem = parse_problem(reply.content)
            return {"title": problem.title, "detail": problem.detail}
        body = reply.json()
    except (ValueError, Malformed):
        return {"detail": reply.text[:300]}
    return body if isinstance(body, dict) else {"detail": str(body)[:300]}


def _from(start: int, reply: httpx.Response, body: Body) -> Body:
    """The body from byte `start` on: where the server sent the file from its beginning, that part is passed over."""
    begins = re.match(r"bytes (\d+)-", reply.headers.get("content-range", ""))
    at = int(begins[1]) if reply.status_code == 206 and begins else 0
    scrap = memoryview(bytearray(1 << 20))
    while at < start:
        count = body.read_into(scrap[: start - at])
        if not count:
            break
        at += count
    return body


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _wait(attempt: int, retry_after: str | None) -> float:
    if retry_after is not None and retry_after.isdecimal():
        return min(float(retry_after), LONGEST_WAIT)
    return min(FIRST_WAIT * 2.0**attempt, LONGEST_WAIT) * (0.5 + random.random() / 2)  # noqa: S311  jitter only

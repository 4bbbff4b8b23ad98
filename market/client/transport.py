"""Talking HTTP to one marketplace: the key, the language, repeats that happen once, and refusals as exceptions."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from market.client.errors import Lang, Problem, Unreachable

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

    def _unreachable(self, error: httpx.TransportError) -> Unreachable:
        return Unreachable(
            "{server} cannot be reached: {error}. Check the address and the network.",
            server=self.server,
            error=error,
        )


def _checked(reply: httpx.Response) -> httpx.Response:
    if reply.status_code < 400:
        return reply
    try:
        body = reply.json()
    except ValueError:
        body = {"detail": reply.text[:300]}
    raise Problem(reply.status_code, body if isinstance(body, dict) else {"detail": str(body)[:300]})


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _wait(attempt: int, retry_after: str | None) -> float:
    if retry_after is not None and retry_after.isdecimal():
        return min(float(retry_after), LONGEST_WAIT)
    return min(FIRST_WAIT * 2.0**attempt, LONGEST_WAIT) * (0.5 + random.random() / 2)  # noqa: S311  jitter only

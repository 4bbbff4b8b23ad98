"""Sends events to their endpoints: signed, retried, and as unreliably as the knobs say.

Signature header (docs.stripe.com/webhooks/signature): `t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass

import httpx

from market.stripe_simulator.knobs import Knobs
from market.stripe_simulator.store import Json

OLD = 3600


def sign(body: bytes, secret: str, timestamp: int) -> str:
    """The Stripe-Signature header of a body."""
    mac = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver. status: the HTTP status of the reply, 0 if none came."""

    event: str
    type: str
    endpoint: str
    copy: int
    attempt: int
    status: int
    fault: str

    def as_json(self) -> Json:
        return asdict(self)


class WebhookSender:
    """Background delivery. knobs: read anew for each step, so that a change takes effect at once."""

    def __init__(self, knobs: Callable[[], Knobs]) -> None:
        self._knobs = knobs
        self._random = random.Random(knobs().seed)  # noqa: S311 - repeatable misfortune, not a secret
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[tuple[Json, Json]] = []
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._client: httpx.AsyncClient | None = None
        self.attempts: deque[Attempt] = deque(maxlen=10_000)

    def reseed(self) -> None:
        """Begin the knobs' sequence of misfortunes anew."""
        self._random.seed(self._knobs().seed)

    def send(self, event: Json, endpoint: Json) -> None:
        """Start to deliver and return at once. Needs a running event loop."""
        if self._random.random() < self._knobs().drop:
            event["pending_webhooks"] -= 1
            self.attempts.append(Attempt(event["id"], event["type"], endpoint["id"], 0, 0, 0, "dropped"))
            return
        if not self._knobs().reorder:
            self._start(event, endpoint)
            return
        self._held.append((event, endpoint))
        if len(self._held) >= self._knobs().reorder:
            self._release()
        elif len(self._held) == 1:
            self._spawn(self._release_later())

    async def settled(self, within: float) -> bool:
        """Wait until nothing is under way. False if that takes longer than `within` seconds."""
        self._release()
        deadline = time.monotonic() + within
        while self._tasks and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        return not self._tasks

    async def stop(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _start(self, event: Json, endpoint: Json) -> None:
        for copy in range(1 + self._knobs().duplicate):
            self._spawn(self._deliver(event, endpoint, copy))

    async def _release_later(self) -> None:
        await asyncio.sleep(self._knobs().reorder_hold)
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for event, endpoint in reversed(held):
            self._start(event, endpoint)

    async def _deliver(self, event: Json, endpoint: Json, copy: int) -> None:
        body = json.dumps(event, ensure_ascii=False, indent=2).encode()
        await asyncio.sleep(self._knobs().delay)
        for attempt in range(1, self._knobs().max_attempts + 1):
            # One at a time to each endpoint, in the order of their start: disorder is for the knobs to make.
            async with self._turns[endpoint["id"]]:
                status, fault = await self._attempt(body, endpoint)
            self.attempts.append(
                Attempt(event["id"], event["type"], endpoint["id"], copy, attempt, status, fault)
            )
            if 200 <= status < 300:
                if copy == 0:
                    event["pending_webhooks"] -= 1
                return
            if attempt < self._knobs().max_attempts:
                await asyncio.sleep(
                    min(self._knobs().backoff * 2 ** (attempt - 1), self._knobs().backoff_limit)
                )

    async def _attempt(self, body: bytes, endpoint: Json) -> tuple[int, str]:
        """The reply's status (0: none) and the misfortune, if any."""
        knobs, secret, timestamp, fault = self._knobs(), endpoint["secret"], int(time.time()), ""
        if self._random.random() < knobs.bad_signature:
            secret, fault = f"{secret}x", "bad_signature"
        if self._random.random() < knobs.old_timestamp:
            timestamp, fault = timestamp - OLD, "old_timestamp"
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": sign(body, secret, timestamp),
            "User-Agent": "Stripe/1.0 (simulator; no money moves)",
        }
        try:
            reply = await self._client.post(
                endpoint["url"], content=body, headers=headers, timeout=knobs.timeout
            )
        except httpx.HTTPError as error:
            return 0, fault or type(error).__name__
        return reply.status_code, fault

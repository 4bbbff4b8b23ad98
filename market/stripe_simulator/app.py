"""The simulator as an ASGI application, and the guard that keeps it on this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from market.stripe_simulator.api import api_routes
from market.stripe_simulator.control import control_routes
from market.stripe_simulator.knobs import Knobs
from market.stripe_simulator.pay_page import pay_routes
from market.stripe_simulator.simulator import Simulator, is_loopback_host

TICK_SECONDS = 0.5


class LoopbackOnly:
    """Refuses callers from elsewhere, and names for this machine that only someone else's DNS knows."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_local(scope):
            await PlainTextResponse("The simulator answers this machine only.", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    @staticmethod
    def _is_local(scope: Scope) -> bool:
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        client = scope.get("client")
        return is_loopback_host(name.strip("[]")) and (client is None or is_loopback_host(client[0]))


def create_app(
    secret_key: str,
    *,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    knobs: Knobs | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """A simulator of its own, with nothing in its memory. Its Simulator is at app.state.simulator.

    secret_key: sk_test_… or rk_test_…. webhook_url: loopback address that events go to, signed with
    webhook_secret. Raises ValueError for a live key, StripeFault for an address elsewhere.
    """
    simulator = Simulator(secret_key, knobs, clock)
    if webhook_url is not None:
        simulator.add_endpoint(webhook_url, webhook_secret)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick_for_ever(simulator))
        try:
            yield
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            await simulator.sender.stop()

    routes = [*pay_routes(simulator), *control_routes(simulator), *api_routes(simulator)]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.add_middleware(LoopbackOnly)
    app.state.simulator = simulator
    return app


async def _tick_for_ever(simulator: Simulator) -> None:
    while True:
        simulator.tick()
        await asyncio.sleep(TICK_SECONDS)

"""Rate limits: token buckets by key, account or network, kept in this process's memory."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Awaitable, Callable

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from market.kit.errors import TooManyRequests
from market.kit.i18n import N_


class RateLimits:
    """One per app. `limit` texts read like "5/minute" (see the limits package)."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items: dict[str, RateLimitItem] = {}
        self._enabled = enabled

    def spend(self, limit: str, *who: str) -> None:
        """Take one from the bucket of `who`, or raise TooManyRequests with the wait."""
        if not self._enabled:
            return
        item = self._items.setdefault(limit, parse(limit))
        if self._limiter.hit(item, *who):
            return
        reset, _ = self._limiter.get_window_stats(item, *who)
        wait = max(1, round(reset - time.time()))
        raise TooManyRequests(
            N_("That was too often. The limit is %(limit)s."),
            hint=N_("Wait %(wait)s seconds and try again."),
            retry_after=wait,
            limit=limit,
            wait=wait,
        )


def network_of(request: Request) -> str:
    """The caller's network: /24 of IPv4 or /56 of IPv6, of the right-most hop that our own proxies did not add."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    prefix = 24 if address.version == 4 else 56
    return str(ipaddress.ip_network((address, prefix), strict=False))


def limited(limit: str, name: str) -> Callable[[Request], Awaitable[None]]:
    """Dependency: at most `limit` calls of `name` from one network."""

    async def spend(request: Request) -> None:
        limits: RateLimits = request.app.state.rate_limits
        limits.spend(limit, name, network_of(request))

    return spend

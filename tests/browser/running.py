"""A marketplace that serves on a port of this machine, with its worker inside and a simulator of Stripe beside it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import func
from sqlmodel import col, select

from market.app import create_app
from market.client import Datawharf
from market.kit.jobs import Job
from market.kit.ratelimit import RateLimits
from market.payments.bank_transfer import BankAccount, BankTransferGateway
from market.stripe_simulator import create_app as create_simulator
from tests.builders.marketplace import Marketplace
from tests.fakes.clock import FakeClock
from tests.stripe_simulator.running import SECRET_KEY, WEBHOOK_SECRET

DEADLINE = 30.0
BANK = BankAccount("北部湾数据交易中心", "北部湾银行钦州支行", "6228480000000000012", "313631000011")


class RunningClock(FakeClock):
    """The time of this machine, so that the browser's own clock agrees with the server's; a test may put it forward."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, **by: float) -> None:
        self._ahead += timedelta(**by)


class RunningMarket(Marketplace):
    """A marketplace at `base`. Its jobs run by themselves; `drain` waits until none is left."""

    def __init__(self, home: Path, base: str, simulator: str) -> None:
        stripe = {
            "secret_key": SECRET_KEY,
            "webhook_secret": WEBHOOK_SECRET,
            "api_base": simulator,
            "pay_origin": simulator,
        }
        database = f"sqlite:///{home / 'market.db'}"
        super().__init__(home, database, base=base, clock=RunningClock(), embedded_worker=True, stripe=stripe)
        self.ports.add(BankTransferGateway, BankTransferGateway({"CNY": BANK}))
        self.base = base
        self._visitors: list[Datawharf] = []

    def open_app(self) -> FastAPI:
        """An app of its own: the one that other tests share was made for their settings."""
        app = create_app(self.settings, self.ports)
        app.state.rate_limits = RateLimits(enabled=False)
        return app

    def visitor(self) -> Datawharf:
        """A party that goes through the socket like everybody else."""
        made = Datawharf(self.base)
        self._visitors.append(made)
        return made

    def drain(self) -> int:
        deadline = time.monotonic() + DEADLINE
        while waiting := self._unfinished():
            assert time.monotonic() < deadline, f"{waiting} jobs are not done"
            time.sleep(0.02)
        return 0

    def _unfinished(self) -> int:
        open_jobs = (
            select(func.count())
            .select_from(Job)
            .where(col(Job.state).in_(["queued", "running"]), col(Job.run_at) <= self.clock.now())
        )
        with self.ports.db.reading() as session:
            return session.exec(open_jobs).one()

    def close(self) -> None:
        for visitor in self._visitors:
            visitor.close()
        super().close()


class _Threaded(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Signals belong to the test runner."""


@contextmanager
def served(app: Any, listener: socket.socket) -> Iterator[None]:
    """Serve an application on a listening socket, in a thread, and stop it."""
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="on", ws="none")
    server = _Threaded(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + DEADLINE
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(DEADLINE)
        listener.close()
    assert not thread.is_alive()


def _listening() -> tuple[socket.socket, str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def running_market(home: Path) -> Iterator[RunningMarket]:
    """A market and a simulator, each on a free port; money moves between them as it does between us and Stripe."""
    with ExitStack() as stack:
        shop, base = _listening()
        till, simulator = _listening()
        stack.callback(shop.close)
        webhook = f"{base}/webhooks/stripe"
        stripe = create_simulator(SECRET_KEY, webhook_url=webhook, webhook_secret=WEBHOOK_SECRET)
        stack.enter_context(served(stripe, till))
        market = RunningMarket(home, base, simulator)
        stack.callback(market.close)
        stack.enter_context(served(market.app, shop))
        yield market

"""Running the marketplace: one process that serves, with the worker inside or beside it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Literal

import uvicorn

from ledger.errors import LedgerError
from ledger.stamping import Stamper
from market.app import create_app, job_handlers
from market.compose import open_ports
from market.config import Settings
from market.kit import logs
from market.kit.errors import Fault
from market.kit.housekeeping import ask_for_tidying
from market.kit.jobs import Worker, enqueue
from market.kit.ports import Ports
from market.provenance.gateway import Ledger
from market.provenance.indexing import FOLLOW_TOPIC
from market.provenance.stamping import BackgroundStamping
from market.provenance.verifier_entry import record_verifier

KEEP_ALIVE_SECONDS = 65
SHUTDOWN_SECONDS = 10
HIGHEST_PORT = 65_535


def listen(port: int, host: str = "127.0.0.1", tries: int = 50) -> socket.socket:
    """A listening socket on `port`, or on the next free one. Port 0 takes any."""
    for candidate in range(port, min(port + tries, HIGHEST_PORT + 1)):
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(512)
        except OSError:
            listener.close()
            if port == 0:
                raise
            continue
        return listener
    raise OSError(f"no free port from {port} on at {host}")


@contextmanager
def opened(settings: Settings) -> Iterator[Ports]:
    """Ports that are closed again. The ledger is taken over at once, so that a damaged one refuses here and not later."""
    ports = open_ports(settings, writes=settings.embedded_worker)
    try:
        if settings.embedded_worker:
            with ports.get(Ledger).writing():
                pass
            with ports.db.writing() as session:
                ask_for_tidying(session, ports.clock.now())
                record_verifier(session, ledger=ports.get(Ledger), now=ports.clock.now())
                enqueue(session, FOLLOW_TOPIC, {}, now=ports.clock.now())
        else:
            _prepare_histories(ports.get(Ledger))
        stamped = settings.embedded_worker and settings.time_authorities
        with BackgroundStamping(ports.get(Stamper)) if stamped else nullcontext():
            yield ports
    finally:
        ports.get(Ledger).close()
        ports.db.close()


def _prepare_histories(ledger: Ledger) -> None:
    # The worker's job does it there. Where the log cannot be read just now, the first who asks is told.
    with suppress(Fault, LedgerError):
        if ledger.index is not None:
            ledger.index.prepare(ledger.refreshed())


def make_server(settings: Settings, ports: Ports) -> uvicorn.Server:
    """The server, ready to run on a socket of `listen`."""
    config = uvicorn.Config(
        create_app(settings, ports),
        http=_protocol(),
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies) or None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return uvicorn.Server(config)


def _protocol() -> type[asyncio.Protocol] | Literal["auto"]:
    if sys.platform == "win32":
        return "auto"  # the parser that is guarded here does not come there
    from market.cli.connections import GuardedProtocol

    return GuardedProtocol


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve until interrupted."""
    logs.configure(sys.stderr, settings.log)
    # uvicorn raises the signal again once it has ended in good order; that is no failure.
    with listener, opened(settings) as ports, suppress(KeyboardInterrupt):
        make_server(settings, ports).run(sockets=[listener])


def work(settings: Settings, started: Callable[[], None]) -> None:
    """Run jobs until interrupted or told to end; the counterpart of a server whose embedded_worker is off.

    started: called once from here on a signal is heard.
    """
    logs.configure(sys.stderr, settings.log)
    with opened(settings) as ports:
        worker = Worker(ports.db, job_handlers(ports), ports.clock)
        # The job at hand is finished; as the first process of a container nobody else would hear the signal.
        signal.signal(signal.SIGTERM, lambda _number, _frame: worker.stop())
        started()
        try:
            worker.run()
        except KeyboardInterrupt:
            worker.stop()

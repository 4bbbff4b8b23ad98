"""`datawharf signer serve`: the one process that holds the private keys of the log and of its index."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import click

from ledger.signer_process import SignerServer
from market.cli.operator import HOME, reporting
from market.config import ConfigError, default_home, load_settings
from market.signers import INDEX_SOCKET, LOG_SOCKET, own_signers


@click.group("signer")
def signer() -> None:
    """The signer of the log, as a process of its own."""


@signer.command("serve")
@HOME
@reporting
def serve(home: Path | None) -> None:
    """Sign for the log and its index at the sockets that the settings name, until stopped. No network is used.

    Only processes of the same user are answered, and never a head that does not continue what was signed.
    """
    settings = load_settings(home or default_home())
    if not settings.signer_sockets:
        raise ConfigError("The settings name no folder for the signer's sockets: set signer_sockets.")
    sockets = Path(settings.signer_sockets)
    sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log, index = own_signers(settings)
    with ExitStack() as stack:
        for name, each in ((LOG_SOCKET, log), (INDEX_SOCKET, index)):
            if each is not None:
                stack.callback(SignerServer(sockets / name, each).start().close)
        click.echo(f"The signer of {settings.origin} answers in {sockets} (stop with Ctrl-C)")
        sys.stdout.flush()
        stop.wait()

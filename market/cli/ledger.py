"""`datawharf ledger rotate`: the log goes over to another key and keeps its name."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.log import Log
from ledger.policy import fingerprint
from ledger.rotation import Rotation
from ledger.sequencer import Sequencer
from market.cli.operator import HOME, reporting
from market.compose import log_writer
from market.config import Settings, default_home, load_settings
from market.kit.clock import Clock, SystemClock
from market.kit.db import Database
from market.kit.jobs import enqueue
from market.provenance.indexing import FOLLOW_TOPIC
from market.signers import log_keys


@click.group("ledger")
def ledger() -> None:
    """The log of this installation."""


@ledger.command("rotate")
@HOME
@click.option(
    "--finish",
    is_flag=True,
    help="Those who verify have the new trust file, and witnesses the new key: the old one signs no more.",
)
@reporting
def rotate(home: Path | None, finish: bool) -> None:
    """Go over to a new log key: from now on both sign, and the trust file names both.

    Run it where the log's keys are. Start signer, servers and worker again afterwards.
    """
    settings = load_settings(home or default_home())
    if finish:
        done = finish_rotation(settings)
        click.echo(f"The key {done.old.key_id.hex()} has retired; {done.new.key_id.hex()} signs alone.")
    else:
        index = begin_rotation(settings)
        new = log_keys(settings).following
        assert new is not None
        click.echo(f"Entry {index} names the new key {new.key_id.hex()}.")
    trusted = fingerprint(log_keys(settings).policy)
    click.echo(f"Trust file {settings.trust_file} (fingerprint {trusted})")
    click.echo("Start signer, servers and worker again, and hand out the trust file.")


def begin_rotation(settings: Settings, clock: Clock | None = None) -> int:
    """Make the next key, record that the log goes over to it, and publish with both; the index of the entry.

    After a crash the same call goes on: what stands among the log's last entries is not recorded again. `Conflict` if the
    log is going over already.
    """
    clock, keys, db = clock or SystemClock(), log_keys(settings), Database(settings.database)
    try:
        entry = keys.begin()

        def open_log() -> Log:
            return log_writer(settings, db)

        with Sequencer(open_log, clock=lambda: clock.now().timestamp()) as sequencer:
            index = sequencer.add(entry).index
        keys.announce()
        with db.writing() as session:
            enqueue(session, FOLLOW_TOPIC, {}, now=clock.now())
    finally:
        db.close()
    return index


def finish_rotation(settings: Settings) -> Rotation:
    """Let the older key rest. `Conflict` if the log is not going over."""
    return log_keys(settings).retire()

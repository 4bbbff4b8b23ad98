"""`datawharf ledger`: the log goes over to another key and keeps its name; a log of before gets an index."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from ledger.errors import Unverified
from ledger.index.state import index_origin
from ledger.indexer.rebuild import announced_key
from ledger.log import Log
from ledger.policy import fingerprint, parse_policy
from ledger.rotation import Rotation
from ledger.sequencer import Sequencer
from market.cli.operator import HOME, reporting
from market.compose import log_writer, open_ledger
from market.config import ConfigError, Settings, default_home, load_settings
from market.kit.clock import Clock, SystemClock
from market.kit.db import Database
from market.kit.jobs import enqueue
from market.provenance import service
from market.provenance.indexing import FOLLOW_TOPIC
from market.signers import has_index_keys, index_announcement, index_vkey, log_keys, make_index_keys


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


@ledger.command("add-index")
@HOME
@reporting
def add_index(home: Path | None) -> None:
    """Give the log of a home that was made before there was an index one.

    Run it where the log's keys are. Start signer, servers and worker again afterwards: the worker then makes the index
    of all that was ever published.
    """
    settings = load_settings(home or default_home())
    vkey = begin_index(settings)
    click.echo(f"Index      {index_origin(settings.origin)}")
    click.echo(f"Its key    {vkey}")
    if any(witness.url for witness in parse_policy(settings.trust_file.read_bytes()).witnesses):
        click.echo(
            "Let each witness know the index; it is not published before:\n  datawharf witness add-log FOLDER --trust "
            f"{settings.trust_file} '{vkey}'"
        )
    click.echo("Keep a copy of its keys too. Start signer, servers and worker again.")


def begin_index(settings: Settings, clock: Clock | None = None) -> str:
    """Make the keys of an index and record the entry that names it; its public key. Repeating it goes on where it was.

    `ConfigError` if the log names an index already.
    """
    clock, db = clock or SystemClock(), Database(settings.database)
    try:
        ledger_ = open_ledger(settings, db, writes=False)
        with suppress(Unverified):
            announced_key(ledger_.refreshed())
            raise ConfigError(
                "The log has an index already, and names it. Nothing was changed."
                if has_index_keys(settings)
                else f"The log has an index already, whose keys are not in {settings.signer_keys}: restore them from "
                "your backup."
            )
        make_index_keys(settings)
        with db.writing() as session:
            service.keep_stated(
                session,
                ledger=ledger_,
                kind="index-map",
                predicate=index_announcement(settings),
                now=clock.now(),
            )
    finally:
        db.close()
    return index_vkey(settings)


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

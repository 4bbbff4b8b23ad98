"""Auditors: histories with a proof that nothing is left out, and the index made again from the log."""

from __future__ import annotations

import re
from pathlib import Path

import click

from ledger.checkpoint import parse_checkpoint
from ledger.cli.index import index as of_the_ledger
from ledger.index.history import parse_history
from ledger.index.keys import key_of_subject
from ledger.index.withdrawal import key_of_signer
from ledger.note import parse_note
from ledger.receipt import parse_bundle
from ledger.statement import parse_statement
from market.client.cli.shared import Context, pass_context
from market.client.sdk import Datawharf


@click.command("get")
@click.argument("key", required=False)
@click.option(
    "--about",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead of KEY: a receipt; the history is that of what its statement is about, such as the asset.",
)
@click.option(
    "--signer-of",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead of KEY: the receipt whose signing key's history it shall be, for datawharf verify --history.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File; default: <key>.history.json",
)
@click.option("--server", default="", help="Address of the marketplace; default: the profile's.")
@click.option("--at-least", type=click.IntRange(min=0), help="So many entries of the ledger it must cover.")
@click.option("--without-entries", is_flag=True, help="Name the entries by their indices only.")
@pass_context
def get(
    ctx: Context,
    key: str | None,
    about: Path | None,
    signer_of: Path | None,
    target: Path | None,
    server: str,
    at_least: int | None,
    without_entries: bool,
) -> None:
    """Fetch the history of KEY: all entries that name it, or the proof that none does.

    KEY is asset:<uuid>, org:<uuid>, certificate:<number>, key:<hex>, leaf:<leaf hash> or kind:<predicate type>. It is
    checked by datawharf index verify, not here.
    """
    wanted = _wanted(key, about, signer_of)
    with Datawharf(server or ctx.profile.require_server(), lang=ctx.lang) as market:
        data = market.history(wanted, entries=not without_entries, at_least=at_least)
    path = target or Path(f"{re.sub(r'[^A-Za-z0-9]+', '-', wanted)[:60]}.history.json")
    path.write_bytes(data)
    history = parse_history(data)
    ctx.say(
        "History       {path} ({count} of the ledger's first {size} entries name {key})",
        path=path,
        count=len(history.indices),
        key=wanted,
        size=parse_checkpoint(parse_note(history.checkpoint).text).size,
    )


def _wanted(key: str | None, about: Path | None, signer_of: Path | None) -> str:
    match key, about, signer_of:
        case str(), None, None:
            return key
        case None, Path(), None:
            return key_of_subject(parse_statement(parse_bundle(about.read_bytes()).statement))
        case None, None, Path():
            return key_of_signer(signer_of.read_bytes())
    raise click.UsageError("Name one of KEY, --about RECEIPT and --signer-of RECEIPT.")


index = click.Group("index", commands={**of_the_ledger.commands, "get": get}, help=of_the_ledger.help)

COMMANDS = (index,)

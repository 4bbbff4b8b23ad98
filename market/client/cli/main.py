"""The command group, its shared options, and how failures end."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.metadata import version
from pathlib import Path

import click

from ledger.errors import LedgerError
from market.client.cli import (
    account,
    attest,
    audit,
    buy,
    compare,
    index,
    monitor,
    provide,
    registrar,
    witness,
)
from market.client.cli.shared import Context
from market.client.errors import ClientError, Problem
from market.client.words import language_of_environment, tell

# What the marketplace adds, to say so where it is not installed.
OPERATORS = (
    "init",
    "serve",
    "worker",
    "doctor",
    "jobs",
    "zone",
    "ledger",
    "signer",
    "signin-link",
    "demo",
    "heist",
)


class Failing(click.Group):
    """Known failures end the command with one clear sentence and status 1."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        found = super().get_command(ctx, name)
        if found is None and name in OPERATORS:
            ctx.fail(
                f"“{name}” comes with the marketplace, which datawharf[server] brings. "
                "In a checkout: pip install '.[server]'"
            )
        return found

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            click.echo(f"datawharf: {problem}" + (f" [{problem.slug}]" if problem.slug else ""), err=True)
        except (ClientError, LedgerError, OSError) as error:
            lang = ctx.obj.lang if isinstance(ctx.obj, Context) else "en"
            click.echo(f"datawharf: {tell(lang, error)}", err=True)
        sys.exit(1)


@click.group(cls=Failing, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("datawharf"), prog_name="datawharf")
@click.option(
    "--profile", type=click.Path(path_type=Path), help="Folder of keys and settings (DATAWHARF_PROFILE)."
)
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), help="Language of the output; default: that of the shell."
)
@click.option("--quiet", is_flag=True, help="No progress bars.")
@click.pass_context
def main(ctx: click.Context, profile: Path | None, lang: str | None, quiet: bool) -> None:
    """Register data, license them, receive them, and check every claim without trusting anyone."""
    ctx.obj = Context(profile, "zh" if (lang or language_of_environment()) == "zh" else "en", quiet=quiet)


for _module in (account, provide, registrar, buy, attest, audit, compare, index, monitor, witness):
    for _command in _module.COMMANDS:
        main.add_command(_command)

# The marketplace's own commands, where it is installed. Loaded by name: the client itself does without them.
if importlib.util.find_spec("sqlmodel") is not None:
    for _command in importlib.import_module("market.cli.operator").COMMANDS:
        main.add_command(_command)

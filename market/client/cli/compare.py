"""Auditors and parties: does the marketplace still show what was signed?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ledger.policy import parse_policy
from market.client.cli.shared import Context, pass_context
from market.client.comparing import compare
from market.client.errors import ClientError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("compare")
@click.argument("receipt", type=FILE)
@click.option("--trust", type=FILE, help="Trust file; default: the profile's.")
@pass_context
def compare_with(ctx: Context, receipt: Path, trust: Path | None) -> None:
    """Compare what the marketplace shows today with RECEIPT. Status 1 if it shows anything else than was signed."""
    trust = trust or ctx.profile.trust_file
    if not trust.exists():
        raise ClientError("Name a trust file with --trust. It must not come from the marketplace you check.")
    with ctx.market() as market:
        found = compare(market, receipt.read_bytes(), parse_policy(trust.read_bytes()))
    for one in found.differences:
        ctx.say(
            "✗ {what}: the market shows “{shown}”, but “{sealed}” was signed (ledger entry {index}). It was changed later.",
            what=one.what,
            shown=one.shown,
            sealed=one.sealed,
            index=found.index,
        )
    if not found.differences:
        ctx.say("✓ The market shows what was signed (ledger entry {index}).", index=found.index)
    sys.exit(1 if found.differences else 0)


COMMANDS = (compare_with,)

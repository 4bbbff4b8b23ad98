"""Auditors and owners: follow a log from outside, and be told what is recorded in one's name."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.monitor import monitor_command
from market.client.cli.shared import Context
from market.client.errors import ClientError


def _profiles_trust(ctx: click.Context) -> Path:
    assert isinstance(ctx.obj, Context)
    path = ctx.obj.profile.trust_file
    if not path.exists():
        raise ClientError("Name a trust file with --trust. It must not come from the marketplace you check.")
    return path


COMMANDS = (monitor_command(_profiles_trust),)

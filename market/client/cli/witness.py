"""Whoever watches over somebody else's ledger: run a witness. It needs neither the marketplace nor a profile."""

from ledger.cli.witness import witness

COMMANDS = (witness,)

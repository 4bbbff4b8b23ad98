"""Whoever watches over somebody else's ledger: run a witness. It needs neither the marketplace nor a profile."""

from ledger.witness_cli import witness

COMMANDS = (witness,)

"""Auditors: histories with a proof that nothing is left out, and the index made again from the log."""

from ledger.cli.index import index

COMMANDS = (index,)

"""Anybody with a bound key: stand by a document about an artifact, such as a test report or a bill of materials."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID, uuid5

import click

from market.client.cli.shared import Context, pass_context
from market.client.errors import ClientError
from market.client.registering import hash_files

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Gives each artifact of a ledger one name, whoever attests to it and however often.
_ARTIFACTS = UUID("018f3c5e-7a10-7c4e-9d52-6b1f0a4c8e21")


@click.command()
@click.argument("document", type=_FILE)
@click.option(
    "--about",
    required=True,
    help="The artifact: a file, or its SHA-256 in hex, such as the digest of a manifest.",
)
@click.option("--previous", help="Leaf hash of the attestation that this one takes the place of.")
@pass_context
def attest(ctx: Context, document: Path, about: str, previous: str | None) -> None:
    """Sign that your organisation stands by DOCUMENT about an artifact, register it, and keep the receipt.

    Only the SHA-256 of both goes into the ledger: hand out the document yourself.
    """
    artifact = _digest(about)
    (described,) = hash_files([(document.name, document)], ctx.progress)
    with ctx.market() as market:
        subject = uuid5(_ARTIFACTS, artifact.hex())
        leaf = market.attest(described.row, artifact, subject, previous=previous)
        ctx.say("Statement     {leaf}", leaf=leaf)
        ctx.keep_receipt(market, leaf)


def _digest(about: str) -> bytes:
    if _SHA256.fullmatch(about):
        return bytes.fromhex(about)
    path = Path(about)
    if not path.is_file():
        raise ClientError("{about} is neither a file nor a SHA-256 in hex.", about=about)
    (hashed,) = hash_files([(path.name, path)])
    return hashed.row.sha256


COMMANDS = (attest,)

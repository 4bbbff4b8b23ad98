"""Have an authority stamp the published checkpoint: `python -m ledger timestamp`."""

from collections.abc import Sequence
from pathlib import Path

import click

from ledger.errors import Conflict
from ledger.kept import NEWEST, KeptCheckpoints
from ledger.policy import parse_policy
from ledger.stamping import TimeAuthority, stamp_checkpoint, token_path
from ledger.stores.files import FileObjects
from ledger.witness.http import HttpTransport


@click.command("timestamp")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--url", required=True, help="Address of the authority (RFC 3161 over HTTP).")
@click.option(
    "--authority",
    "roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    required=True,
    help="The authority's root certificate (PEM).",
)
def stamp(folder: Path, url: str, roots: Sequence[Path]) -> None:
    """Ask for a token over the newest checkpoint in FOLDER, check it and keep it beside the checkpoint."""
    origin = parse_policy((folder / "trust.policy").read_bytes()).logs[0].verifier.name
    objects = FileObjects(folder / "log")
    published = KeptCheckpoints(origin, objects).newest()
    if published is None:
        raise Conflict(f"The log in {folder} has no {NEWEST} yet; publish it first.")
    path = token_path(published.size)
    if objects.read(path) is not None:
        raise Conflict(f"The checkpoint of {published.size} entries is stamped already: {path}.")
    authority = TimeAuthority(url, tuple(root.read_bytes() for root in roots))
    stamped = stamp_checkpoint(objects, published, authority, HttpTransport()).timestamp
    click.echo(f"{path}: {published.size} entries existed at {stamped.time}, says {stamped.authority}")

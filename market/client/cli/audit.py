"""Auditors: check a receipt and data, with the network off, trusting only the trust file."""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

import click

from ledger.check import check_bundle
from ledger.check_data import MANIFEST_NAME
from ledger.errors import LedgerError
from ledger.manifest import Manifest, hash_file, parse_manifest
from ledger.policy import parse_policy
from ledger.receipt import parse_bundle
from ledger.statement import parse_statement
from ledger.timestamp import Token
from market.client.cli.shared import MANIFEST_SUFFIX, RECEIPT, TOKEN_SUFFIX, Context, pass_context
from market.client.downloading import MANIFEST
from market.client.errors import ClientError
from market.client.registering import find_files, hash_files, manifest_of
from market.client.second_opinion import merkletools_agrees


@click.command()
@click.argument("receipt", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data", type=click.Path(exists=True, path_type=Path), help="The file or folder that was registered."
)
@click.option(
    "--manifest",
    "manifest_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="manifest.json, if you have it; else it is made from the data.",
)
@click.option(
    "--trust",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Trust file; default: the profile's.",
)
@click.option(
    "--timestamp",
    "token",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Time-stamp token (RFC 3161) over the receipt's checkpoint; default with --authority: the one kept beside it.",
)
@click.option(
    "--authority",
    "roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Root certificate (PEM) of a time-stamping authority that you trust.",
)
@click.option(
    "--history",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="History of the signing key out of the index: shows whether the key was withdrawn before.",
)
@click.option("--second-opinion", is_flag=True, help="Compute the root with the merkletools package too.")
@pass_context
def verify(
    ctx: Context,
    receipt: Path,
    data: Path | None,
    manifest_path: Path | None,
    trust: Path | None,
    token: Path | None,
    roots: tuple[Path, ...],
    history: Path | None,
    second_opinion: bool,
) -> None:
    """Check RECEIPT step by step. Nothing is sent anywhere. Status 0 if every check that ran passed."""
    trust = trust or ctx.profile.trust_file
    if not trust.exists():
        raise ClientError(
            "Name a trust file with --trust. It must not come from whoever gave you the receipt."
        )
    token = token or _token_beside(receipt, roots)
    manifest, files = _given_data(data, manifest_path or _manifest_beside(receipt, data))
    report = check_bundle(
        receipt.read_bytes(),
        parse_policy(trust.read_bytes()),
        manifest=manifest,
        files=files,
        now=int(time.time()),
        history=history.read_bytes() if history else None,
        timestamp=Token(token.read_bytes(), tuple(root.read_bytes() for root in roots)) if token else None,
    )
    for line in report.lines(ctx.lang):
        click.echo(line)
    agrees = not second_opinion or _second_opinion(ctx, receipt)
    sys.exit(report.exit_code if agrees else 1)


def _manifest_beside(receipt: Path, data: Path | None) -> Path | None:
    """The manifest that registering keeps beside the receipt, and downloading inside the folder.

    The one with the digest in the statement comes first. A data set may have a file manifest.json of its own, so that
    name alone makes none.
    """
    if data is None:
        return None
    beside = receipt.with_name(receipt.name.removesuffix(RECEIPT) + MANIFEST_SUFFIX)
    kept = [path for path in (data / MANIFEST, beside) if path.is_file()]
    registered = _subject_digests(receipt)
    named = [path for path in (*kept, data / MANIFEST_NAME) if path.is_file() and _digest(path) in registered]
    return next(iter(named or kept), None)


def _subject_digests(receipt: Path) -> set[str]:
    """SHA-256, in hex, of what the receipt's statement is about; nothing is verified."""
    try:
        statement = parse_statement(parse_bundle(receipt.read_bytes()).statement)
    except LedgerError:
        return set()
    return {subject["digest"].get("sha256") for subject in statement.document["subject"]}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _token_beside(receipt: Path, roots: tuple[Path, ...]) -> Path | None:
    """The token that fetching the receipt keeps beside it. Without a root to believe it by it says nothing."""
    kept = _token_path(receipt)
    return kept if roots and kept.is_file() else None


def _token_path(receipt: Path) -> Path:
    return receipt.with_name(receipt.name.removesuffix(RECEIPT) + TOKEN_SUFFIX)


def _given_data(
    data: Path | None, manifest_path: Path | None
) -> tuple[Manifest | None, dict[str, Path] | None]:
    """The manifest and where its files lie. Without a manifest file the data themselves give it."""
    if data is None:
        return (parse_manifest(manifest_path.read_bytes()) if manifest_path else None), None
    if manifest_path is not None:
        manifest = parse_manifest(manifest_path.read_bytes())
        if data.is_file():
            return manifest, {_name_in(manifest, data): data}
        return manifest, {row.path: data / row.path for row in manifest.rows}
    named = find_files([data])
    return manifest_of(hash_files(named)), dict(named)


def _name_in(manifest: Manifest, path: Path) -> str:
    """Under which name the manifest knows a single file: its own, or whichever has its bytes."""
    if manifest.row(path.name) is not None:
        return path.name
    digest = hash_file(path).row.sha256
    return next((row.path for row in manifest.rows if row.sha256 == digest), path.name)


def _second_opinion(ctx: Context, receipt: Path) -> bool:
    try:
        agrees = merkletools_agrees(parse_bundle(receipt.read_bytes()))
    except LedgerError:
        agrees = False
    if agrees:
        ctx.say("Second opinion (merkletools): the path leads to the same root.")
    else:
        ctx.say("Second opinion (merkletools): the path does NOT lead to the signed root.")
    return agrees


@click.command("receipt")
@click.argument("leaf")
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File; default: <leaf>.receipt.json",
)
@pass_context
def get_receipt(ctx: Context, leaf: str, target: Path | None) -> None:
    """Fetch the receipt of a statement, and the time-stamp token over its checkpoint if there is one."""
    with ctx.market() as market:
        bundle = market.receipt(leaf)
        token = market.timestamp(bundle)
    path = target or Path(f"{leaf[:16]}.receipt.json")
    path.write_bytes(bundle)
    ctx.say("Receipt       {path} (ledger entry {index})", path=path, index=parse_bundle(bundle).index)
    if token is not None:
        _token_path(path).write_bytes(token)
        ctx.say("Time stamp    {path}", path=_token_path(path))


COMMANDS = (verify, get_receipt)

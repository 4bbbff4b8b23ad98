"""The ledger on the command line: `python -m ledger`, for a log in a folder, without any marketplace.

    FOLDER/log/            what is served: checkpoint, tile/…, checkpoints/…
    FOLDER/head            lock store          FOLDER/signer     state of the signer
    FOLDER/keys/*.key      private keys        FOLDER/trust.policy   for those who verify
    FOLDER/keys/log-next.key is the key that the log goes over to; log-<key id>.key is one that has retired

Exit codes: 0 all is well; 1 a check failed; 2 wrong usage or malformed input; 4 conflict; 5 a store failed.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import click

from ledger.check import check_bundle
from ledger.checkpoint import open_checkpoint
from ledger.cli.index import index
from ledger.cli.monitor import monitor_command
from ledger.cli.timestamp import stamp
from ledger.cli.witness import witness
from ledger.durable import make_folder
from ledger.errors import Conflict, LedgerError, Malformed, StorageFailed, Unverified
from ledger.fsck import fsck
from ledger.keyfile import read_key_file, write_key_file
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.log_keys import LogKeys
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.policy import Policy, TrustedLog, Witness, format_policy, parse_policy
from ledger.signer import Signer
from ledger.signer_process import RemoteSigner, SignerServer
from ledger.stores.address import opened_files
from ledger.stores.files import FileLock, FileObjects
from ledger.timestamp import Token
from ledger.witness.client import WitnessClient
from ledger.witness.http import HttpTransport

EXIT_CODES: dict[type[LedgerError], int] = {Unverified: 1, Malformed: 2, Conflict: 4, StorageFailed: 5}
KEYS = ("log", "cosigner", "receipt")

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_SIGNER = click.option(
    "--signer",
    type=click.Path(path_type=Path),
    help="Socket of a signer that has the keys; left out, they are in FOLDER/keys.",
)


@click.group(help="A transparency log in a folder: RFC 6962 proofs, C2SP tiles and checkpoints.")
def cli() -> None:
    """Group of the commands below."""


@cli.command(help="Start a log in FOLDER with the bytes of each FILE as its first entries, and publish it.")
@click.argument("folder", type=_FOLDER)
@click.argument("files", type=_FILE, nargs=-1)
@click.option("--origin", required=True, help="Name of the log, such as ledger.example/2026; never changes.")
def create(folder: Path, files: Sequence[Path], origin: str) -> None:
    """Make keys, trust file and log."""
    if (folder / "head").exists():
        raise Conflict(f"There is a log in {folder} already.")
    keys = folder / "keys"
    make_folder(keys, 0o700)
    for name in KEYS:
        if not (keys / f"{name}.key").exists():
            write_key_file(keys / f"{name}.key", SigningKey.generate(), label=f"{origin} {name}")
    (folder / "trust.policy").write_bytes(_trust(folder, origin))
    signer = _signer(folder, origin)
    entries = [file.read_bytes() for file in files]
    log = Log.create(origin, _objects(folder), FileLock(folder / "head"), signer, entries)
    _publish(log)


@cli.command(
    help="Append the bytes of each FILE as an entry; durable when this returns, public after publish."
)
@click.argument("folder", type=_FOLDER)
@click.argument("files", type=_FILE, nargs=-1, required=True)
@_SIGNER
def append(folder: Path, files: Sequence[Path], signer: Path | None) -> None:
    """Append one entry a file."""
    log = _load(folder, signer)
    indices = log.append([file.read_bytes() for file in files])
    for number, file in zip(indices, files, strict=True):
        click.echo(f"{number} {file}")
    log.close()


@cli.command(
    help="Sign the log as it is now, have the witnesses in trust.policy cosign it, and publish the checkpoint."
)
@click.argument("folder", type=_FOLDER)
@_SIGNER
def publish(folder: Path, signer: Path | None) -> None:
    """Publish a checkpoint."""
    _publish(_load(folder, signer))


@cli.command(
    help="Go over to a new log key: from now on both sign, and trust.policy names both. With --finish the old one retires."
)
@click.argument("folder", type=_FOLDER)
@click.option(
    "--finish", is_flag=True, help="Those who verify have the new trust.policy: sign with the new key only."
)
def rotate(folder: Path, finish: bool) -> None:
    """Make the next key, record it and publish with both; or let the old key rest."""
    _policy(folder)
    keys = _log_keys(folder)
    if finish:
        rotation = keys.retire()
        click.echo(
            f"The key {rotation.old.key_id.hex()} has retired; {rotation.new.key_id.hex()} signs alone."
        )
        return
    entry = keys.begin()
    log = _load(folder)
    (index,) = log.append([entry])
    # A crash up to here leaves a new key that nobody knows; the same command goes on with it.
    new = keys.announce()
    click.echo(f"Entry {index} names the new key {new.key_id.hex()}. Hand out trust.policy again.")
    _publish(log)


@cli.command(help="Write the receipt of entry INDEX to standard output.")
@click.argument("folder", type=_FOLDER)
@click.argument("index", type=click.IntRange(min=0))
@click.option("--supporting", type=int, multiple=True, help="Further entries to prove along with it.")
def receipt(folder: Path, index: int, supporting: Sequence[int]) -> None:
    """Print the canonical receipt; needs no key."""
    policy = _policy(folder)
    origin = policy.logs[0].verifier.name
    reader = Log.open_reader(origin, _objects(folder), *policy.log_keys(origin))
    sys.stdout.buffer.write(reader.receipt(index, supporting=supporting))


@cli.command(help="Check a RECEIPT against a trust file, without a network; each check is a sentence.")
@click.argument("receipt_file", type=_FILE, metavar="RECEIPT")
@click.option(
    "--trust", type=_FILE, required=True, help="Trust file (C2SP tlog-policy), never out of a receipt."
)
@click.option("--timestamp", "token", type=_FILE, help="Time-stamp token over the receipt's checkpoint.")
@click.option(
    "--authority",
    "roots",
    type=_FILE,
    multiple=True,
    help="Root certificate (PEM) of a time-stamping authority that you trust.",
)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en")
def verify(receipt_file: Path, trust: Path, token: Path | None, roots: Sequence[Path], language: str) -> None:
    """Print the report and exit with its code."""
    report = check_bundle(
        receipt_file.read_bytes(),
        parse_policy(trust.read_bytes()),
        now=int(time.time()),
        timestamp=Token(token.read_bytes(), tuple(root.read_bytes() for root in roots)) if token else None,
    )
    for line in report.lines("zh" if language == "zh" else "en"):
        click.echo(line)
    click.get_current_context().exit(report.exit_code)


@cli.command(
    "fsck",
    help="Derive every tile and root of the log at PLACE (a folder or an address) again and check all of it.",
)
@click.argument("place")
@click.option("--trust", type=_FILE, help="Trust file; default: the one in the folder.")
@click.option("--head", type=_FILE, help="A checkpoint that you hold; it must be a state of this log.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Processes that share the work.",
)
@click.option(
    "--plain", is_flag=True, help="It was written by other software, which keeps no earlier checkpoints."
)
@click.option("--quiet", is_flag=True, help="Say nothing but what is wrong.")
def check_log(
    place: str, trust: Path | None, head: Path | None, workers: int, plain: bool, quiet: bool
) -> None:
    """Print each wrong byte range; exit 1 if there is one."""
    if trust is None and place.startswith(("http://", "https://")):
        raise Malformed("Name a trust file with --trust: an address does not say whom to trust.")
    policy = parse_policy(trust.read_bytes()) if trust is not None else _policy(Path(place))
    receipt_file = Path(place) / "keys" / "receipt.key"
    verifier = policy.logs[0].verifier
    keys = policy.log_keys(verifier.name)
    with opened_files(place) if trust is not None else nullcontext(_objects(Path(place))) as files:
        report = fsck(
            files,
            verifier,
            retired=[key for key in keys if key != verifier],
            cosigner=policy.witnesses[0].verifier if policy.witnesses and trust is None else None,
            receipt_key=read_key_file(receipt_file).public if receipt_file.exists() else None,
            head=open_checkpoint(head.read_bytes(), *keys) if head is not None else None,
            on_progress=None if quiet else _show_progress,
            workers=workers,
            keeps=not plain,
        )
    for problem in report.problems:
        click.echo(str(problem))
    if report.problems:
        click.get_current_context().exit(1)
    if not quiet:
        click.echo(
            f"{report.origin} is sound: {_counted(report.entries, 'entry', 'entries')}, "
            f"{_counted(report.checkpoints, 'checkpoint', 'checkpoints')}."
        )


cli.add_command(monitor_command())
cli.add_command(witness)
cli.add_command(stamp)
cli.add_command(index)


@cli.group(help="The signer as a process of its own, which alone needs the private keys.")
def signer() -> None:
    """Group of the signer's commands."""


@signer.command(
    "serve", help="Sign for the log of FOLDER, with FOLDER/keys, at a Unix socket, until stopped."
)
@click.argument("folder", type=_FOLDER)
@click.option("--socket", "path", type=click.Path(path_type=Path), required=True)
def serve_signer(folder: Path, path: Path) -> None:
    """Serve this user's processes until SIGTERM or SIGINT; no network is used."""
    origin = _policy(folder).logs[0].verifier.name
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = SignerServer(path, _signer(folder, origin)).start()
    try:
        click.echo(f"The signer of {origin} answers at {path}.")
        sys.stdout.flush()
        stop.wait()
    finally:
        server.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    try:
        code = cli.main(arguments, prog_name="python -m ledger", standalone_mode=False)
    except LedgerError as error:
        click.echo(str(error), err=True)
        return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0


def _publish(log: Log) -> None:
    published = log.publish(int(time.time()))
    log.close()
    click.echo(f"{log.origin}: {_counted(published.size, 'entry', 'entries')}, root {published.root.hex()}")


def _load(folder: Path, signer: Path | None = None) -> Log:
    origin = _policy(folder).logs[0].verifier.name
    objects = _objects(folder)
    witnesses = WitnessClient(_policy(folder), objects.read, HttpTransport())
    guard = _signer(folder, origin) if signer is None else RemoteSigner(signer)
    return Log.load(origin, objects, FileLock(folder / "head"), guard, cosigners=witnesses)


def _objects(folder: Path) -> FileObjects:
    return FileObjects(folder / "log")


def _log_keys(folder: Path) -> LogKeys:
    return LogKeys(folder / "keys", folder / "trust.policy")


def _signer(folder: Path, origin: str) -> Signer:
    cosigner, receipt = (read_key_file(folder / "keys" / f"{name}.key") for name in ("cosigner", "receipt"))
    named = NoteSigner(f"{origin}/cosigner", cosigner, COSIGNATURE_ED25519)
    return _log_keys(folder).signer(folder / "signer", named, receipt)


def _trust(folder: Path, origin: str) -> bytes:
    log = NoteSigner(origin, read_key_file(folder / "keys" / "log.key"))
    key = read_key_file(folder / "keys" / "cosigner.key")
    cosigner = NoteSigner(f"{origin}/cosigner", key, COSIGNATURE_ED25519)
    return format_policy(Policy((TrustedLog(log.verifier),), (Witness("operator", cosigner.verifier),)))


def _policy(folder: Path) -> Policy:
    path = folder / "trust.policy"
    if not path.is_file():
        raise StorageFailed(f"There is no log in {folder}: {path} is missing. Start one with create.")
    return parse_policy(path.read_bytes())


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _show_progress(done: int, total: int) -> None:
    if done == total or done % (64 * 256) == 0:
        click.echo(f"{done:,} of {_counted(total, 'entry', 'entries')}", err=True)

"""A witness on the command line: `python -m ledger witness` and `datawharf witness`.

FOLDER/witness.key        private key; the seed of the ML-DSA-44 key is
                          SHA-256("datawharf/witness-ml-dsa-44-seed/v1" LF || its seed)
FOLDER/witness.vkeys      public keys (vkeys), one a line, to hand out
FOLDER/witness.sqlite3    what it has cosigned: never restore it from an older copy
"""

import signal
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import click

from ledger.checkpoint import parse_checkpoint
from ledger.durable import make_folder
from ledger.errors import Conflict, Malformed, StorageFailed
from ledger.keyfile import read_key_file, write_key_file
from ledger.keys import SigningKey
from ledger.mldsa import MlDsaSigningKey
from ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA,
    NoteSigner,
    Verifier,
    parse_note,
    parse_vkey,
)
from ledger.policy import parse_policy
from ledger.witness.http import WitnessDoor
from ledger.witness.state import SqliteWitnessState
from ledger.witness.witness import Witness

_FOLDER = click.Path(file_okay=False, path_type=Path)
_SEED_LABEL = b"datawharf/witness-ml-dsa-44-seed/v1\n"


@click.group(help="Watch over other people's logs: cosign that they only grow (C2SP tlog-witness).")
def witness() -> None:
    """Group of the commands below."""


@witness.command(help="Make a witness in FOLDER: its key, and an empty memory.")
@click.argument("folder", type=_FOLDER)
@click.option("--name", required=True, help="Its name, such as witness.example/w1; never changes.")
@click.option("--ml-dsa", is_flag=True, help="Cosign with ML-DSA-44 besides Ed25519 (needs cryptography 48).")
def init(folder: Path, name: str, ml_dsa: bool) -> None:
    """Make the files above."""
    key_file = folder / "witness.key"
    if key_file.exists():
        raise Conflict(f"There is a witness in {folder} already.")
    key = SigningKey.generate()
    signers = _signers(name, key, ml_dsa=ml_dsa)
    make_folder(folder, 0o700)
    SqliteWitnessState.create(_memory(folder))
    vkeys = "".join(f"{signer.vkey}\n" for signer in signers)
    (folder / "witness.vkeys").write_text(vkeys, "utf-8")
    write_key_file(key_file, key, label=f"{name} witness")
    click.echo(vkeys, nl=False)


@witness.command("add-log", help="Cosign a log from now on: give its VKEY, or a trust file that names it.")
@click.argument("folder", type=_FOLDER)
@click.argument("vkeys", metavar="[VKEY]...", nargs=-1)
@click.option("--trust", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Trust file.")
def add_log(folder: Path, vkeys: Sequence[str], trust: Path | None) -> None:
    """Let keys sign for their logs; a log in rotation has two."""
    state = SqliteWitnessState(_memory(folder))
    named = [log.verifier for log in parse_policy(trust.read_bytes()).logs] if trust else []
    for verifier in [*map(parse_vkey, vkeys), *named]:
        state.add_log(verifier)
        click.echo(f"{verifier.name}: {verifier.key_id.hex()} may sign")


@witness.command("remove-key", help="Believe the key VKEY no longer; what was cosigned stays remembered.")
@click.argument("folder", type=_FOLDER)
@click.argument("vkey")
def remove_key(folder: Path, vkey: str) -> None:
    """Take a key away from its log."""
    SqliteWitnessState(_memory(folder)).remove_key(parse_vkey(vkey))


@witness.command(help="Show the witness's keys, its logs, and evidence against them.")
@click.argument("folder", type=_FOLDER)
def show(folder: Path) -> None:
    """Print what is known."""
    state = SqliteWitnessState(_memory(folder))
    for verifier in _public(folder):
        click.echo(f"witness {verifier.vkey}")
    for origin in state.origins():
        note = state.latest(origin)
        size = (
            "nothing cosigned yet"
            if note is None
            else f"{parse_checkpoint(parse_note(note).text).size} entries"
        )
        click.echo(f"log {origin}: {size}")
        for against in state.evidence(origin):
            claimed = parse_checkpoint(parse_note(against).text)
            click.echo(f"  ANOTHER ROOT for {claimed.size} entries: {claimed.root.hex()}")


@witness.command(help="Answer logs and monitors over HTTP until stopped.")
@click.argument("folder", type=_FOLDER)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port", default=8011, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
)
def serve(folder: Path, host: str, port: int) -> None:
    """Run the door."""
    state = SqliteWitnessState(_memory(folder))
    key = read_key_file(folder / "witness.key")
    public = _public(folder)
    signers = _signers(public[0].name, key, ml_dsa=any(each.kind == COSIGNATURE_ML_DSA for each in public))
    if [signer.verifier for signer in signers] != public:
        raise Malformed(f"The key in {folder} does not belong to the public keys in witness.vkeys.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with WitnessDoor(Witness(signers, state, lambda: int(time.time())), (host, port)) as door:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"{public[0].name} listens on http://{shown}:{door.server_address[1]}")
        door.serve_forever()


def _memory(folder: Path) -> Path:
    return folder / "witness.sqlite3"


def _public(folder: Path) -> list[Verifier]:
    try:
        text = (folder / "witness.vkeys").read_text("utf-8")
    except OSError as error:
        raise StorageFailed(
            f"The public keys of the witness in {folder} are missing: {error.strerror}."
        ) from error
    if not text:
        raise Malformed(f"The file of the public keys in {folder} is empty.")
    return [parse_vkey(line) for line in text.splitlines()]


def _signers(name: str, key: SigningKey, *, ml_dsa: bool) -> list[NoteSigner]:
    signers = [NoteSigner(name, key, COSIGNATURE_ED25519)]
    if ml_dsa:
        post_quantum = MlDsaSigningKey.from_seed(sha256(_SEED_LABEL + key.seed).digest())
        signers.append(NoteSigner(name, post_quantum, COSIGNATURE_ML_DSA))
    return signers

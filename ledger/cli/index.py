"""The index on the command line: `python -m ledger index`, for a log in a folder; `rebuild` for any log.

    FOLDER/index/log/             the index log, served like the log        FOLDER/index/map.sqlite    the map
    FOLDER/index/head, signer     lock store and signer's state             FOLDER/keys/index*.key     its keys

The trust file of the folder gets a line for the index log when that is started.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from ledger.check_words import Language
from ledger.encoding import parse_hex
from ledger.errors import Conflict, StorageFailed
from ledger.hashing import HASH_SIZE
from ledger.index.check import check_history
from ledger.index.listing import entry_lines
from ledger.index.state import index_origin
from ledger.indexer.map import IndexMap
from ledger.indexer.prove import prove_history
from ledger.indexer.rebuild import Rebuilt, announced_key, rebuild
from ledger.indexer.writer import IndexWriter
from ledger.keyfile import read_key_file, write_key_file
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import COSIGNATURE_ED25519, NoteSigner, Verifier
from ledger.policy import Policy, TrustedLog, format_policy, parse_policy
from ledger.reader import LogReader, LogView
from ledger.signer import Signer
from ledger.stores.address import opened_files
from ledger.stores.files import FileLock, FileObjects

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LANGUAGE = click.option("--language", type=click.Choice(["en", "zh"]), help="Language of the sentences.")


@click.group(help="The index of a log: all entries that name a key, with a proof that none is left out.")
def index() -> None:
    """Group of the commands below."""


@index.command(
    help="Bring the index of the log in FOLDER up to its published checkpoint; start it if there is none."
)
@click.argument("folder", type=_FOLDER)
def follow(folder: Path) -> None:
    """Map the new entries, sign and publish the index."""
    home = _Home(folder)
    writer = IndexWriter(home.open_log(), home.open_map())
    try:
        published = writer.follow(home.reader(), int(time.time()))
    finally:
        writer.close()
    size = 0 if published is None else published.size
    click.echo(f"{home.index_origin}: {size} states, for {home.reader().size} entries")


@index.command(
    help="Write the history of KEY, such as asset:<uuid> or kind:<predicate type>, to standard output."
)
@click.argument("folder", type=_FOLDER)
@click.argument("key")
@click.option("--without-entries", is_flag=True, help="Name the entries by their indices only.")
def prove(folder: Path, key: str, without_entries: bool) -> None:
    """Print the history; needs no key."""
    home = _Home(folder)
    index_map = home.open_map()
    try:
        data = prove_history(
            key, home.reader(), home.index_reader(), index_map, with_entries=not without_entries
        )
    finally:
        index_map.close()
    sys.stdout.buffer.write(data)


@index.command(
    help="Check a HISTORY against a trust file, without a network: a sentence for each check, then the entries."
)
@click.argument("history", type=_FILE)
@click.option("--trust", type=_FILE, help="Trust file (C2SP tlog-policy), never out of a history.")
@click.option("--key", help="What was asked for.")
@click.option("--at-least", type=click.IntRange(min=0), help="So many entries the log had when it was asked.")
@click.option("--map-root", help="Root of the map in hex, as index rebuild prints it.")
@_LANGUAGE
def verify(
    history: Path,
    trust: Path | None,
    key: str | None,
    at_least: int | None,
    map_root: str | None,
    language: Language | None,
) -> None:
    """Print the report and exit with its code."""
    trust = trust or _own_trust_file()
    if trust is None:
        raise click.UsageError("Name a trust file with --trust. It must not come with the history.")
    report = check_history(
        history.read_bytes(),
        parse_policy(trust.read_bytes()),
        key=key,
        at_least=at_least,
        rebuilt=None if map_root is None else parse_hex(map_root, "root of the map", HASH_SIZE),
    )
    lang = _language(language)
    for line in (*report.lines(lang), *entry_lines(report, lang)):
        click.echo(line)
    click.get_current_context().exit(report.exit_code)


@index.command(
    "rebuild", help="Make the index of the log at PLACE again and compare it with what is published."
)
@click.argument("place")
@click.option("--index", "index_place", help="Folder or address of the index log; default: PLACE/index/v1.")
@click.option(
    "--trust", type=_FILE, help="Trust file; default: the one in the folder PLACE, if create made it."
)
@click.option("--quiet", is_flag=True, help="Say nothing but what is wrong.")
@_LANGUAGE
def compare(
    place: str, index_place: str | None, trust: Path | None, quiet: bool, language: Language | None
) -> None:
    """Name the first difference; exit 1 if there is one."""
    if trust is None and not (Path(place) / "trust.policy").is_file():
        trust = _own_trust_file()
    if trust is None:
        home = _Home(Path(place))
        found = _compare(home.reader(), home.index_reader())
    else:
        with opened_files(place) as files, opened_files(index_place or f"{place}/index/v1") as index_files:
            policy = parse_policy(trust.read_bytes())
            keys = policy.log_keys(policy.logs[0].verifier.name)
            view = LogView(files, *keys)
            trusted = policy.log(index_origin(view.origin))
            key = announced_key(view, *keys) if trusted is None else trusted.verifier
            found = _compare(view, LogView(index_files, key))
    if found.difference is not None:
        click.echo(found.difference.sentence(_language(language)))
        click.get_current_context().exit(1)
    if not quiet:
        click.echo(f"{found.origin}: {found.size} entries, {found.states} states of the index agree.")
        click.echo(f"map root {found.map_root.hex()}")


def _language(chosen: Language | None) -> Language:
    """As chosen, or that of the command around this one."""
    return "zh" if (chosen or getattr(click.get_current_context().obj, "lang", "en")) == "zh" else "en"


def _own_trust_file() -> Path | None:
    """The trust file of whoever runs the command, if the command around this one knows it."""
    path = getattr(click.get_current_context().obj, "trust_file", None)
    return path if isinstance(path, Path) and path.is_file() else None


def _compare(view: LogReader | LogView, index_view: LogReader | LogView) -> Rebuilt:
    signed, index_signed = view.refresh(), index_view.refresh()
    if signed is None or index_signed is None:
        raise Conflict(f"The log {view.origin} and its index have not both been published yet.")
    return rebuild(view, signed, index_view, index_signed)


class _Home:
    """The parts of a log in a folder and of its index."""

    def __init__(self, folder: Path) -> None:
        self._trust = folder / "trust.policy"
        if not self._trust.is_file():
            raise StorageFailed(f"There is no log in {folder}: {self._trust} is missing.")
        self._log = folder / "log"
        self._index = folder / "index"
        self._keys = folder / "keys"
        self._verifier = self._policy().logs[0].verifier
        self.index_origin = index_origin(self._verifier.name)

    def reader(self) -> LogReader:
        """The log, as published."""
        return Log.open_reader(self._verifier.name, FileObjects(self._log), self._verifier)

    def index_reader(self) -> LogReader:
        """The index log, as published."""
        return Log.open_reader(self.index_origin, FileObjects(self._index / "log"), self._index_verifier())

    def open_map(self) -> IndexMap:
        """The map; an empty one where there is none."""
        self._index.mkdir(exist_ok=True)
        return IndexMap(self._verifier.name, self._index / "map.sqlite")

    def open_log(self) -> Log:
        """The index log to write to, started with new keys where there is none."""
        objects, lock = FileObjects(self._index / "log"), FileLock(self._index / "head")
        if lock.read() is not None:
            return Log.load(self.index_origin, objects, lock, self._signer())
        self._index.mkdir(exist_ok=True)
        for name in ("index", "index-cosigner"):
            if not (self._keys / f"{name}.key").exists():
                write_key_file(
                    self._keys / f"{name}.key", SigningKey.generate(), label=f"{self.index_origin} {name}"
                )
        signer = self._signer()
        self._name_in_trust_file(signer.log_verifier)
        return Log.create(self.index_origin, objects, lock, signer, [])

    def _signer(self) -> Signer:
        log, cosigner, receipt = (
            read_key_file(self._keys / f"{name}.key") for name in ("index", "index-cosigner", "receipt")
        )
        return Signer(
            self._index / "signer",
            NoteSigner(self.index_origin, log),
            NoteSigner(f"{self.index_origin}/cosigner", cosigner, COSIGNATURE_ED25519),
            receipt,
        )

    def _policy(self) -> Policy:
        return parse_policy(self._trust.read_bytes())

    def _index_verifier(self) -> Verifier:
        trusted = self._policy().log(self.index_origin)
        if trusted is None:
            raise StorageFailed(
                f"The trust file names no index {self.index_origin}. Start it with index follow."
            )
        return trusted.verifier

    def _name_in_trust_file(self, verifier: Verifier) -> None:
        policy = self._policy()
        if policy.log(verifier.name) is None:
            logs = (*policy.logs, TrustedLog(verifier))
            new = self._trust.with_name("trust.policy.new")
            new.write_bytes(format_policy(replace(policy, logs=logs)))
            new.replace(self._trust)

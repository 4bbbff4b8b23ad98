"""What `datawharf doctor` looks at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from ledger.errors import Conflict, LedgerError
from ledger.fsck import fsck
from ledger.policy import parse_policy
from market.compose import open_ledger, open_stamper
from market.config import ConfigError, Settings
from market.kit.clock import SystemClock
from market.kit.db import Database
from market.kit.jobs import backlog
from market.provenance.gateway import Ledger
from market.signers import INDEX_KEYS, LOG_KEYS, PLATFORM_KEY, signers

LITTLE_SPACE = 10**9
LATE_STAMP_MINUTES = 60


@dataclass(frozen=True)
class Finding:
    fine: bool
    sentence: str


def examine(settings: Settings) -> list[Finding]:
    """All findings, the good ones too."""
    return [*_keys(settings), *_signer(settings), *_database(settings), *_space(settings)]


def _keys(settings: Settings) -> Iterator[Finding]:
    paths = [settings.keys / f"{PLATFORM_KEY}.key", settings.keys / "secret"]
    if not settings.signer_sockets:
        paths = [*(settings.signer_keys / f"{key}.key" for key in LOG_KEYS), *paths]
    missing = {path for path in paths if not path.is_file()}
    of_index = {settings.signer_keys / f"{key}.key" for key in INDEX_KEYS}
    if of_index <= missing:
        paths = [path for path in paths if path not in of_index]
        yield Finding(
            False,
            f"there are no keys of an index in {settings.signer_keys}: restore them from your backup; a log that never had "
            f"an index gets one with: datawharf ledger add-index --home {settings.home}",
        )
    for path in paths:
        if not path.is_file():
            yield Finding(False, f"{path} is missing: restore it from your backup")
        elif os.name == "posix" and path.stat().st_mode & 0o077:
            yield Finding(False, f"{path} can be read by others: chmod 600 {path}")
        else:
            yield Finding(True, f"{path.name} is there and private")


def _signer(settings: Settings) -> Iterator[Finding]:
    """Whether a signer of its own answers, and signs with keys that the trust file names."""
    if not settings.signer_sockets:
        return
    try:
        known = parse_policy(settings.trust_file.read_bytes()).log_keys(settings.origin)
        signer, index_signer = signers(settings)
        keys = signer.log_verifiers
        assert index_signer is not None
        index_signer.epoch()
    except LedgerError as error:
        yield Finding(False, f"the signer: {error}")
        return
    foreign = [key for key in keys if key not in known]
    if foreign:
        yield Finding(False, f"the signer has the key {foreign[0].vkey}, which the trust file does not name")
    elif set(known) - set(keys):
        yield Finding(False, "the signer does not know all keys of the trust file: start it again")
    else:
        yield Finding(True, f"the signer answers in {settings.signer_sockets}")


def _database(settings: Settings) -> Iterator[Finding]:
    db = Database(settings.database)
    try:
        with db.reading() as session:
            jobs = backlog(session)
        yield Finding(True, f"the database answers ({db.engine.dialect.name})")
        failed = jobs.get("failed", 0)
        gave_up = "1 job gave up" if failed == 1 else f"{failed} jobs gave up"
        yield Finding(not failed, gave_up + (": see datawharf jobs list" if failed else ""))
        yield _ledger(settings, db)
        if settings.time_authorities:
            yield _stamps(settings, db)
    except Exception as error:
        yield Finding(False, f"the database does not answer: {error}")
    finally:
        db.close()


def _ledger(settings: Settings, db: Database) -> Finding:
    try:
        ledger = open_ledger(settings, db)
        _take_over(ledger)
        verifier, *others = ledger.policy.log_keys(settings.origin)
        report = fsck(ledger.objects, verifier, retired=others)
    except LedgerError as error:
        return Finding(False, f"the ledger: {error}")
    if report.problems:
        return Finding(False, f"the ledger: {report.problems[0]}")
    entries = "1 entry" if report.entries == 1 else f"{report.entries:,} entries"
    return Finding(True, f"the ledger holds: {entries}, checkpoints: {report.checkpoints:,}")


def _stamps(settings: Settings, db: Database) -> Finding:
    """Whether authorities stamp what is published. A while without them does no harm, but should be known."""
    try:
        waiting = open_stamper(settings).waiting()
        if not waiting:
            return Finding(True, "the newest checkpoint has a time stamp")
        ledger = open_ledger(settings, db, writes=False)
        since = ledger.time_of(ledger.refreshed().checkpoint_at(waiting[0]))
    except (LedgerError, ConfigError) as error:
        return Finding(False, f"time stamps: {error}")
    patience = timedelta(minutes=LATE_STAMP_MINUTES + settings.timestamp_minutes)
    fine = since is not None and SystemClock().now() - since < patience
    return Finding(fine, f"no authority has stamped the checkpoint of {waiting[0]:,} entries yet")


def _take_over(ledger: Ledger) -> None:
    """What a starting server does first: it refuses a log that is behind its own signed head, and says what to restore."""
    try:
        with ledger.writing():
            pass
    except Conflict:
        pass  # a running server has it, which looked when it started
    finally:
        ledger.close()


def _space(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.home).free
    yield Finding(free > LITTLE_SPACE, f"{free / 10**9:.1f} GB free on the disk of {settings.home}")

"""What root can make with the ledger's own keys: another log of its name, and a question to the witnesses about it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.kept import Published
from ledger.log import Log
from ledger.note import NoteSigner
from ledger.policy import parse_policy
from ledger.signer import Signer
from ledger.stores.files import FileLock, FileObjects
from ledger.witness.client import QuorumMissing, WitnessClient
from ledger.witness.http import HttpTransport
from market.cli.heist.case import Case, Unnoticed
from market.client import ClientError
from market.signers import signing_key


@dataclass(frozen=True)
class Forged:
    """A second log. files: where what the world would see of it lies."""

    log: Log
    published: Published
    files: Path


def second_log(
    case: Case, name: str, entries: Sequence[bytes], signers: tuple[NoteSigner, NoteSigner], time: int
) -> Forged:
    """A log of these entries in a fresh folder, past the guard that lets its keys sign one history only.

    signers: the log's key and that of the operator's cosignature, which states `time` (POSIX seconds).
    """
    folder = case.work / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    signer = Signer(folder / "state", *signers, signing_key(case.settings, "receipt"))
    files = folder / "log"
    log = Log.create(signers[0].verifier.name, FileObjects(files), FileLock(folder / "head"), signer, entries)
    try:
        return Forged(log, log.publish(time), files)
    finally:
        log.close()


def witnesses_refuse(case: Case, forged: Forged) -> None:
    """They have cosigned the true history, and ask for a proof that the other one continues it. There is none."""
    policy = parse_policy(case.trust.read_bytes())
    witnesses = WitnessClient(policy, FileObjects(forged.files).read, HttpTransport())
    try:
        witnesses.cosign(forged.published.note, forged.published.checkpoint)
    except QuorumMissing as missing:
        if any(asked.verdict != "refused" for asked in missing.asked):
            raise ClientError(str(missing)) from missing
        case.tell.say("The witnesses are asked to cosign it:")
        for asked in missing.asked:
            case.tell.say(
                "✗ %(name)s refuses: it has cosigned another history of as many entries.", name=asked.name
            )
    else:
        raise Unnoticed("the witnesses cosigned a second history")

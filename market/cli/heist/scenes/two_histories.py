"""Scene 3: root signs a second history with the log's own key, to show it to one person only."""

from __future__ import annotations

import shutil
from pathlib import Path

from ledger.kept import Published
from ledger.log import Log
from ledger.policy import parse_policy
from ledger.receipt import parse_bundle
from ledger.signer import Signer
from ledger.stores.memory import MemoryLock, MemoryObjects
from ledger.witness.client import QuorumMissing, WitnessClient
from ledger.witness.http import HttpTransport
from market.cli.demo.acts.auditing import verify
from market.cli.heist.case import Case, Unnoticed
from market.client import ClientError
from market.compose import ledger_objects
from market.kit.clock import SystemClock
from market.signers import note_signers, signing_key

_GENESIS = 2


def play(case: Case) -> None:
    tell = case.tell
    tell.begin("The heist, scene 3: root signs a second history with the ledger's own key")
    objects, forged, published = _second_history(case)
    tell.say(
        "In it the last of %(size)s entries is gone and an older one stands in its place. Every signature is genuine.",
        size=published.size,
    )
    _witnesses_refuse(case, objects, published)
    _auditor_notices(case, forged)


def _second_history(case: Case) -> tuple[MemoryObjects, Log, Published]:
    """A log of the same name and size, signed by the same keys, past the guard that lets them sign only once."""
    settings = case.settings
    true = Log.open_reader(settings.origin, ledger_objects(settings))
    if true.published is None or true.published.size <= _GENESIS:
        raise ClientError("the ledger has nothing yet that could be hidden")
    entries = list(true.entries(0, true.published.size))
    memory = case.work / "second-history"
    shutil.rmtree(memory, ignore_errors=True)
    memory.mkdir(mode=0o700)
    signer = Signer(memory / "state", *note_signers(settings), signing_key(settings, "receipt"))
    objects = MemoryObjects()
    forged = Log.create(settings.origin, objects, MemoryLock(), signer, [*entries[:-1], entries[_GENESIS]])
    return objects, forged, forged.publish(int(SystemClock().now().timestamp()))


def _witnesses_refuse(case: Case, objects: MemoryObjects, published: Published) -> None:
    """They have cosigned the true history, and ask for a proof that the other one continues it. There is none."""
    policy = parse_policy(case.trust.read_bytes())
    witnesses = WitnessClient(policy, objects.read, HttpTransport())
    try:
        witnesses.cosign(published.note, published.checkpoint)
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


def _auditor_notices(case: Case, forged: Log) -> None:
    true = parse_bundle(case.registration.read_bytes())
    path: Path = case.work / "second-history" / "forged.receipt.json"
    path.write_bytes(
        forged.receipt(
            true.index, supporting=tuple(each.index for each in true.supporting), openings=true.openings
        )
    )
    done = verify(path, case.root / case.evidence.data, case.trust, case.tell.lang)
    failed = [line for line in done.stdout.split("\n") if line.startswith("✗")]
    if done.returncode == 0 or not failed:
        raise Unnoticed(f"the auditor's check passed the second history: {done.stdout}{done.stderr}")
    case.tell.say(
        "The auditor is shown a receipt of that history, with proof and the ledger's signature. The check says:"
    )
    case.tell.show("\n".join(failed))

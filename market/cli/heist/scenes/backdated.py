"""Scene 4: the registration shall look a year older, by an earlier time on it, then by an earlier place in the log."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ledger.hashing import leaf_hash
from ledger.log import Log
from ledger.note import format_note, parse_note
from ledger.policy import parse_policy
from ledger.receipt import Bundle, format_bundle, parse_bundle
from market.cli.demo.acts.auditing import run_tool, verify
from market.cli.heist.case import Case, Unnoticed, failed_lines
from market.cli.heist.forging import Forged, second_log, witnesses_refuse
from market.client import ClientError
from market.compose import ledger_objects
from market.kit.clock import SystemClock
from market.provenance.gateway import GENESIS_ENTRIES
from market.signers import note_signers

_YEAR = 365 * 24 * 3600
_TWO_HISTORIES = 11
_TIME = re.compile(r"\d{4}-\d\d-\d\d")


def play(case: Case) -> None:
    tell = case.tell
    tell.begin("The heist, scene 4: the registration shall look a year older than it is")
    _only_the_time(case)
    monitor = _monitor(case, case.settings.public_url + "/ledger")
    if monitor.returncode != 0:
        raise ClientError(f"the monitor does not accept the true ledger: {monitor.stdout}{monitor.stderr}")
    forged, index = _moved_to_the_front(case)
    witnesses_refuse(case, forged)
    _auditor_notices(case, forged, index)
    _monitor_notices(case, forged)


def _year_ago() -> int:
    return int(SystemClock().now().timestamp()) - _YEAR


def _day(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).date().isoformat()


def _only_the_time(case: Case) -> None:
    """The operator's own cosignature says when a state was seen. It can be made anew; those of the witnesses cannot."""
    true = parse_bundle(case.registration.read_bytes())
    path = case.work / "earlier-time.receipt.json"
    path.write_bytes(format_bundle(_with_earlier_time(case, true)))
    done = verify(path, case.root / case.evidence.data, case.trust, case.tell.lang)
    witnesses = [witness.name for witness in parse_policy(case.trust.read_bytes()).witnesses]
    timed = [
        line
        for line in done.stdout.split("\n")
        if _TIME.search(line) and any(name in line for name in witnesses)
    ]
    if done.returncode != 0 or not timed or _day(_year_ago()) in done.stdout:
        raise Unnoticed(f"the auditor's check believed the earlier time: {done.stdout}{done.stderr}")
    case.tell.say(
        "The operator signs the ledger's state again with a time a year ago. The check goes by the independent witnesses, "
        "whose times the operator cannot sign:"
    )
    case.tell.show(timed[0])


def _with_earlier_time(case: Case, true: Bundle) -> Bundle:
    note = parse_note(true.checkpoint)
    cosigner = note_signers(case.settings)[1]
    earlier = cosigner.cosign(note.text, _year_ago())
    lines = tuple(earlier if line.name == earlier.name else line for line in note.signatures)
    return replace(true, checkpoint=format_note(replace(note, signatures=lines)))


def _moved_to_the_front(case: Case) -> tuple[Forged, int]:
    """All entries of the log in another order, signed again, with a time a year ago; and the registration's new index."""
    settings = case.settings
    true = Log.open_reader(settings.origin, ledger_objects(settings))
    if true.published is None:
        raise ClientError("the ledger has nothing yet that could be moved")
    receipt = parse_bundle(case.registration.read_bytes())
    moved = sorted({each.index for each in receipt.supporting if each.index >= GENESIS_ENTRIES})
    entries = _reordered(list(true.entries(0, true.published.size)), [*moved, receipt.index])
    forged = second_log(case, "backdated", entries, note_signers(settings), _year_ago())
    index = GENESIS_ENTRIES + len(moved)
    case.tell.say(
        "Then the ledger is rewritten: entry %(from)s becomes entry %(to)s, behind its signer's key, all others move up, "
        "and every state is signed again with a time a year ago. Every signature is genuine.",
        **{"from": receipt.index, "to": index},
    )
    return forged, index


def _reordered(entries: Sequence[bytes], first: Sequence[int]) -> list[bytes]:
    rest = [entry for index, entry in enumerate(entries) if index >= GENESIS_ENTRIES and index not in first]
    return [*entries[:GENESIS_ENTRIES], *(entries[index] for index in first), *rest]


def _auditor_notices(case: Case, forged: Forged, index: int) -> None:
    """The receipt out of the new history has proofs and signatures, but no witness; and its signer's clock contradicts."""
    true = parse_bundle(case.registration.read_bytes())
    places = {leaf_hash(forged.log.entry(number)): number for number in range(index)}
    supporting = tuple(places[leaf_hash(each.entry)] for each in true.supporting)
    path = case.work / "backdated" / "forged.receipt.json"
    path.write_bytes(forged.log.receipt(index, supporting=supporting, openings=true.openings))
    done = verify(path, case.root / case.evidence.data, case.trust, case.tell.lang)
    failed = failed_lines(done, "the backdated registration")
    doubted = [line for line in done.stdout.split("\n") if line.startswith("!")]
    if not doubted:
        raise Unnoticed(f"nothing was said of the time: {done.stdout}")
    case.tell.say(
        "The auditor is shown the registration's receipt out of it. The provider's own time inside the statement cannot be "
        "changed without the provider's key. The check says:"
    )
    case.tell.show("\n".join([*failed, *doubted]))


def _monitor_notices(case: Case, forged: Forged) -> None:
    done = _monitor(case, str(forged.files))
    if done.returncode != _TWO_HISTORIES:
        raise Unnoticed(f"the monitor took the rewritten ledger: {done.stdout}{done.stderr}")
    case.tell.say(
        "Somebody's monitor has followed the true ledger. It is shown the rewritten one and keeps both signed states, "
        "which prove the fraud to anybody:"
    )
    case.tell.show(done.stdout)


def _monitor(case: Case, place: str) -> subprocess.CompletedProcess[str]:
    """One look of `datawharf monitor`, which remembers between looks."""
    state: Path = case.work / "monitor.json"
    tool = [sys.executable, "-m", "market.client", "--lang", case.tell.lang, "monitor", place]
    asked = ["--state", str(state), "--trust", str(case.trust), "--origin", case.settings.origin]
    return run_tool([*tool, *asked, "--max-age", "0", "--once"])

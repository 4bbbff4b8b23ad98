"""Scene 3: root signs a second history with the log's own key, to show it to one person only."""

from __future__ import annotations

from ledger.log import Log
from ledger.receipt import parse_bundle
from market.cli.demo.acts.auditing import verify
from market.cli.heist.case import Case, failed_lines
from market.cli.heist.forging import Forged, second_log, witnesses_refuse
from market.client import ClientError
from market.compose import ledger_objects
from market.kit.clock import SystemClock
from market.signers import note_signers

_GENESIS = 2


def play(case: Case) -> None:
    tell = case.tell
    tell.begin("The heist, scene 3: root signs a second history with the ledger's own key")
    forged = _second_history(case)
    tell.say(
        "In it the last of %(size)s entries is gone and an older one stands in its place. Every signature is genuine.",
        size=forged.published.size,
    )
    witnesses_refuse(case, forged)
    _auditor_notices(case, forged)


def _second_history(case: Case) -> Forged:
    """A log of the same name and size, signed by the same keys."""
    settings = case.settings
    true = Log.open_reader(settings.origin, ledger_objects(settings))
    if true.published is None or true.published.size <= _GENESIS:
        raise ClientError("the ledger has nothing yet that could be hidden")
    entries = list(true.entries(0, true.published.size))
    now = int(SystemClock().now().timestamp())
    return second_log(case, "second-history", [*entries[:-1], entries[_GENESIS]], note_signers(settings), now)


def _auditor_notices(case: Case, forged: Forged) -> None:
    true = parse_bundle(case.registration.read_bytes())
    path = case.work / "second-history" / "forged.receipt.json"
    path.write_bytes(
        forged.log.receipt(
            true.index, supporting=tuple(each.index for each in true.supporting), openings=true.openings
        )
    )
    done = verify(path, case.root / case.evidence.data, case.trust, case.tell.lang)
    failed = failed_lines(done, "the second history")
    case.tell.say(
        "The auditor is shown a receipt of that history, with proof and the ledger's signature. The check says:"
    )
    case.tell.show("\n".join(failed))

"""Scene 5: a registrar sent an asset back; its history is shown without that, first badly, then with a false index."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess

from ledger.checkpoint import parse_checkpoint
from ledger.index.history import History, format_history, parse_history
from ledger.index.keys import key_hash, keys_of
from ledger.index.state import IndexState, format_state, index_origin
from ledger.index.trie import Leaf, commit_indices, root_of_leaves, search
from ledger.log import Log
from ledger.note import parse_note
from ledger.statement import parse_statement
from ledger.stores.files import FileObjects
from market.cli.demo.acts.auditing import offline, run_tool
from market.cli.heist.case import Case, Unnoticed, failed_lines
from market.cli.heist.forging import Forged, second_log, witnesses_refuse
from market.client import ClientError, Datawharf
from market.compose import ledger_objects
from market.kit.clock import SystemClock
from market.signers import index_note_signers
from market.statements import KINDS

_AGAINST = frozenset({"returned", "refused"})


@dataclass(frozen=True)
class Refusal:
    """A registrar's decision against a registration. key: under which the index lists it. history: as truly served."""

    entry: int
    key: str
    history: bytes


def play(case: Case) -> None:
    tell = case.tell
    tell.begin("The heist, scene 5: an asset's history shall not show that a registrar sent it back")
    with Datawharf(case.settings.public_url, lang=tell.lang) as visitor:
        refusal = _find(visitor)
    _must_pass(case, refusal)
    _left_out(case, refusal)
    forged = _false_index(case, refusal)
    witnesses_refuse(case, forged)
    _made_again(case, forged)


def _find(visitor: Datawharf) -> Refusal:
    """The first decision against a registration that the ledger has."""
    kind = f"kind:{KINDS['decision'].predicate_type}"
    decisions = parse_history(visitor.history(kind)).entries or ()
    for located in decisions:
        predicate = parse_statement(located.entry).predicate
        if predicate["decision"] in _AGAINST:
            key = f"leaf:{predicate['registration']}"
            return Refusal(located.index, key, visitor.history(key))
    raise ClientError("no registrar sent anything back in this play")


def _must_pass(case: Case, refusal: Refusal) -> None:
    done = _check(case, "genuine", refusal, refusal.history)
    shown = parse_history(refusal.history).indices
    if done.returncode != 0 or refusal.entry not in shown:
        raise ClientError(f"the true history does not pass: {done.stdout}{done.stderr}")
    case.tell.say(
        "Entry %(entry)s says it. Anybody may ask the ledger's index for all that was recorded about that registration: "
        "%(count)s entries, with a proof that none is left out.",
        entry=refusal.entry,
        count=len(shown),
    )


def _left_out(case: Case, refusal: Refusal) -> None:
    """The answer without the one entry, everything else as it was."""
    forged = _without(parse_history(refusal.history), refusal.entry)
    done = _check(case, "left-out", refusal, format_history(forged))
    case.tell.say("The operator's server leaves that entry out of its answer. The auditor's check says:")
    case.tell.show("\n".join(failed_lines(done, "a history with an entry left out")))


def _without(history: History, entry: int) -> History:
    shown = (
        None if history.entries is None else tuple(each for each in history.entries if each.index != entry)
    )
    return replace(
        history, indices=tuple(index for index in history.indices if index != entry), entries=shown
    )


def _false_index(case: Case, refusal: Refusal) -> Forged:
    """An index that never had the entry, signed with its own key; and the history out of it, which fits."""
    settings, true = case.settings, parse_history(refusal.history)
    log = Log.open_reader(settings.origin, ledger_objects(settings))
    checkpoint = parse_checkpoint(parse_note(true.checkpoint).text)
    leaves = _leaves(list(log.entries(0, checkpoint.size)), refusal)
    state = format_state(IndexState(checkpoint, root_of_leaves(leaves)))
    index = Log.open_reader(index_origin(settings.origin), FileObjects(settings.home / "index" / "log"))
    states = [*index.entries(0, true.state_index), state]
    now = int(SystemClock().now().timestamp())
    forged = second_log(case, "false-index", states, index_note_signers(settings), now)
    shown = replace(
        _without(true, refusal.entry),
        index_checkpoint=forged.published.note,
        state=state,
        state_path=tuple(forged.log.prove(true.state_index, forged.published)[1]),
        map_path=tuple(search(leaves, key_hash(refusal.key))[1]),
    )
    done = _check(case, "false-index", refusal, format_history(shown))
    case.tell.say(
        "The operator makes an index that never had the entry and signs it with the index's own key. Its proof fits, and "
        "yet the check says:"
    )
    case.tell.show("\n".join(failed_lines(done, "a history out of a false index")))
    return forged


def _leaves(entries: Sequence[bytes], refusal: Refusal) -> list[Leaf]:
    """What the map would be of, if the refusal did not name the registration."""
    lists: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        for key in keys_of(entry):
            if (index, key) != (refusal.entry, refusal.key):
                lists.setdefault(key, []).append(index)
    return sorted(Leaf(key_hash(key), commit_indices(indices)) for key, indices in lists.items())


def _made_again(case: Case, forged: Forged) -> None:
    """Anybody can make the index again out of the ledger's own entries."""
    tool = [sys.executable, "-m", "market.client", "--lang", case.tell.lang, "index", "rebuild"]
    place = f"{case.settings.public_url}/ledger"
    done = run_tool([*tool, place, "--index", str(forged.files), "--trust", str(case.trust), "--quiet"])
    if done.returncode != 1 or not done.stdout:
        raise Unnoticed(f"making the index again showed nothing: {done.stdout}{done.stderr}")
    case.tell.say(
        "Whoever makes the index again out of the ledger needs no witness to see it: datawharf index rebuild says:"
    )
    case.tell.show(done.stdout)


def _check(case: Case, name: str, refusal: Refusal, history: bytes) -> CompletedProcess[str]:
    path: Path = case.work / f"{name}.history.json"
    path.write_bytes(history)
    arguments = ("index", "verify", str(path), "--trust", str(case.trust), "--key", refusal.key)
    return offline(case.tell.lang, *arguments)

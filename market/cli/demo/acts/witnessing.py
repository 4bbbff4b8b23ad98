"""Two witnesses, programs of their own with keys of their own: they cosign that the ledger only grows."""

from __future__ import annotations

from pathlib import Path

from ledger.policy import parse_policy
from market.cli.demo.play import Play
from market.cli.demo.processes import Processes, answers, datawharf, free_port, run, until_answering

NAMES = ("witness-nanning", "witness-vientiane")


def start_witnesses(play: Play) -> tuple[str, ...]:
    """Make and start them. Returns the line of each for a trust file."""
    lines = []
    with play.tell.working("starting two witnesses"):
        for name in NAMES:
            folder = play.folders.of(name)
            run(datawharf("witness", "init", str(folder), "--name", f"{name}.example"))
            address = f"http://127.0.0.1:{free_port()}"
            _serve(play.processes, name, folder, address)
            vkey = (folder / "witness.vkeys").read_text("utf-8").split()[0]
            lines.append(f"{name} {vkey} {address}")
    return tuple(lines)


def wake_witnesses(root: Path, trust: bytes, processes: Processes) -> None:
    """Start those of a play's witnesses that do not run any more, each at its address in the trust file."""
    for witness in parse_policy(trust).witnesses:
        folder, address = root / witness.name, str(witness.url)
        if folder.is_dir() and not answers(f"{address}/healthz"):
            _serve(processes, witness.name, folder, address)


def _serve(processes: Processes, name: str, folder: Path, address: str) -> None:
    command = datawharf("witness", "serve", str(folder), "--port", address.rpartition(":")[2])
    until_answering(processes.start(name, command), f"{address}/healthz")


def introduce_log(play: Play, trust_file: Path, index: str) -> None:
    """Each witness is told which log it watches, and its index by the key."""
    for name in NAMES:
        run(datawharf("witness", "add-log", str(play.folders.of(name)), "--trust", str(trust_file), index))
    play.tell.say(
        "Two witnesses with keys of their own cosign each state of the ledger; nothing is published without both: "
        "%(names)s.",
        names=", ".join(NAMES),
    )

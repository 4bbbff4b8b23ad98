"""`datawharf heist`: commit the frauds on a demonstration's market, see them noticed, and put everything back."""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from market.cli.demo.acts.witnessing import wake_witnesses
from market.cli.demo.command import DATA, stopping_cleanly
from market.cli.demo.play import Folders, Play
from market.cli.demo.processes import Processes, answers, datawharf, until_answering
from market.cli.demo.telling import Teller
from market.client.words import language_of_environment
from market.client.words import tell as in_words

SHORT = "palmer-penguins"


@click.command()
@click.option(
    "--home",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Folder of a demonstration, running or kept; default: a short one is played first and removed at the end.",
)
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), help="Language of the telling; default: the shell's."
)
def heist(home: Path | None, lang: str | None) -> None:
    """With root and every key of the ledger: swap a byte, rewrite terms, sign a second history, backdate a registration,
    leave a refusal out of a history. See who notices, and what nobody can."""
    tell = Teller("zh" if (lang or language_of_environment()) == "zh" else "en")
    root = (home or DATA / f"heist-{secrets.token_hex(4)}").absolute()
    fine = False
    try:
        with stopping_cleanly(), Processes(root / "logs") as processes:
            fine = _run(tell, root, processes, own=home is None)
    except KeyboardInterrupt:
        tell.say("Stopped. Everything that was started is stopped too.")
    finally:
        if home is None and fine:
            shutil.rmtree(root, ignore_errors=True)
    sys.exit(0 if fine else 1)


def _run(tell: Teller, root: Path, processes: Processes, *, own: bool) -> bool:
    """Whether every fraud was noticed."""
    from market.cli.demo import stages
    from market.cli.heist.case import NoEvidence
    from market.cli.heist.ending import tell_limits

    try:
        if own:
            _play_short(tell, root, processes)
        else:
            _play_on(tell, root, processes)
    except (*stages.TELLABLE, NoEvidence, stages.Failed) as failure:
        step, why = (
            (failure.step, failure.why) if isinstance(failure, stages.Failed) else (tell.step, failure)
        )
        if step:
            tell.warn("This step failed: %(step)s", step=step)
        tell.warn("%(why)s", why=in_words(tell.lang, why) or type(why).__name__)
        return False
    if not own:
        tell_limits(tell)
    return True


def _play_on(tell: Teller, root: Path, processes: Processes) -> None:
    """The scenes on a market that is there. One that does not run is started for as long as they take."""
    from market.cli.heist.case import open_case
    from market.cli.heist.scenes import SCENES

    case = open_case(tell, root)
    with _running(tell, case.settings.home, case.settings.public_url, processes):
        for scene in SCENES:
            scene(case)


@contextmanager
def _running(tell: Teller, home: Path, address: str, processes: Processes) -> Iterator[None]:
    head = f"{address}/api/v1/ledger/head"
    with tell.working("starting the witnesses"):
        wake_witnesses(home.parent, (home / "trust.policy").read_bytes(), processes)
    if not answers(head):
        started = processes.start(
            "server", datawharf("serve", "--home", str(home), "--port", address.rsplit(":", 1)[1])
        )
        with tell.working("starting the server"):
            until_answering(started, head)
    yield


def _play_short(tell: Teller, root: Path, processes: Processes) -> None:
    """One small asset from registration to delivery, then the scenes."""
    from market.cli.demo import stages

    data = DATA.absolute()
    folders = Folders(root, data / "packages", root / "assets")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    stages.perform(Play(tell, folders, processes, port=8000), stages.short(SHORT))

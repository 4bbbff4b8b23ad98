"""`datawharf demo`: the main job, played for real on this machine, and then left running to look at."""

from __future__ import annotations

import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from market.cli.demo.play import Folders, Play
from market.cli.demo.processes import Processes
from market.cli.demo.telling import Teller
from market.client.words import language_of_environment
from market.client.words import tell as in_words
from market.kit.i18n import Lang

DATA = Path(".demo-data")


@click.command()
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="The next free one is taken if it is in use; 0 takes any.",
)
@click.option("--exit", "leave", is_flag=True, help="Stop at the end: status 0, or 1 where a step failed.")
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of everything that the play makes; default: a fresh one below .demo-data, removed at the end.",
)
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), help="Language of the telling; default: the shell's."
)
@click.option("--keep", is_flag=True, help="Keep the folder when the play is over.")
def demo(port: int, leave: bool, home: Path | None, lang: str | None, keep: bool) -> None:
    """Play the main job on real data: register, list, license, deliver, verify; then leave the market running."""
    root = home or DATA / f"home-{secrets.token_hex(4)}"
    tell = Teller(_language(lang))
    failed = False
    try:
        with stopping_cleanly():
            failed = not _play(tell, root.absolute(), port, leave)
    except KeyboardInterrupt:
        tell.clear()
        tell.say("Stopped. Everything that was started is stopped too.")
        failed = leave
    finally:
        if failed or keep or home is not None:
            tell.say("Everything is kept in %(path)s.", path=root)
        else:
            shutil.rmtree(root, ignore_errors=True)
    sys.exit(1 if failed else 0)


def _play(tell: Teller, root: Path, port: int, leave: bool) -> bool:
    """Whether all went as it must."""
    from market.cli.demo import stages
    from market.cli.heist.scenes import play_scenes

    data = DATA.absolute()
    folders = Folders(root, data / "packages", data / "assets")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Processes(folders.logs) as processes:
        play = Play(tell, folders, processes, port=port)
        try:
            stages.perform(play, (*stages.WHOLE, play_scenes, *stages.LAST))
        except stages.Failed as failure:
            tell.warn("This step failed: %(step)s", step=failure.step)
            tell.warn("%(why)s", why=in_words(tell.lang, failure.why) or type(failure.why).__name__)
            tell.say("The programs' own words are in %(path)s.", path=folders.logs)
            return False
        tell.say("The play took %(seconds)s seconds.", seconds=f"{tell.seconds:.0f}")
        if leave:
            tell.say("The market stops now, and its links with it. Leave --exit (EXIT=1) out to look around.")
        else:
            tell.say("The market stays open at %(address)s. Stop it with Ctrl-C.", address=play.server)
            threading.Event().wait()
    return True


def _language(asked: str | None) -> Lang:
    if asked is None:
        return language_of_environment()
    return "zh" if asked == "zh" else "en"


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """SIGTERM ends the play as Ctrl-C does, also where a shell ignores Ctrl-C, so that what it started is stopped."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""The command `monitor`, of `python -m ledger` and of `datawharf`."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import click

from ledger.check_words import Language
from ledger.errors import LedgerError, Malformed
from ledger.monitor.mail import parse_mail_server, send_mail
from ledger.monitor.monitor import MAX_AGE, Event, Monitor
from ledger.monitor.state import StateFile
from ledger.policy import Policy, TrustedLog, parse_policy
from ledger.stores.address import opened_files

EVERY = 60
PASSWORD = "LEDGER_SMTP_PASSWORD"  # noqa: S105 - a variable's name

HELP = """Follow the log at PLACE (an address or a folder) from the head remembered in the state file.

Each look checks that the new head is signed and continues the old one, that every new entry is in it and obeys the
log's rules, and how old it is. Two heads that contradict each other are kept beside the state file.

Exit status, the gravest of: 0 all is well; 3 a watched name was mentioned; 5 the log cannot be read; 6 its head is too
old; 7 an entry breaks the rules; 8 its head is not signed as the trust file demands; 9 its files are not those that
were signed; 10 it went back; 11 it signed two histories. 1 and 2 are this command's own failures.
"""


_FILE = click.Path(dir_okay=False, path_type=Path)
_OPTIONS = (
    click.Option(["--state"], type=_FILE, required=True, help="File to remember in."),
    click.Option(["--origin"], help="Which of the trust file's logs it is, if it has several."),
    click.Option(
        ["--watch"],
        multiple=True,
        help="Tell every entry that names this organisation, subject, key or digest.",
    ),
    click.Option(
        ["--max-age"],
        type=click.IntRange(min=0),
        default=MAX_AGE,
        show_default=True,
        help="Seconds after which a head is too old; 0: never.",
    ),
    click.Option(["--once"], is_flag=True, help="Look once and end; else go on until stopped."),
    click.Option(
        ["--every"],
        type=click.IntRange(min=1),
        default=EVERY,
        show_default=True,
        help="Seconds between looks.",
    ),
    click.Option(["--webhook"], help="Address to POST each event to, as JSON."),
    click.Option(
        ["--mail"], multiple=True, help="Address to mail what is not well, or names you, after each look."
    ),
    click.Option(["--mail-from"], help="Sender of the mail; default: the first address that gets it."),
    click.Option(
        ["--smtp"],
        default="smtp://localhost",
        show_default=True,
        help=f"Mail server, as smtps://user@host:port; its password is read from {PASSWORD}.",
    ),
    click.Option(["--json", "as_json"], is_flag=True, help="Print each event as a line of JSON."),
    click.Option(["--language"], type=click.Choice(["en", "zh"]), help="Language of the sentences."),
)


def monitor_command(default_trust: Callable[[click.Context], Path] | None = None) -> click.Command:
    """The command; `default_trust` says where the trust file is if none is named."""

    def run(place: str, state: Path, trust: Path | None, **chosen: Any) -> None:
        context = click.get_current_context()
        if trust is None:
            assert default_trust is not None
            trust = default_trust(context)
        policy = parse_policy(trust.read_bytes())
        language: Language = (
            "zh" if (chosen["language"] or getattr(context.obj, "lang", "en")) == "zh" else "en"
        )
        log, remembered = _log_of(policy, chosen["origin"]), StateFile(state)
        alarms = _alarms(log.verifier.name, language, chosen)
        reporter = Reporter(language, chosen["as_json"], alarms)
        with opened_files(place) as files:
            follower = Monitor(
                files, policy, log, remembered, watch=chosen["watch"], max_age=chosen["max_age"]
            )
            context.exit(_look(follower, reporter, None if chosen["once"] else chosen["every"]))

    trusted = click.Option(
        ["--trust"],
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        required=default_trust is None,
        help="Trust file (C2SP tlog-policy), from elsewhere than PLACE.",
    )
    params = [click.Argument(["place"]), trusted, *_OPTIONS]
    return click.Command("monitor", help=HELP, callback=run, params=params)


class Alarm(Protocol):
    """A way to tell somebody else; raises `LedgerError` if that fails."""

    def __call__(self, events: Sequence[Event]) -> None:
        """Tell the events of one look that say more than "all is well"."""


class Reporter:
    """Prints events and passes them on; what was told at the last look is not told again at the next."""

    def __init__(self, language: Language, as_json: bool, alarms: Sequence[Alarm]) -> None:
        self._language, self._as_json, self._alarms = language, as_json, alarms
        self._last: list[Event] = []
        self._now: list[Event] = []

    @contextmanager
    def looking(self) -> Iterator[None]:
        """One look: when it is over, whatever was new and not well in it is told to those who want to know."""
        self._last, self._now = self._now, []
        yield
        if told := [event for event in self._now if event.exit_code and event not in self._last]:
            for alarm in self._alarms:
                try:
                    alarm(told)
                except LedgerError as error:
                    click.echo(str(error), err=True)

    def __call__(self, event: Event) -> None:
        self._now.append(event)
        if event not in self._last:
            document = event.document | {"time": int(time.time())}
            click.echo(
                json.dumps(document, ensure_ascii=False) if self._as_json else event.sentence(self._language)
            )


def _alarms(origin: str, language: Language, chosen: Mapping[str, Any]) -> list[Alarm]:
    alarms: list[Alarm] = []
    if chosen["webhook"]:
        # Here, so that whoever needs no webhook needs no HTTP client.
        from ledger.monitor.webhook import post_json

        def post(events: Sequence[Event]) -> None:
            for event in events:
                post_json(chosen["webhook"], event.document | {"time": int(time.time())})

        alarms.append(post)
    if chosen["mail"]:
        server = parse_mail_server(chosen["smtp"], os.environ.get(PASSWORD))
        sender = chosen["mail_from"] or chosen["mail"][0]

        def mail(events: Sequence[Event]) -> None:
            subject = f"{origin}: {', '.join(dict.fromkeys(event.kind for event in events))}"
            send_mail(server, sender, chosen["mail"], subject, [event.sentence(language) for event in events])

        alarms.append(mail)
    return alarms


def _look(follower: Monitor, reporter: Reporter, every: int | None) -> int:
    worst = 0
    try:
        while True:
            with reporter.looking():
                worst = max(worst, follower.step(int(time.time()), reporter))
            if every is None:
                return worst
            time.sleep(every)
    except KeyboardInterrupt:
        return worst


def _log_of(policy: Policy, origin: str | None) -> TrustedLog:
    if origin is None and len({log.verifier.name for log in policy.logs}) == 1:
        return policy.logs[0]
    found = None if origin is None else policy.log(origin)
    if found is None:
        names = ", ".join(log.verifier.name for log in policy.logs)
        raise Malformed(f"Name one of the trust file's logs with --origin: {names}.")
    return found

"""The operator's commands: init, serve, worker, doctor, jobs, signin-link."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, ParamSpec
from urllib.parse import urlsplit
from uuid import UUID

import click

from ledger.errors import LedgerError
from market.client.cli.passwords import PASSWORD
from market.config import CONFIG_NAME, ConfigError, Settings, default_home, load_settings, on_this_machine

Params = ParamSpec("Params")
HOME = click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of this installation (DATAWHARF_HOME).",
)


def reporting(command: Callable[Params, None]) -> Callable[Params, None]:
    """Known failures end the command with one clear sentence and status 1."""

    @wraps(command)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (ConfigError, LedgerError) as error:
            click.echo(f"datawharf: {error}", err=True)
            sys.exit(1)

    return run


def _settings(home: Path | None) -> Settings:
    return load_settings(home or default_home())


def _given(value: str) -> str:
    """A value of the command line, or the first line of the file that it names with @."""
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except OSError as error:
        raise ConfigError(f"{value[1:]} cannot be read: {error.strerror}.") from error


def _address(given: str) -> str:
    """The database's address, out of a file if it holds a password."""
    try:
        open_to_all = not given.startswith("@") and bool(urlsplit(given).password)
    except ValueError:
        open_to_all = False
    if open_to_all:
        raise ConfigError(
            "--database holds a password, which everybody on this machine could read in the list of processes. "
            "Put the address into a file and name that: --database @file"
        )
    return _given(given)


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ConfigError(
            f"--s3 {text!r} is not NAME=VALUE. For example: --s3 endpoint=http://127.0.0.1:8333"
        )
    if not value.startswith("@") and any(word in name for word in ("secret", "token", "password")):
        raise ConfigError(
            f"--s3 {name}=… holds a secret, which everybody on this machine could read in the list of processes. "
            f"Put it into a file and name that: --s3 {name}=@file"
        )
    return name, _given(value)


@click.command()
@HOME
@click.option(
    "--public-url", default="http://127.0.0.1:8000", show_default=True, help="How the outside reaches it."
)
@click.option(
    "--origin", default="", help="The log's name; it never changes. Default: datawharf.local/<8 hex digits>."
)
@click.option("--database", default="", help="SQLAlchemy URL. Default: SQLite in the home folder.")
@click.option("--blobs", default="", help="Folder or s3://bucket/prefix of the files. Default: in the home.")
@click.option(
    "--ledger-objects", default="", help="Folder or s3://bucket/prefix of the log. Default: in the home."
)
@click.option(
    "--s3", "s3", multiple=True, metavar="NAME=VALUE", help="An option of the S3 store; may be repeated."
)
@click.option(
    "--proxy", "proxies", multiple=True, help="Address or network of a proxy in front; may be repeated."
)
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="'NAME VKEY URL'",
    help="Ask this witness to cosign, and name it in the trust file; may be repeated. VKEY is in its witness.vkeys.",
)
@click.option(
    "--quorum",
    default=0,
    type=click.IntRange(0),
    help="How many witnesses must cosign before anything is published. Default: more than half.",
)
@click.option(
    "--signer-home",
    default="",
    help="Folder for the keys of the log, apart from the home. Default: in the home.",
)
@click.option(
    "--signer-sockets",
    default="",
    help="Folder of the sockets at which datawharf signer serve has these keys. Default: the worker reads them.",
)
@click.option("--operator-email", default="operator@datawharf.local", show_default=True)
@click.option(
    "--operator-password",
    default="",
    type=PASSWORD,
    envvar="DATAWHARF_OPERATOR_PASSWORD",
    help="@file, or - for standard input. Default: a random one, printed once.",
)
@click.option("--if-missing", is_flag=True, help="Do nothing where there is a home already.")
@reporting
def init(home: Path | None, if_missing: bool, s3: tuple[str, ...], **told: Any) -> None:
    """Make keys, database, ledger, first operator and trust file in a new home folder.

    A value of --database or --s3 that starts with @ names a file that holds it; one that holds a password has to be given
    so, since everybody on the machine can read the list of processes.
    """
    from market.cli.setup import NewHome, initialise
    from market.signers import index_vkey

    home = home or default_home()
    if if_missing and (home / CONFIG_NAME).is_file():
        click.echo(f"{home} is a Datawharf home already; nothing was changed.")
        return
    told["database"] = _address(told["database"])
    made = initialise(NewHome(home, s3_options=dict(_option(one) for one in s3), **told))
    settings = made.settings
    click.echo(f"Home       {settings.home}")
    click.echo(f"Log        {settings.origin}")
    click.echo(f"Trust file {settings.trust_file} (fingerprint {made.fingerprint})")
    shown = "as given" if told["operator_password"] else made.operator_password
    click.echo(f"Operator   {made.operator_email}, password {shown}")
    if told["witnesses"]:
        click.echo(
            "Let each witness know the log and its index; nothing is published before:\n  datawharf witness add-log "
            f"FOLDER --trust {settings.trust_file} '{index_vkey(settings)}'"
        )
    click.echo("Keep a copy of the keys folder in a safe place: without it the log cannot go on.")
    if settings.signer_sockets:
        click.echo(f"First, beside the worker: datawharf signer serve --home {settings.home}")
    click.echo(f"Next: datawharf serve --home {settings.home}; found a data zone with datawharf zone add.")


@click.command()
@HOME
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="The next free one is taken if it is in use; 0 takes any.",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--worker/--no-worker", default=None, help="Run jobs in this process. Default: as the settings say."
)
@reporting
def serve(home: Path | None, port: int, host: str, worker: bool | None) -> None:
    """Serve the marketplace."""
    from market.cli import server
    from market.migrations import migrate

    settings = _settings(home)
    if worker is not None:
        settings = dataclasses.replace(settings, embedded_worker=worker)
    migrate(settings.database)
    listener = server.listen(port, host)
    port = listener.getsockname()[1]
    click.echo(f"Datawharf on http://{host}:{port}/ (stop with Ctrl-C)")
    if on_this_machine(settings.public_url) and urlsplit(settings.public_url).port != port:
        click.echo(
            f"Links that it gives out begin with {settings.public_url}; "
            f"public_url in {settings.home / CONFIG_NAME} says so."
        )
    server.serve(settings, listener)


@click.command()
@HOME
@reporting
def worker(home: Path | None) -> None:
    """Run jobs in a process of its own."""
    from market.cli import server

    settings = dataclasses.replace(_settings(home), embedded_worker=True)
    server.work(settings, lambda: click.echo(f"Working on the jobs of {settings.origin} (stop with Ctrl-C)"))


@click.command()
@HOME
@reporting
def doctor(home: Path | None) -> None:
    """Check keys, database, ledger and jobs; status 1 if something is wrong."""
    from market.cli.examine import examine

    findings = examine(_settings(home))
    for finding in findings:
        click.echo(f"{'ok ' if finding.fine else 'BAD'}  {finding.sentence}")
    sys.exit(0 if all(finding.fine for finding in findings) else 1)


@click.group()
def jobs() -> None:
    """See what waits and what gave up; try it again."""


@jobs.command("list")
@HOME
@click.option(
    "--state", default="failed", show_default=True, type=click.Choice(["queued", "running", "failed", "done"])
)
@reporting
def list_jobs(home: Path | None, state: str) -> None:
    """Jobs in a state, newest last."""
    from market.kit.db import Database
    from market.kit.jobs import jobs_in

    db = Database(_settings(home).database)
    with db.reading() as session:
        for job in jobs_in(session, state):
            click.echo(f"{job.id}  {job.topic}  attempts {job.attempts}  {job.last_error}")


@jobs.command("late")
@HOME
@click.option("--minutes", default=5, show_default=True, help="How long a job that is due may wait.")
@reporting
def late_jobs(home: Path | None, minutes: int) -> None:
    """Status 1 if a job that is due waits too long: then no worker runs, or none keeps up."""
    from market.kit.clock import SystemClock
    from market.kit.db import Database
    from market.kit.jobs import due_since

    now = SystemClock().now()
    with Database(_settings(home).database).reading() as session:
        since = due_since(session, now=now)
    waited = 0 if since is None else int((now - since).total_seconds())
    click.echo("No job waits." if since is None else f"The oldest job that is due waits for {waited} s.")
    sys.exit(0 if waited <= minutes * 60 else 1)


@jobs.command("retry")
@HOME
@click.argument("job", type=click.UUID)
@reporting
def retry_job(home: Path | None, job: UUID) -> None:
    """Put a failed job back in the queue."""
    from market.kit.clock import SystemClock
    from market.kit.db import Database
    from market.kit.jobs import retry

    db = Database(_settings(home).database)
    with db.writing() as session:
        done = retry(session, job, now=SystemClock().now())
    click.echo("It is queued again." if done else "There is no failed job with this id.")
    sys.exit(0 if done else 1)


@click.command("signin-link")
@HOME
@click.argument("email")
@click.option("--hours", default=1, show_default=True)
@reporting
def signin_link(home: Path | None, email: str, hours: int) -> None:
    """An address that signs somebody in, for a person who lost the password."""
    from market.accounts import service as accounts
    from market.kit.clock import SystemClock
    from market.kit.db import Database

    settings = _settings(home)
    with Database(settings.database).writing() as session:
        address = accounts.create_signin_link(session, email, hours, now=SystemClock().now())
    click.echo(settings.public_url + address)


class Loaded(click.Group):
    """A group that lives in a module of its own, which is imported at its first use: no other command waits for it."""

    def __init__(self, name: str, module: str, help: str) -> None:  # noqa: A002  click's own name
        super().__init__(name, help=help)
        self._module = module

    def _group(self) -> click.Group:
        found = getattr(import_module(self._module), str(self.name))
        assert isinstance(found, click.Group)
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._group().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._group().get_command(ctx, cmd_name)


class LoadedCommand(click.Command):
    """The same for a single command."""

    def __init__(self, name: str, module: str, help: str) -> None:  # noqa: A002  click's own name
        super().__init__(name, help=help)
        self._module = module

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        found = getattr(import_module(self._module), str(self.name))
        assert isinstance(found, click.Command)
        return found.make_context(info_name, args, parent, **extra)


zone = Loaded("zone", "market.cli.zone", "Data zones and their registrars.")
ledger = Loaded("ledger", "market.cli.ledger", "The log of this installation.")
signer = Loaded("signer", "market.cli.signer", "The signer of the log, as a process of its own.")

demo = LoadedCommand(
    "demo", "market.cli.demo.command", "Play the main job on real data, and leave the market running."
)
heist = LoadedCommand(
    "heist", "market.cli.heist.command", "Commit frauds with root and the database; see who notices."
)

COMMANDS = (init, serve, worker, doctor, jobs, zone, ledger, signer, signin_link, demo, heist)

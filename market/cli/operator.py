"""The operator's commands: init, serve, worker, doctor, jobs, signin-link."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec
from uuid import UUID

import click

from ledger.errors import LedgerError
from market.config import ConfigError, Settings, default_home, load_settings

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


@click.command()
@HOME
@click.option(
    "--public-url", default="http://127.0.0.1:8000", show_default=True, help="How the outside reaches it."
)
@click.option(
    "--origin", default="", help="The log's name; it never changes. Default: datawharf.local/<8 hex digits>."
)
@click.option("--database", default="", help="SQLAlchemy URL. Default: SQLite in the home folder.")
@click.option("--operator-email", default="operator@datawharf.local", show_default=True)
@click.password_option("--operator-password", prompt=False, help="Default: a random one, printed once.")
@reporting
def init(
    home: Path | None,
    public_url: str,
    origin: str,
    database: str,
    operator_email: str,
    operator_password: str | None,
) -> None:
    """Make keys, database, ledger, first operator and trust file in a new home folder."""
    from market.cli.setup import NewHome, initialise

    made = initialise(
        NewHome(home or default_home(), public_url, origin, database, operator_email, operator_password or "")
    )
    settings = made.settings
    click.echo(f"Home       {settings.home}")
    click.echo(f"Log        {settings.origin}")
    click.echo(f"Trust file {settings.trust_file} (fingerprint {made.fingerprint})")
    click.echo(f"Operator   {made.operator_email}, password {made.operator_password}")
    click.echo("Keep a copy of the keys folder in a safe place: without it the log cannot go on.")
    click.echo(f"Next: datawharf serve --home {settings.home}")


@click.command()
@HOME
@click.option("--port", default=8000, show_default=True, help="The next free one is taken if it is in use.")
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
    click.echo(f"Datawharf on http://{host}:{listener.getsockname()[1]}/ (stop with Ctrl-C)")
    server.serve(settings, listener)


@click.command()
@HOME
@reporting
def worker(home: Path | None) -> None:
    """Run jobs in a process of its own."""
    from market.cli import server

    settings = dataclasses.replace(_settings(home), embedded_worker=True)
    click.echo(f"Working on the jobs of {settings.origin} (stop with Ctrl-C)")
    server.work(settings)


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


COMMANDS = (init, serve, worker, doctor, jobs, signin_link)

"""Data zones: `datawharf zone add` founds the registrar of a city or of the hub, with its first person."""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from pydantic import ValidationError

from market.accounts import service as accounts
from market.accounts.schemas import NewAccount, OrgView
from market.client.cli.passwords import PASSWORD
from market.config import ConfigError, Settings, default_home, load_settings
from market.kit.auth import HUB, Role, system
from market.kit.clock import SystemClock
from market.kit.db import Database
from market.kit.errors import Fault, NotFound
from market.kit.texts import LocalText
from market.zones import service as zones

# The first person of a zone reviews, and answers for its signing key.
_FIRST_ROLES = (Role.OWNER, Role.REVIEWER)


@dataclass(frozen=True)
class AddedZone:
    """password: for the registrar's first sign-in; an account that was there before keeps its own."""

    organisation: OrgView
    email: str
    password: str


def add_zone(
    settings: Settings,
    adcode: str,
    *,
    email: str,
    name: str = "Registrar",
    password: str = "",
    now: datetime,
    existing: bool = False,
) -> AddedZone:
    """Found the zone of a city (or take the one that is there) and give it a registrar. Raises Fault, ValidationError.

    existing: the registrar may be somebody who has an account already.
    """
    city = next((city for city in zones.cities() if city.adcode == adcode), None)
    if city is None:
        known = ", ".join(f"{city.adcode} {city.en}" for city in zones.cities())
        raise ConfigError(f"{adcode} is not a city with a data zone. Take one of: {known}.")
    password = password or secrets.token_urlsafe(15)
    registrar = NewAccount(email=email, password=password, name=name, lang="zh")
    hashed = accounts.hash_password(password)
    operator = system("operator's command")
    db = Database(settings.database)
    try:
        with db.writing() as session:
            try:
                org = accounts.zone_org(session, adcode)
            except NotFound:
                org = accounts.found_zone(
                    session,
                    actor=operator,
                    adcode=adcode,
                    name=zone_name(city.zh, city.en, hub=adcode == HUB),
                    origin=settings.origin,
                    now=now,
                )
            accounts.appoint(
                session,
                actor=operator,
                org_id=org.id,
                new=registrar,
                password_hash=hashed,
                roles=_FIRST_ROLES,
                now=now,
                existing=existing,
            )
    finally:
        db.close()
    return AddedZone(org, registrar.email, password)


def zone_name(zh: str, en: str, *, hub: bool) -> LocalText:
    if hub:
        return LocalText(zh=f"{zh}数据登记中心", en=f"{en} data registration hub")
    return LocalText(zh=f"{zh}数据专区", en=f"{en} data zone")


@click.group("zone")
def zone() -> None:
    """Data zones and their registrars."""


@zone.command("add")
@click.argument("adcode")
@click.option("--home", type=click.Path(path_type=Path), default=None, help="Folder of this installation.")
@click.option("--registrar-email", required=True, help="Address of the registrar's first person.")
@click.option("--registrar-name", default="Registrar", show_default=True)
@click.option(
    "--registrar-password",
    default="",
    type=PASSWORD,
    envvar="DATAWHARF_REGISTRAR_PASSWORD",
    help="@file, or - for standard input. Default: a random one, printed once.",
)
@click.option(
    "--existing-account", is_flag=True, help="The address's account is known to be the right person's."
)
def add(
    adcode: str,
    home: Path | None,
    registrar_email: str,
    registrar_name: str,
    registrar_password: str,
    existing_account: bool,
) -> None:
    """Found the data zone ADCODE (450000 is the hub) and appoint its registrar."""
    try:
        settings = load_settings(home or default_home())
        made = add_zone(
            settings,
            adcode,
            email=registrar_email,
            name=registrar_name,
            password=registrar_password,
            now=SystemClock().now(),
            existing=existing_account,
        )
    except (ConfigError, Fault, ValidationError) as error:
        click.echo(f"datawharf: {error}", err=True)
        sys.exit(1)
    click.echo(f"Zone       {made.organisation.name.zh} · {made.organisation.name.en} ({adcode})")
    shown = "as given" if registrar_password else made.password
    click.echo(f"Registrar  {made.email}, password {shown} (unless the account was there before)")
    click.echo("Next, on the registrar's machine: datawharf login, then datawharf keys make")

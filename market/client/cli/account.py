"""Being somebody: sign up, log in, keys, the trust file."""

from __future__ import annotations

import click

from ledger.keyfile import read_key_file, write_key_file
from ledger.keys import SigningKey
from ledger.policy import fingerprint, parse_policy
from market.client.cli.passwords import PASSWORD
from market.client.cli.shared import Context, pass_context
from market.client.errors import ClientError
from market.client.sdk import Datawharf


@click.command()
@click.option("--server", required=True, help="Address of the marketplace.")
@click.option("--email", prompt=True)
@click.password_option(type=PASSWORD, envvar="DATAWHARF_PASSWORD", help="@file or -; asked for if left out.")
@click.option("--name", prompt=True, help="Your name.")
@click.option("--org-zh", default="", help="Organisation, in Chinese.")
@click.option("--org-en", default="", help="Organisation, in English.")
@click.option(
    "--zone", default="450000", show_default=True, help="Adcode of the data zone that registers your assets."
)
@pass_context
def signup(
    ctx: Context, server: str, email: str, password: str, name: str, org_zh: str, org_en: str, zone: str
) -> None:
    """Make an account, with an organisation if you name one."""
    organisation = {"name": {"zh": org_zh, "en": org_en}, "zone": zone} if org_zh or org_en else None
    with Datawharf(server, lang=ctx.lang) as market:
        market.sign_up(email=email, password=password, name=name, organisation=organisation)
    ctx.profile.changed(server=server.rstrip("/"), email=email).save()
    ctx.say("Signed up. Log in next: datawharf login")


@click.command()
@click.option("--server", default="", help="Address of the marketplace; default: the profile's.")
@click.option("--email", default="")
@click.option(
    "--password",
    prompt=True,
    hide_input=True,
    type=PASSWORD,
    envvar="DATAWHARF_PASSWORD",
    help="@file or -; asked for if left out.",
)
@pass_context
def login(ctx: Context, server: str, email: str, password: str) -> None:
    """Get an API key for this machine, and the trust file for checking receipts."""
    profile = ctx.profile
    server, email = server or profile.require_server(), email or profile.email
    with Datawharf(server, lang=ctx.lang) as market:
        found = market.log_in(email, password)
        org = found["organisation"]
        changed = profile.changed(
            server=server.rstrip("/"),
            email=email,
            api_key=found["key"],
            origin=market.origin,
            org=org["id"] if org else "",
            org_urn=org["urn"] if org else "",
        )
        changed.save()
        offered = market.trust_file()
    if org:
        name = org["name"][ctx.lang] or org["name"]["en"] or org["name"]["zh"]
        ctx.say("Logged in to {server} as {email}, acting for {org}.", server=server, email=email, org=name)
    else:
        ctx.say(
            "Logged in to {server} as {email}. You act for no organisation yet.", server=server, email=email
        )
    _keep_trust(ctx, offered)


def _keep_trust(ctx: Context, offered: bytes, *, replace: bool = False) -> None:
    """Save the trust file that the marketplace offers, unless there is one: what was compared once is not lost to it."""
    path = ctx.profile.trust_file
    if replace or not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(offered)
        ctx.say("Trust file saved to {path}.", path=path)
    elif path.read_bytes() == offered:
        ctx.say("The trust file {path} was kept; the marketplace gives the same one.", path=path)
    else:
        ctx.say("The trust file {path} was kept.", path=path)
        ctx.say(
            "The marketplace now gives another one, with the fingerprint {fingerprint}. "
            "To take that: datawharf trust --replace",
            fingerprint=fingerprint(parse_policy(offered)),
        )
    ctx.say(
        "Fingerprint {fingerprint}: compare it with one you got elsewhere before you rely on it.",
        fingerprint=fingerprint(parse_policy(path.read_bytes())),
    )


@click.command()
@click.option("--server", default="", help="Address of the marketplace; default: the profile's.")
@click.option("--replace", is_flag=True, help="Replace the trust file that is there.")
@pass_context
def trust(ctx: Context, server: str, replace: bool) -> None:
    """Fetch the trust file, and show its fingerprint."""
    with Datawharf(server or ctx.profile.require_server(), lang=ctx.lang) as market:
        offered = market.trust_file()
    _keep_trust(ctx, offered, replace=replace)


@click.group()
def keys() -> None:
    """Your organisation's signing key: made here, kept here."""


@keys.command("make")
@pass_context
def make(ctx: Context) -> None:
    """Make a signing key on this machine and register it, with proof that you hold it. A key that is here is kept."""
    path = ctx.profile.signing_key
    if path.exists():
        ctx.say("There is a key in {path} already. It was kept; no other was made.", path=path)
    else:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_key_file(path, SigningKey.generate(), label=ctx.profile.org_urn or "signing key")
        ctx.say(
            "The key is in {path}. Keep a copy in a safe place: nobody can restore it for you.", path=path
        )
    _register(ctx)


@keys.command("register")
@pass_context
def register_key(ctx: Context) -> None:
    """Register the key that is here already."""
    _register(ctx)


def _register(ctx: Context) -> None:
    path = ctx.profile.signing_key
    if not path.exists():
        raise ClientError("There is no key here yet. Make one with: datawharf keys make")
    with ctx.market() as market:
        bound = market.register_key(read_key_file(path))
    ctx.say("Key {kid} is registered for {org}.", kid=bound["kid"][:16], org=ctx.profile.org_urn)


@click.command()
@pass_context
def whoami(ctx: Context) -> None:
    """Who you are here, and what you may do."""
    with ctx.market() as market:
        ctx.show(market.me())


COMMANDS = (signup, login, trust, keys, whoami)

"""Buyers: search, look, license, pay, receive, read."""

from __future__ import annotations

from pathlib import Path

import click

from market.client.cli.shared import Context, pass_context
from market.client.views import Contract


@click.command()
@click.argument("query", default="")
@pass_context
def search(ctx: Context, query: str) -> None:
    """Find data, in Chinese, English, Lao, Thai, Khmer or Burmese."""
    with ctx.market() as market:
        hits = market.search(query)
    for hit in hits:
        title = hit["title"][ctx.lang] or hit["title"]["en"] or hit["title"]["zh"]
        click.echo(f"{hit['id']}  {title}")
    if not hits:
        ctx.say("Nothing found. Try fewer or other words.")


@click.command()
@click.argument("asset_id")
@pass_context
def show(ctx: Context, asset_id: str) -> None:
    """An asset, its versions and its offers."""
    with ctx.market() as market:
        asset = market.asset(asset_id)
        ctx.show({"asset": asset, "offers": market.offers(asset_id)})


@click.command()
@click.argument("offer_id")
@click.option("--request", "request_id", help="Id of the access request that the provider approved.")
@pass_context
def take(ctx: Context, offer_id: str, request_id: str | None) -> None:
    """Take an offer: sign its contract."""
    with ctx.market() as market:
        _tell(ctx, market.accept_offer(offer_id, request_id=request_id))


def _tell(ctx: Context, contract: Contract) -> None:
    if contract["state"] == "AWAITING_PROVIDER":
        ctx.say("Contract {id} is signed by you and waits for the provider.", id=contract["id"])
    else:
        ctx.say("Contract {id} is in the state {state}.", id=contract["id"], state=contract["state"])


@click.command("request")
@click.argument("offer_id")
@click.option("--purpose", required=True, help="For example RESEARCH, AI_EVAL, STATISTICS.")
@click.option("--description", required=True, help="What you want to do with the data, in a sentence.")
@click.option("--answer", multiple=True, help="An answer to a question of the provider; in their order.")
@pass_context
def request_access(
    ctx: Context, offer_id: str, purpose: str, description: str, answer: tuple[str, ...]
) -> None:
    """Ask for access to restricted data."""
    with ctx.market() as market:
        made = market.request_access(offer_id, purpose=purpose, description=description, answers=answer)
    ctx.say("Request {id} was sent. You can sign once the provider approves.", id=made["id"])


@click.command()
@click.argument("contract_id")
@click.option(
    "--gateway", type=click.Choice(["stripe", "bank_transfer"]), default="stripe", show_default=True
)
@pass_context
def pay(ctx: Context, contract_id: str, gateway: str) -> None:
    """Order a signed contract, and learn where to pay."""
    with ctx.market() as market:
        order = market.order(contract_id, gateway)
    if order["checkout_url"]:
        ctx.say("Pay at {url}", url=order["checkout_url"])
    elif order["invoice"]:
        ctx.show(order["invoice"])
        ctx.say("Transfer with the reference {reference}.", reference=order["invoice"]["printed_reference"])
    else:
        ctx.show(order)


@click.command()
@pass_context
def licences(ctx: Context) -> None:
    """Your licences."""
    with ctx.market() as market:
        held = market.entitlements()
    for one in held:
        ctx.say(
            "{id}  {state:10}  until {until}  asset {asset}",
            id=one["id"],
            state=one["state"],
            until=one["ends_at"][:10],
            asset=one["asset_id"],
        )
    if not held:
        ctx.say("No licences yet.")


@click.command()
@click.argument("asset_id")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder; default: here.",
)
@click.option("--version", "version_id", help="Id of a version; default: the current one.")
@pass_context
def download(ctx: Context, asset_id: str, folder: Path, version_id: str | None) -> None:
    """Receive licensed data: resumes, checks each chunk as it arrives, then acknowledges by signature."""
    with ctx.market() as market:
        done = market.download(asset_id, folder, version_id=version_id, progress=ctx.progress)
        size = f"{done['bytes']:,}"
        if done["files"] == 1:
            ctx.say("1 file, {bytes} bytes, every byte checked against the registration.", bytes=size)
        else:
            ctx.say(
                "{files} files, {bytes} bytes, every byte checked against the registration.",
                files=done["files"],
                bytes=size,
            )
        if done["leaf"]:
            ctx.say("Acknowledged as received, statement {leaf}.", leaf=done["leaf"])
            ctx.keep_receipt(market, done["leaf"])
        else:
            ctx.say("Not acknowledged: without a signing key the provider's record stays at “released”.")


@click.command()
@click.argument("asset_id")
@click.argument("path")
@click.option("--columns", help="Names, separated by commas.")
@click.option("--where", multiple=True, help='For example "origin eq JFK"; several must all hold.')
@click.option("--limit", default=100, show_default=True)
@click.option("--cursor")
@pass_context
def rows(
    ctx: Context,
    asset_id: str,
    path: str,
    columns: str | None,
    where: tuple[str, ...],
    limit: int,
    cursor: str | None,
) -> None:
    """Read rows of a licensed table, without downloading it."""
    with ctx.market() as market:
        page = market.rows(
            asset_id, path, columns=columns, where=list(where) or None, limit=limit, cursor=cursor
        )
    ctx.show(page["rows"])
    if page["next"]:
        ctx.say("More rows follow. Go on with --cursor {cursor}", cursor=page["next"])


COMMANDS = (search, show, take, request_access, pay, licences, download, rows)

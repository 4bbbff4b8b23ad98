"""Registrars: the queue, and deciding."""

from __future__ import annotations

import click

from market.client.cli.shared import Context, pass_context


@click.command()
@pass_context
def queue(ctx: Context) -> None:
    """Applications that wait for your zone, oldest first."""
    with ctx.market() as market:
        empty = True
        for item in market.queue():
            empty = False
            ctx.say(
                "{id}  {state:14}  asset {asset}", id=item["id"], state=item["state"], asset=item["asset_id"]
            )
        if empty:
            ctx.say("Nothing waits.")


@click.command()
@click.argument("application_id")
@click.argument("decision", type=click.Choice(["accepted", "formal-review", "returned", "refused", "issued"]))
@click.option("--reason-zh", default="", help="Needed when you return or refuse.")
@click.option("--reason-en", default="")
@pass_context
def decide(ctx: Context, application_id: str, decision: str, reason_zh: str, reason_en: str) -> None:
    """Sign and record a decision on an application."""
    reasons = {"zh": reason_zh, "en": reason_en} if reason_zh or reason_en else None
    with ctx.market() as market:
        done = market.decide(application_id, decision, reasons)
    ctx.say("Application {id} is in the state {state}.", id=done["id"], state=done["state"])
    if done["certificate_code"]:
        ctx.say("Certificate code {code}", code=done["certificate_code"])


COMMANDS = (queue, decide)

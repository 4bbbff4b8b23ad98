"""Providers: register, apply, offer, list, countersign."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from market.client.cli.shared import Context, pass_context
from market.client.errors import ClientError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ClientError("{path} is not JSON: {error}", path=path, error=error) from error
    if not isinstance(value, dict):
        raise ClientError("{path} should hold one JSON object.", path=path)
    return value


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--metadata", type=FILE, help="JSON file that describes a new asset (see: datawharf example).")
@click.option("--asset", "asset_id", help="Register a version of this asset of yours instead.")
@click.option("--version", "number", default="1.0.0", show_default=True)
@click.option("--derived-from", multiple=True, help="Leaf hash of a registration that this was made from.")
@click.option("--notes", default="", help="What changed, in a sentence.")
@click.option("--reference-url", default="", help="The bytes stay with you, under this https address.")
@click.option("--apply", "then_apply", is_flag=True, help="Hand it in for formal review at once.")
@pass_context
def register(
    ctx: Context,
    paths: tuple[Path, ...],
    metadata: Path | None,
    asset_id: str | None,
    number: str,
    derived_from: tuple[str, ...],
    notes: str,
    reference_url: str,
    then_apply: bool,
) -> None:
    """Hash PATHS, build the manifest, sign it here, and send what is missing. Run it again to go on."""
    with ctx.market() as market:
        version = market.register(
            paths,
            version=number,
            metadata=read_json(metadata) if metadata else None,
            asset_id=asset_id,
            derived_from=derived_from,
            notes={ctx.lang: notes} if notes else None,
            reference_url=reference_url,
            progress=ctx.progress,
        )
        ctx.say(
            "Registered version {version} of asset {asset}.",
            version=version["version"],
            asset=version["asset_id"],
        )
        ctx.say("Content root  {root}", root=version["content_root"])
        ctx.say("Statement     {leaf}", leaf=version["leaf"])
        ctx.keep_receipt(market, str(version["leaf"]), market.checked_manifest(version).canonical)
        if then_apply:
            application = market.apply(version["id"])
            ctx.say(
                "Application {id} is in the state {state}.", id=application["id"], state=application["state"]
            )


@click.command("apply")
@click.argument("version_id")
@pass_context
def apply_for(ctx: Context, version_id: str) -> None:
    """Hand a registered version in for formal review."""
    with ctx.market() as market:
        application = market.apply(version_id)
    ctx.say("Application {id} is in the state {state}.", id=application["id"], state=application["state"])


@click.command()
@click.argument("asset_id")
@click.option(
    "--terms", type=FILE, required=True, help="JSON file with kind, price, term_days, quota_rows, terms."
)
@click.option("--list", "then_list", is_flag=True, help="Put the asset on show at once.")
@pass_context
def offer(ctx: Context, asset_id: str, terms: Path, then_list: bool) -> None:
    """Sign and publish an offer of an asset."""
    with ctx.market() as market:
        made = market.publish_offer(asset_id, read_json(terms))
        ctx.say("Offer {id} is published.", id=made["id"])
        if then_list:
            market.list_asset(asset_id)
            ctx.say("Asset {asset} is on show.", asset=asset_id)


@click.command("list")
@click.argument("asset_id")
@pass_context
def list_asset(ctx: Context, asset_id: str) -> None:
    """Put an asset on show."""
    with ctx.market() as market:
        market.list_asset(asset_id)
    ctx.say("Asset {asset} is on show.", asset=asset_id)


@click.command()
@click.option("--watch", is_flag=True, help="Go on until interrupted.")
@click.option("--every", default=2.0, show_default=True, help="Seconds between looks.")
@pass_context
def countersign(ctx: Context, watch: bool, every: float) -> None:
    """Sign, as provider, the contracts that buyers signed and that say what your offers say."""
    with ctx.market() as market:
        if watch:
            ctx.say("Watching for contracts to countersign. Stop with Ctrl-C.")
        while True:
            signed = market.countersign_waiting()
            for contract in signed:
                ctx.say("Countersigned {id}.", id=contract["id"])
            if not watch:
                if not signed:
                    ctx.say("Nothing waits.")
                return
            time.sleep(every)


@click.command()
@pass_context
def requests(ctx: Context) -> None:
    """Requests for access to your data that wait for an answer."""
    with ctx.market() as market:
        waiting = list(market.requests())
    if waiting:
        ctx.show(waiting)
    else:
        ctx.say("Nothing waits.")


@click.command()
@click.argument("request_id")
@click.argument("answer", type=click.Choice(["approve", "refuse"]))
@click.option("--reason-zh", default="", help="Needed when you refuse.")
@click.option("--reason-en", default="")
@pass_context
def answer(ctx: Context, request_id: str, answer: str, reason_zh: str, reason_en: str) -> None:
    """Approve or refuse a request for access to your data."""
    reason = {"zh": reason_zh, "en": reason_en} if reason_zh or reason_en else None
    with ctx.market() as market:
        done = market.decide_request(request_id, approve=answer == "approve", reason=reason)
    ctx.say("Request {id} is in the state {state}.", id=done["id"], state=done["state"])


EXAMPLE = {
    "title": {"zh": "钦州港船舶到港", "en": "Ship calls at Qinzhou"},
    "abstract": {"zh": "逐船次的到港与离港时间。", "en": "Arrival and departure of each call."},
    "kind": "RESOURCE",
    "dataset_class": "INDUSTRY_GENERAL",
    "grade": "G1",
    "industry": "G",
    "adcode": "450700",
    "modality": "TABULAR",
    "languages": ["zh"],
    "licence": "CC-BY-4.0",
    "source_kind": "ORIGINAL",
    "rights": [{"right": "HOLD", "origin": "SELF_PRODUCED"}],
    "personal_info": "NONE",
    "update_freq": "MONTHLY",
    "keywords": ["港口", "ports"],
}


@click.command()
@pass_context
def example(ctx: Context) -> None:
    """A metadata file to start from."""
    ctx.show(EXAMPLE)


COMMANDS = (register, apply_for, offer, list_asset, requests, answer, countersign, example)

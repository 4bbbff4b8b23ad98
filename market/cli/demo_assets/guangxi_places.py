"""The Guangxi place table, out of the package cpca."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from market.cli.demo_assets.shapes import PUBLIC_SOURCE, AssetFacts, BuiltAsset, BuiltVersion, Offer, Progress
from market.cli.demo_assets.words import read_datasheet, read_words
from market.cli.demo_assets.writing import write_csv, write_json, write_text

KEY = "guangxi-places"

FACTS = AssetFacts(
    key=KEY,
    dataset_class="GENERAL",
    grade="G1",
    industry="S",
    adcode="450000",
    modality="TABULAR",
    languages=("zh",),
    licence="MIT",
    source_kind="COLLECTED",
    rights=PUBLIC_SOURCE,
    update_freq="IRREGULAR",
    offer=Offer(kind="open", term_days=365, row_quota=1_000_000),
)


def build(packages: Path, out: Path, on_progress: Progress | None = None) -> BuiltAsset:
    """Write the asset's files into ``out``; ``packages`` is the folder of ``ensure_packages``."""
    with (packages / "cpca" / "resources" / "adcodes.csv").open(encoding="utf-8", newline="") as source:
        rows = sorted(_row(record) for record in csv.DictReader(source) if record["adcode"].startswith("45"))
    licence = packages / "cpca-0.5.5.dist-info" / "LICENSE"
    files = (
        write_text(out / "LICENSE.txt", licence.read_text("utf-8")),
        write_text(out / "README.md", read_datasheet(KEY)),
        write_csv(out / "places.csv", ("adcode", "name", "level", "parent", "lon", "lat"), rows),
        write_json(
            out / "places.geojson",
            {"type": "FeatureCollection", "features": [_feature(row) for row in rows if row[4]]},
        ),
    )
    if on_progress is not None:
        on_progress(KEY, len(files), len(files))
    return BuiltAsset(FACTS, read_words(KEY), (BuiltVersion("1.0.0", out, files, "NONE"),))


def _row(record: dict[str, str]) -> tuple[str, str, str, str, str, str]:
    code = record["adcode"][:6]
    if code == "450000":
        level, parent = "region", ""
    elif code.endswith("00"):
        level, parent = "city", "450000"
    else:
        level, parent = "county", code[:4] + "00"
    return code, record["name"], level, parent, record["longitude"], record["latitude"]


def _feature(row: tuple[str, str, str, str, str, str]) -> dict[str, Any]:
    code, name, level, parent, lon, lat = row
    return {
        "type": "Feature",
        "properties": {"adcode": code, "name": name, "level": level, "parent": parent},
        "geometry": {"type": "Point", "coordinates": [float(lon), float(lat)]},
    }

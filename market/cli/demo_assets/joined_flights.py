"""Flights joined with weather, planes, airlines and airports as JSON Lines: over 100 MB, made from nyc-flights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from market.cli.demo_assets import nyc_flights
from market.cli.demo_assets.nyc_flights import Table
from market.cli.demo_assets.shapes import (
    AssetFacts,
    BuiltAsset,
    BuiltVersion,
    Lineage,
    Offer,
    Progress,
    RightsClaim,
)
from market.cli.demo_assets.words import read_datasheet, read_words
from market.cli.demo_assets.writing import write_text

KEY = "nyc-flights-joined"
ROWS = 336_776
_STEP = 20_000

FACTS = AssetFacts(
    key=KEY,
    dataset_class="INDUSTRY_EXPERT",
    grade="G2",
    industry="G",
    adcode="450100",
    modality="TABULAR",
    languages=("en",),
    licence="LicenseRef-Datawharf-Commercial-1.0",
    source_kind="DERIVED",
    rights=(RightsClaim("HOLD", "DERIVED"), RightsClaim("USE", "DERIVED"), RightsClaim("OPERATE", "DERIVED")),
    update_freq="ONCE",
    offer=Offer(kind="paid", term_days=365, row_quota=1_000_000, price_minor=19_900),
    derived_from=(Lineage(nyc_flights.KEY, nyc_flights.CORRECTED),),
)

_TEXT_COLUMNS = frozenset(
    {"carrier", "tailnum", "origin", "dest", "time_hour", "name", "manufacturer", "model"}
)
_WEATHER = ("temp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "visib")
_PLANE = ("year", "manufacturer", "model", "seats")
_AIRPORT = ("lat", "lon")

Members = Callable[[str], str]
"""From a key to the part of a JSON object that the joined table contributes, without braces."""


def build(packages: Path, out: Path, on_progress: Progress | None = None) -> BuiltAsset:
    """Write the asset's files into ``out``; ``packages`` is the folder of ``ensure_packages``."""
    joined = out / "flights-joined.jsonl"
    with joined.open("w", encoding="utf-8", newline="\n", buffering=1 << 20) as target:
        for done, line in enumerate(_lines(packages), start=1):
            target.write(line)
            if on_progress is not None and (done % _STEP == 0 or done == ROWS):
                on_progress(KEY, done, ROWS)
    files = (write_text(out / "README.md", read_datasheet(KEY)), joined)
    return BuiltAsset(FACTS, read_words(KEY), (BuiltVersion("1.0.0", out, files, "DEIDENTIFIED"),))


def _lines(packages: Path) -> Iterable[str]:
    planes = nyc_flights.correct_planes(nyc_flights.read_table(packages, "planes"))
    weather = nyc_flights.correct_weather(nyc_flights.read_table(packages, "weather"))
    airports = nyc_flights.read_table(packages, "airports")
    airline = _partner(nyc_flights.read_table(packages, "airlines"), ("carrier",), ("name",), "carrier_")
    plane = _partner(planes, ("tailnum",), _PLANE, "plane_")
    sky = _partner(weather, ("origin", "time_hour"), _WEATHER, "weather_")
    origin, dest = (_partner(airports, ("faa",), _AIRPORT, prefix) for prefix in ("origin_", "dest_"))
    flights = iter(nyc_flights.read_flights(packages))
    header = next(flights)
    carrier_at, tail_at, from_at, to_at, hour_at = (
        header.index(name) for name in ("carrier", "tailnum", "origin", "dest", "time_hour")
    )
    for row in flights:
        parts = (
            _members(header, row),
            airline(row[carrier_at]),
            plane(row[tail_at]),
            sky(row[from_at] + "|" + row[hour_at]),
            origin(row[from_at]),
            dest(row[to_at]),
        )
        yield "{" + ",".join(parts) + "}\n"


def _partner(table: Table, key: Sequence[str], columns: Sequence[str], prefix: str) -> Members:
    """Serialises each partner row once; flights only concatenate. An unknown key gives nulls."""
    header, rows = table
    key_at, at = [header.index(name) for name in key], [header.index(name) for name in columns]
    names = [prefix + name for name in columns]
    known = {"|".join(row[i] for i in key_at): _members(names, [row[i] for i in at], columns) for row in rows}
    nothing = _members(names, ["NA"] * len(columns), columns)
    return lambda wanted: known.get(wanted, nothing)


def _members(names: Sequence[str], cells: Iterable[str], columns: Sequence[str] | None = None) -> str:
    """``"name":value`` pairs; numbers keep the digits of the source."""
    return ",".join(
        [
            f'"{name}":{_quoted(cell) if column in _TEXT_COLUMNS else "null" if cell == "NA" else cell}'
            for name, column, cell in zip(names, columns or names, cells, strict=True)
        ]
    )


@cache
def _quoted(cell: str) -> str:
    return "null" if cell == "NA" else json.dumps(cell, ensure_ascii=False)

"""Sea ports and routes of the New International Land-Sea Trade Corridor, out of the package searoute."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from market.cli.demo_assets.sea_network import Point, SeaNetwork, as_point, distance_km, way_back
from market.cli.demo_assets.shapes import PUBLIC_SOURCE, AssetFacts, BuiltAsset, BuiltVersion, Offer, Progress
from market.cli.demo_assets.words import read_datasheet, read_words
from market.cli.demo_assets.writing import write_csv, write_json, write_text

KEY = "sea-corridor"
ASEAN = {
    "BN": "Brunei Darussalam", "ID": "Indonesia", "KH": "Cambodia", "MM": "Myanmar", "MY": "Malaysia",
    "PH": "Philippines", "SG": "Singapore", "TH": "Thailand", "VN": "Viet Nam",
}  # fmt: skip
GUANGXI = ("CNFAN", "CNGUG", "CNNNG", "CNQZH", "CNWUZ")
ORIGINS = ("CNQZH", "CNFAN")
KM_PER_NAUTICAL_MILE = 1.852

FACTS = AssetFacts(
    key=KEY,
    dataset_class="INDUSTRY_GENERAL",
    grade="G1",
    industry="G",
    adcode="450700",
    modality="GEO",
    languages=("en",),
    licence="Apache-2.0",
    source_kind="COLLECTED",
    rights=PUBLIC_SOURCE,
    update_freq="IRREGULAR",
    offer=Offer(kind="open", term_days=365, row_quota=1_000_000),
)


@dataclass(frozen=True)
class _Port:
    port_id: int
    code: str
    name: str
    country_name: str
    position: Point
    container: int | None

    def row(self) -> tuple[object, ...]:
        return (
            self.port_id, self.code, self.name, self.code[:2], self.country_name, *self.position, self.container,
        )  # fmt: skip


@dataclass(frozen=True)
class _Way:
    origin: _Port
    destination: _Port
    km: float
    connector_km: float
    line: list[Point]


def build(packages: Path, out: Path, on_progress: Progress | None = None) -> BuiltAsset:
    """Write the asset's files into ``out``; ``packages`` is the folder of ``ensure_packages``."""
    source = packages / "searoute"
    ports = _ports(json.loads((source / "data" / "ports.geojson").read_text("utf-8")))
    lanes = json.loads((source / "data" / "marnet_searoute.geojson").read_text("utf-8"))
    ways = list(_ways(SeaNetwork.from_geojson(lanes), ports, on_progress))
    licence = packages / "searoute-1.6.0.dist-info" / "licenses" / "LICENCE.txt"
    files = (
        write_text(out / "LICENSE.txt", licence.read_text("utf-8")),
        write_text(out / "README.md", read_datasheet(KEY)),
        write_csv(
            out / "distances.csv",
            ("origin", "destination", "destination_port_id", "km", "nautical_miles", "connector_km"),
            (_distance_row(way) for way in ways),
        ),
        write_json(out / "lanes.geojson", lanes),
        write_csv(
            out / "ports.csv",
            ("port_id", "unlocode", "name", "country", "country_name", "lon", "lat", "container"),
            (port.row() for port in ports),
        ),
        write_json(out / "ports.geojson", _collection([_port_feature(port) for port in ports])),
        write_json(out / "routes.geojson", _collection([_way_feature(way) for way in ways])),
    )
    return BuiltAsset(FACTS, read_words(KEY), (BuiltVersion("1.0.0", out, files, "NONE"),))


def _ports(collection: dict[str, Any]) -> list[_Port]:
    chosen = [
        (feature["properties"], as_point(feature["geometry"]["coordinates"]))
        for feature in collection["features"]
        if feature["properties"]["port"][:2] in ASEAN or feature["properties"]["port"] in GUANGXI
    ]
    chosen.sort(key=lambda pair: (pair[0]["port"], pair[0]["name"], pair[1]))
    return [
        _Port(
            number,
            properties["port"],
            properties["name"],
            ASEAN.get(properties["port"][:2], "China"),
            position,
            None if properties["t"] is None else int(properties["t"]),
        )
        for number, (properties, position) in enumerate(chosen, start=1)
    ]


def _ways(network: SeaNetwork, ports: list[_Port], on_progress: Progress | None) -> Iterator[_Way]:
    by_code = {port.code: port for port in ports if port.code in ORIGINS}
    destinations = [port for port in ports if port.code[:2] in ASEAN]
    nearest = {port.port_id: network.nearest(port.position) for port in [*by_code.values(), *destinations]}
    for done, code in enumerate(ORIGINS, start=1):
        origin = by_code[code]
        start = nearest[origin.port_id]
        km, before = network.ways_from(start)
        for port in destinations:
            end = nearest[port.port_id]
            if end in km:
                connector = distance_km(origin.position, start) + distance_km(port.position, end)
                line = [origin.position, *way_back(before, end), port.position]
                yield _Way(origin, port, km[end] + connector, connector, line)
        if on_progress is not None:
            on_progress(KEY, done, len(ORIGINS))


def _distance_row(way: _Way) -> tuple[object, ...]:
    return (
        way.origin.code,
        way.destination.code,
        way.destination.port_id,
        f"{way.km:.1f}",
        f"{way.km / KM_PER_NAUTICAL_MILE:.1f}",
        f"{way.connector_km:.1f}",
    )


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _port_feature(port: _Port) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {
            "port_id": port.port_id,
            "unlocode": port.code,
            "name": port.name,
            "country": port.code[:2],
        },
        "geometry": {"type": "Point", "coordinates": list(port.position)},
    }


def _way_feature(way: _Way) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {
            "origin": way.origin.code,
            "destination": way.destination.code,
            "destination_port_id": way.destination.port_id,
            "km": round(way.km, 1),
        },
        "geometry": {"type": "LineString", "coordinates": [list(point) for point in way.line]},
    }

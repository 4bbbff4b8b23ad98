"""Shortest ways over a network of sea lanes given as GeoJSON lines."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Point = tuple[float, float]
"""Longitude and latitude in degrees (WGS 84), longitude in [-180, 180)."""

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the IUGG."""

KM_PER_DEGREE = EARTH_RADIUS_KM * math.pi / 180
"""Along a meridian: no point outside a band of latitudes is closer than the band is wide."""

_BAND_DEGREES = 4.0


def distance_km(a: Point, b: Point) -> float:
    """Great-circle distance by the haversine formula."""
    lat_a, lat_b = math.radians(a[1]), math.radians(b[1])
    half_lat, half_lon = (lat_b - lat_a) / 2, math.radians(b[0] - a[0]) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))


def as_point(position: Sequence[float]) -> Point:
    """A GeoJSON position, its longitude brought into [-180, 180)."""
    return (
        (position[0] + 180.0) % 360.0 - 180.0 if not -180 <= position[0] < 180 else position[0],
        position[1],
    )


@dataclass
class SeaNetwork:
    """Undirected graph of points at sea; the weight of an edge is its length in kilometres."""

    edges: dict[Point, dict[Point, float]] = field(default_factory=dict)

    @classmethod
    def from_geojson(cls, collection: Mapping[str, Any]) -> SeaNetwork:
        """Each LineString or part of a MultiLineString becomes a chain of edges."""
        network = cls()
        for feature in collection["features"]:
            geometry = feature["geometry"]
            single = geometry["type"] == "LineString"
            for line in [geometry["coordinates"]] if single else geometry["coordinates"]:
                points = [as_point(position) for position in line]
                for a, b in itertools.pairwise(points):
                    network._join(a, b)
        return network

    def _join(self, a: Point, b: Point) -> None:
        length = distance_km(a, b)
        self.edges.setdefault(a, {})[b] = length
        self.edges.setdefault(b, {})[a] = length

    def nearest(self, port: Point) -> Point:
        """The point of the network closest to ``port``; of equals, the smallest."""
        band = [point for point in self.edges if abs(point[1] - port[1]) < _BAND_DEGREES]
        found = _closest(band, port) if band else None
        if found is None or distance_km(port, found) > _BAND_DEGREES * KM_PER_DEGREE:
            return _closest(self.edges, port)
        return found

    def ways_from(self, start: Point) -> tuple[dict[Point, float], dict[Point, Point]]:
        """Dijkstra: the distance in kilometres to each reachable point, and the point before it on the way."""
        best: dict[Point, float] = {start: 0.0}
        before: dict[Point, Point] = {}
        queue: list[tuple[float, Point]] = [(0.0, start)]
        done: set[Point] = set()
        while queue:
            distance, point = heapq.heappop(queue)
            if point in done:
                continue
            done.add(point)
            for neighbour, length in self.edges[point].items():
                reached = distance + length
                if reached < best.get(neighbour, math.inf):
                    best[neighbour], before[neighbour] = reached, point
                    heapq.heappush(queue, (reached, neighbour))
        return best, before


def _closest(points: Iterable[Point], port: Point) -> Point:
    return min(points, key=lambda point: (distance_km(port, point), point))


def way_back(before: Mapping[Point, Point], end: Point) -> list[Point]:
    """The points from the start to ``end``, both included."""
    way = [end]
    while way[-1] in before:
        way.append(before[way[-1]])
    return way[::-1]

"""What every page may need of the zones: their names."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from market.zones import service


def page_context(_request: Request) -> dict[str, Any]:
    """zone_names: adcode to LocalText, for forms and lists."""
    return {"zone_names": {city.adcode: city.name for city in service.cities()}}

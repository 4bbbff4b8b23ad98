"""What people read about the demo's assets: a JSON file of titles and notes, and a datasheet, by asset key."""

from __future__ import annotations

import json
from importlib import resources
from typing import cast

from market.cli.demo_assets.shapes import Words


def read_words(key: str) -> Words:
    """Title, abstract, keywords and notes of the asset."""
    return cast("Words", json.loads(_read(f"{key}.json")))


def read_datasheet(key: str) -> str:
    """The README that goes into the asset, in Markdown."""
    return _read(f"{key}.md")


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")

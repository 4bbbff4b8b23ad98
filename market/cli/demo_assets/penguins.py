"""A small table with missing values, out of the package palmerpenguins."""

from __future__ import annotations

from pathlib import Path

from market.cli.demo_assets.shapes import PUBLIC_SOURCE, AssetFacts, BuiltAsset, BuiltVersion, Offer, Progress
from market.cli.demo_assets.words import read_datasheet, read_words
from market.cli.demo_assets.writing import write_text

KEY = "palmer-penguins"

FACTS = AssetFacts(
    key=KEY,
    dataset_class="INDUSTRY_EXPERT",
    grade="G1",
    industry="M",
    adcode="450500",
    modality="TABULAR",
    languages=("en",),
    licence="CC0-1.0",
    source_kind="COLLECTED",
    rights=PUBLIC_SOURCE,
    update_freq="ONCE",
    offer=Offer(kind="open", term_days=3650, row_quota=100_000),
)


def build(packages: Path, out: Path, on_progress: Progress | None = None) -> BuiltAsset:
    """Write the asset's files into ``out``; ``packages`` is the folder of ``ensure_packages``."""
    data = packages / "palmerpenguins" / "data"
    files = (
        write_text(out / "README.md", read_datasheet(KEY)),
        write_text(out / "penguins-raw.csv", (data / "penguins-raw.csv").read_bytes().decode("utf-8")),
        write_text(out / "penguins.csv", (data / "penguins.csv").read_bytes().decode("utf-8")),
    )
    if on_progress is not None:
        on_progress(KEY, len(files), len(files))
    return BuiltAsset(FACTS, read_words(KEY), (BuiltVersion("1.0.0", out, files, "NONE"),))

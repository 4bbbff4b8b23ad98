"""A Chinese lexicon with frequency and part of speech, out of the package jieba."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from market.cli.demo_assets.shapes import PUBLIC_SOURCE, AssetFacts, BuiltAsset, BuiltVersion, Offer, Progress
from market.cli.demo_assets.words import read_datasheet, read_words
from market.cli.demo_assets.writing import write_csv, write_parquet, write_text

KEY = "chinese-lexicon"

FACTS = AssetFacts(
    key=KEY,
    dataset_class="GENERAL",
    grade="G1",
    industry="I",
    adcode="450300",
    modality="TEXT",
    languages=("zh",),
    licence="MIT",
    source_kind="COLLECTED",
    rights=PUBLIC_SOURCE,
    update_freq="IRREGULAR",
    offer=Offer(kind="open", term_days=365, row_quota=5_000_000),
)


def build(packages: Path, out: Path, on_progress: Progress | None = None) -> BuiltAsset:
    """Write the asset's files into ``out``; ``packages`` is the folder of ``ensure_packages``."""
    text = (packages / "jieba" / "dict.txt").read_bytes().decode("utf-8")
    rows = [line.split(" ") for line in text.splitlines()]
    table: dict[str, list[Any]] = {
        "word": [word for word, _, _ in rows],
        "frequency": [int(frequency) for _, frequency, _ in rows],
        "tag": [tag for _, _, tag in rows],
    }
    files = (
        write_text(out / "README.md", read_datasheet(KEY)),
        write_text(out / "dict.txt", text),
        write_csv(out / "lexicon.csv", tuple(table), rows),
        write_parquet(out / "lexicon.parquet", table),
    )
    if on_progress is not None:
        on_progress(KEY, len(rows), len(rows))
    return BuiltAsset(FACTS, read_words(KEY), (BuiltVersion("1.0.0", out, files, "NONE"),))

"""Lao-English words of the Lao Ministry of Posts and Telecommunications, out of the package laonlp."""

from __future__ import annotations

import csv
from pathlib import Path

from market.cli.demo_assets.shapes import PUBLIC_SOURCE, AssetFacts, BuiltAsset, BuiltVersion, Offer, Progress
from market.cli.demo_assets.words import read_datasheet, read_words
from market.cli.demo_assets.writing import write_csv, write_jsonl, write_text

KEY = "lao-english"

FACTS = AssetFacts(
    key=KEY,
    dataset_class="INDUSTRY_GENERAL",
    grade="G1",
    industry="I",
    adcode="450100",
    modality="TEXT",
    languages=("lo", "en"),
    licence="MIT",
    source_kind="COLLECTED",
    rights=PUBLIC_SOURCE,
    update_freq="ONCE",
    offer=Offer(
        kind="restricted",
        term_days=180,
        row_quota=200_000,
        questions=(
            {
                "zh": "您将把词典用于什么模型或产品？",
                "en": "Which model or product will you use the dictionary for?",
            },
            {
                "zh": "是否会对外提供由此训练的模型？",
                "en": "Will you offer a model trained on it to others?",
            },
        ),
    ),
)

_COLUMNS = ("id", "lao", "english", "romanised", "part_of_speech")


def build(packages: Path, out: Path, on_progress: Progress | None = None) -> BuiltAsset:
    """Write the asset's files into ``out``; ``packages`` is the folder of ``ensure_packages``."""
    corpus = packages / "laonlp" / "corpus"
    with (corpus / "lao-eng-dictionary.csv").open(encoding="utf-8", newline="") as source:
        reader = csv.reader(source)
        next(reader)
        rows = list(reader)
    files = (
        write_text(out / "LICENSE.txt", (corpus / "LICENSE-lao-eng-dictionary").read_text("utf-8")),
        write_text(out / "README.md", read_datasheet(KEY)),
        write_csv(out / "lao-english.csv", _COLUMNS, rows),
        write_jsonl(
            out / "lao-english.jsonl",
            (
                {"id": int(row[0])} | dict(zip(_COLUMNS[1:], (cell or None for cell in row[1:]), strict=True))
                for row in rows
            ),
        ),
    )
    if on_progress is not None:
        on_progress(KEY, len(files), len(files))
    return BuiltAsset(FACTS, read_words(KEY), (BuiltVersion("1.0.0", out, files, "NONE"),))

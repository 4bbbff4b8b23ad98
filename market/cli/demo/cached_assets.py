"""The provider's files, written once: a second play finds them, as long as nothing that they are made from changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib import import_module, resources
from pathlib import Path
from typing import Any

from market.cli import demo_assets
from market.cli.demo_assets import BUILDERS, AssetFacts, BuiltAsset, BuiltVersion
from market.cli.demo_assets.words import read_words

_INDEX = ".built.json"


def build(packages: Path, folder: Path) -> tuple[BuiltAsset, ...]:
    """Write all assets anew, and then the index by which they are found again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    built = demo_assets.build_all(packages, folder)
    index = {"recipe": _recipe(), "assets": {asset.facts.key: _entry(asset, folder) for asset in built}}
    draft = folder / f"{_INDEX}.new"
    draft.write_text(json.dumps(index), "utf-8")
    draft.replace(folder / _INDEX)
    return built


def reopen(folder: Path) -> tuple[BuiltAsset, ...] | None:
    """The assets as they were written; None where they are missing, changed, or made by another recipe."""
    path = folder / _INDEX
    if not path.is_file():
        return None
    index = json.loads(path.read_text("utf-8"))
    if index["recipe"] != _recipe() or list(index["assets"]) != list(BUILDERS):
        return None
    found = tuple(_asset(key, entry, folder) for key, entry in index["assets"].items())
    return found if all(asset is not None for asset in found) else None  # type: ignore[return-value]


def _entry(asset: BuiltAsset, folder: Path) -> list[dict[str, Any]]:
    return [
        {
            "version": version.version,
            "folder": version.folder.relative_to(folder).as_posix(),
            "files": {file.name: file.stat().st_size for file in version.files},
            "personal_info": version.personal_info,
        }
        for version in asset.versions
    ]


def _asset(key: str, entry: list[dict[str, Any]], folder: Path) -> BuiltAsset | None:
    facts: AssetFacts = import_module(BUILDERS[key].__module__).FACTS
    versions = []
    for one in entry:
        place = folder / one["folder"]
        files = {place / name: size for name, size in one["files"].items()}
        if not all(file.is_file() and file.stat().st_size == size for file, size in files.items()):
            return None
        versions.append(BuiltVersion(one["version"], place, tuple(files), one["personal_info"]))
    return BuiltAsset(facts, read_words(key), tuple(versions))


def _recipe() -> str:
    """Fingerprint of what the files are made from: the pinned packages, and the code and words that write them."""
    digest = hashlib.sha256()
    package = resources.files(demo_assets)
    for part in (package, package / "words"):
        for file in sorted(part.iterdir(), key=lambda file: file.name):
            if file.is_file():
                digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()

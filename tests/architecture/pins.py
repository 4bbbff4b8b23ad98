"""The pinned requirements: complete, hashed, above the versions with known holes, and free of hosts.

Works on text alone, so it needs no network: what pyproject.toml asks for must stand in the lists, in a version
that satisfies it. `make lock` makes the lists again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

# Below these there are published holes (advisories; reviewed with each release).
FLOORS = {
    "authlib": "1.6.11",
    "cbor2": "5.9",
    "fastapi": "0.132",
    "h11": "0.16",
    "h2": "4.4.1",
    "httptools": "0.9",
    "jinja2": "3.1.6",
    "mako": "1.3.12",
    "pyarrow": "23.0.1",
    "pyjwt": "2.13",
    "pynacl": "1.6.2",
    "python-multipart": "0.0.31",
    "rfc3161-client": "1.0.9",
    "starlette": "1.5.1",
}
# Abandoned or holed; or under a licence that a wheel of ours could not carry.
REFUSED = {"bleach", "localstripe", "passlib", "pymerkle", "pysha3", "python-jose", "tuspyserver", "zhconv"}

# The demo brings its data itself, with a list of its own inside the wheel.
OTHER_LISTS = ("market/cli/demo_assets/requirements-data.txt",)
GROUPS = {"server.txt": ("build",), "test.txt": ("build", "test", "check")}
_PLACE = re.compile(r"://|(^|\s)(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b")
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")

Pins = dict[str, list[Version]]


def read_pins(path: Path) -> Pins:
    """Name to version; more than one version where a marker decides."""
    pins: Pins = {}
    for line in path.read_text().splitlines():
        if match := _PIN.match(line):
            pins.setdefault(canonicalize_name(match["name"]), []).append(Version(match["version"]))
    return pins


def wanted(project: dict[str, Any], groups: tuple[str, ...]) -> Iterator[Requirement]:
    """What pyproject.toml asks for: the light set, the server's and these groups."""
    lists = [project["project"]["dependencies"], project["project"]["optional-dependencies"]["server"]]
    lists += [project["dependency-groups"][group] for group in groups]
    yield from (Requirement(line) for each in lists for line in each)


def missing_from(pins: Pins, requirements: Iterator[Requirement]) -> Iterator[str]:
    for requirement in requirements:
        versions = pins.get(canonicalize_name(requirement.name))
        if not versions:
            yield f"{requirement.name} is not pinned; run make lock"
        elif not all(version in requirement.specifier for version in versions):
            yield f"{requirement.name} is pinned as {versions[0]}, not {requirement.specifier}; run make lock"


def unsafe_in(pins: Pins) -> Iterator[str]:
    for name, versions in pins.items():
        if name in REFUSED:
            yield f"{name} must not be installed"
        for version in versions:
            if name in FLOORS and version < Version(FLOORS[name]):
                yield f"{name} {version} has known holes; {FLOORS[name]} is the least"


def unhashed_in(text: str) -> Iterator[str]:
    """Lines that pin nothing by hash, or that send pip somewhere."""
    for entry in re.sub(r"\\\n", " ", text).splitlines():
        if not entry.strip() or entry.lstrip().startswith("#"):
            continue
        if "://" in entry or re.search(
            r"(^|\s)(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b", entry
        ):
            yield f"names a place to fetch from: {entry.split()[0]}"
        elif not entry.startswith("--") and not (_PIN.match(entry) and "--hash=sha256:" in entry):
            yield f"is not pinned by version and hash: {entry.split()[0]}"


def list_files(root: Path) -> list[Path]:
    return sorted((root / "requirements").glob("*.txt")) + [root / name for name in OTHER_LISTS]


def check(root: Path) -> list[str]:
    """Everything that is wrong with the lists, one sentence each."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    folder = root / "requirements"
    wrong = []
    for path in list_files(root):
        pins = read_pins(path)
        found = [*unhashed_in(path.read_text()), *unsafe_in(pins)]
        if path.name in GROUPS:
            found += missing_from(pins, wanted(project, GROUPS[path.name]))
        wrong += [f"{path.relative_to(root)}: {sentence}" for sentence in found]
    server, test = read_pins(folder / "server.txt"), read_pins(folder / "test.txt")
    wrong += [
        f"requirements/test.txt: tests another {name} than the server runs; run make lock"
        for name, versions in server.items()
        if test.get(name) != versions
    ]
    return wrong

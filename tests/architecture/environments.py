"""Environments for the wheel that hold exactly what it asks for, made without a network.

A package that the wheel asks for is linked in from the environment that runs the tests. One that it merely happens
to find there is not, so a dependency that pyproject.toml forgot shows as an import error.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def make_environment(folder: Path, wheel: Path, extra: str = "") -> Path:
    """A virtual environment in `folder` with the wheel and all that it asks for (with `extra`); its bin folder."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    scripts = folder / "bin"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", scripts / "python", "--quiet", "install"),
            *("--no-deps", "--no-index", "--disable-pip-version-check", wheel),
        ],
        check=True,
    )
    packages = next(folder.glob("lib/python*/site-packages"))
    (installed,) = Distribution.discover(name="datawharf", path=[str(packages)])
    for each in _closure(installed, extra):
        _link(each, packages)
    return scripts


def _closure(root: Distribution, extra: str) -> Iterator[Distribution]:
    """Everything that `root` asks for, directly or not, on this machine."""
    seen: set[tuple[str, str]] = set()
    waiting = [(root, extra)]
    while waiting:
        current, with_extra = waiting.pop()
        for line in current.requires or []:
            wanted = Requirement(line)
            if wanted.marker and not wanted.marker.evaluate({"extra": with_extra}):
                continue
            found = distribution(wanted.name)
            for next_extra in {"", *wanted.extras}:
                if (key := (found.name, next_extra)) not in seen:
                    seen.add(key)
                    waiting.append((found, next_extra))
                    yield found


def _link(package: Distribution, target: Path) -> None:
    """Link a package's top-level files and folders."""
    tops = {file.parts[0] for file in package.files or [] if file.parts[0] not in {"..", "__pycache__"}}
    assert tops, f"{package.name} does not say which files it has"
    for top in tops:
        source = Path(str(package.locate_file(top)))
        if source.exists() and not (target / top).exists():
            (target / top).symlink_to(source)


def clean_environment(**more: str) -> dict[str, str]:
    """The variables of this process without those that lead Python to other packages or settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DATAWHARF"))}
    return {**kept, **more}

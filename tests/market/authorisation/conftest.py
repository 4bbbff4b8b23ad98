"""One world and one caller for all tests of the matrix."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.marketplace import marketplace
from tests.market.authorisation.calling import Caller
from tests.market.authorisation.world import build_world


@pytest.fixture(scope="session")
def caller(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    folder = tmp_path_factory.mktemp("matrix")
    shutil.copyfile(sqlite_template, folder / "market.db")
    with marketplace(folder / "home", f"sqlite:///{folder / 'market.db'}") as market:
        market.keep_app()
        made = Caller(build_world(market, folder / "data"), folder)
        yield made
        made.close()

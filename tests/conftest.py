"""What every test may use: fixed randomness, loopback ports, real databases, a real browser."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.builders.marketplace import Marketplace

pytest_plugins = ["tests.databases", "tests.chromium"]

SEED = int(os.environ.get("DATAWHARF_SEED", "20260701"))

# "ci" repeats the same examples every time; "dev" looks for new ones and prints how to repeat what it finds.
settings.register_profile(
    "ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("dev", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_report_header() -> str:
    return (
        f"seed: {SEED} (DATAWHARF_SEED={SEED} repeats it), hypothesis: {settings.get_current_profile_name()}"
    )


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers that are the same in each run and differ from test to test."""
    return random.Random(f"{SEED}/{request.node.nodeid}")


@pytest.fixture
def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def market(tmp_path: Path, database_url: str) -> Iterator[Marketplace]:
    """A whole marketplace, once on each database."""
    from tests.builders.marketplace import marketplace

    with marketplace(tmp_path / "home", database_url) as made:
        yield made


@pytest.fixture
def small_market(tmp_path: Path, sqlite_url: str) -> Iterator[Marketplace]:
    """A whole marketplace on SQLite, where the engine does not matter."""
    from tests.builders.marketplace import marketplace

    with marketplace(tmp_path / "home", sqlite_url) as made:
        yield made

"""What every test may use: fixed randomness, loopback ports, real databases, a real browser."""

from __future__ import annotations

import os
import random
import socket

import pytest
from hypothesis import HealthCheck, settings

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

"""One simulator per test, with nothing in its memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stripe_simulator.running import Running, running_simulator


@pytest.fixture
def simulator() -> Iterator[Running]:
    with running_simulator() as running:
        yield running

"""One running market per module, and people who come to it with browsers of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from market.kit.i18n import Lang
from tests.browser.person import Person
from tests.browser.running import RunningMarket, running_market
from tests.browser.stock import Shelf, stock

Enter = Callable[..., Person]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    with running_market(tmp_path_factory.mktemp("market") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def shelf(market: RunningMarket, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Three assets on show, and who put them there."""
    return stock(market, tmp_path_factory.mktemp("stock"))


@pytest.fixture
def enter(chromium: Browser, market: RunningMarket) -> Iterator[Enter]:
    """Opens a browser for somebody; whatever its pages complained about fails the test at its end."""
    inside: list[Person] = []

    def let_in(name: str, lang: Lang, *, script: bool = True) -> Person:
        person = Person(chromium, market.base, lang, name, script=script)
        inside.append(person)
        return person

    yield let_in
    for person in inside:
        person.leave()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What this person keeps on disk."""
    return tmp_path

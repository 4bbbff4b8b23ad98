"""A second program agrees with the path of a receipt, and disagrees when a byte of it is changed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ledger.receipt import Bundle, parse_bundle
from market.client.second_opinion import merkletools_agrees
from tests.market.client.conftest import Market

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("merkletools") is None, reason="merkletools is not installed (make test does it)"
)


@pytest.fixture(scope="module")
def bundle(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundle]:
    """Of the second registration: the last entry of a tree of 2^n + 1 entries has a path of one hash, the next has more."""
    with market.party() as provider:
        market.register(provider, tmp_path_factory.mktemp("before"))
        version = market.register(provider, tmp_path_factory.mktemp("opinion"))
        index = parse_bundle(provider.receipt(str(version["leaf"]))).index
        if index & (index - 1) == 0:
            version = market.register(provider, tmp_path_factory.mktemp("after"))
        yield parse_bundle(provider.receipt(str(version["leaf"])))


def test_it_agrees_with_a_genuine_path(bundle: Bundle) -> None:
    assert len(bundle.path) >= 2
    assert merkletools_agrees(bundle)


def test_it_disagrees_with_every_changed_path(bundle: Bundle) -> None:
    for at, sibling in enumerate(bundle.path):
        changed = (*bundle.path[:at], sibling[:-1] + bytes([sibling[-1] ^ 1]), *bundle.path[at + 1 :])
        assert not merkletools_agrees(replace(bundle, path=changed))


def test_it_disagrees_with_another_statement(bundle: Bundle) -> None:
    statement = bundle.statement[:-1] + bytes([bundle.statement[-1] ^ 1])
    assert not merkletools_agrees(replace(bundle, statement=statement))

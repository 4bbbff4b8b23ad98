"""A refusal's slug is what programs go by: each has one meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import market.app
from market.kit.errors import Fault


def test_no_two_refusals_share_a_slug() -> None:
    assert market.app
    ours = [fault for fault in _below(Fault) if fault.__module__.startswith("market.")]
    slugs = [fault.slug for fault in ours if "slug" in vars(fault)]
    assert len(slugs) > 100
    assert [slug for slug, count in Counter(slugs).items() if count > 1] == []


def _below(parent: type[Fault]) -> Iterator[type[Fault]]:
    for child in parent.__subclasses__():
        yield child
        yield from _below(child)

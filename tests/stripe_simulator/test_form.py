"""Form encoding: whatever is encoded reads back, and whatever is sent is read or refused in Stripe's shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.stripe_simulator.faults import StripeFault
from market.stripe_simulator.form import Tree, parse_form
from market.stripe_simulator.params import (
    EventListParams,
    RefundCreateParams,
    SessionCreateParams,
    check_params,
)

names = st.text(st.characters(exclude_characters="[]", exclude_categories=["Cs"]), min_size=1, max_size=8)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
trees = st.dictionaries(
    names, st.recursive(values, lambda inner: st.dictionaries(names, inner, min_size=1, max_size=4), max_leaves=8), max_size=5
)  # fmt: skip


def pairs(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        where = f"{path}[{name}]" if path else name
        if isinstance(value, dict):
            yield from pairs(value, where)
        else:
            yield where, value


@given(trees)
def test_what_is_encoded_reads_back(tree: Tree) -> None:
    assert parse_form(urlencode(list(pairs(tree))).encode()) == tree


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for shape in (SessionCreateParams, RefundCreateParams, EventListParams):
        try:
            read = check_params(parse_form(body), shape)
        except StripeFault:
            continue
        # None of these shapes has a name as short as chance finds, so only nothing at all is read.
        assert read == {}


def test_texts_become_what_the_parameter_is() -> None:
    body = b"charge=ch_1&amount=5&metadata[0]=1&refund_application_fee=true&expand[]=charge&expand[]=payment_intent"
    assert check_params(parse_form(body), RefundCreateParams) == {
        "charge": "ch_1",
        "amount": 5,
        "metadata": {"0": "1"},
        "refund_application_fee": True,
        "expand": ["charge", "payment_intent"],
    }
    assert check_params(parse_form(b"created[gte]=1"), EventListParams) == {"created": {"gte": 1}}
    assert check_params(parse_form(b"created=1"), EventListParams) == {"created": 1}
    assert check_params(parse_form(b"metadata="), RefundCreateParams) == {"metadata": ""}


@pytest.mark.parametrize(
    "body",
    [b"amount=5.0", b"amount=1e3", b"amount= 5", b"amount[a]=5", b"refund_application_fee=True", b"reason=whim",
     b"expand[1]=charge", b"expand=charge", b"metadata[a][b]=1", b"idempotency_key=k", b"api_key=sk_test_1"],
)  # fmt: skip
def test_texts_that_are_not_what_the_parameter_is_are_refused(body: bytes) -> None:
    with pytest.raises(StripeFault):
        check_params(parse_form(body), RefundCreateParams)

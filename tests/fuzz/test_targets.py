"""Each target on its good inputs, on what earlier runs found, and on changes of both; and no parser without a target."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ledger
from tests.fuzz.mutations import mutated
from tests.fuzz.targets import CORPUS, TARGETS

# These take a place and do input and output; the bytes that come out of it go through the parsers.
OPEN_A_PLACE = {"ledger.stores.address.open_files", "ledger.stores.objects.S3Objects.open"}
_PARSER = re.compile(r"(parse|open|decode|split)(_|$)")


@pytest.mark.parametrize("name", TARGETS)
def test_some_good_input_is_accepted_and_every_found_one_is_judged(name: str) -> None:
    target = TARGETS[name]
    accepted = [data for data in target.inputs if target.judge(data)]
    assert accepted


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=50, database=None)
@given(data=st.data())
def test_what_must_hold_of_any_bytes(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    target.judge(data.draw(mutated(target.inputs)))


def test_the_corpus_belongs_to_targets() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} <= set(TARGETS)


def test_every_public_parser_reads_something_in_some_target() -> None:
    returned: set[CodeType] = set()

    def note_return(frame: FrameType, event: str, value: Any) -> None:
        if event == "return" and value is not None:
            returned.add(frame.f_code)

    inputs = [(target, data) for target in TARGETS.values() for data in target.inputs]
    before = sys.getprofile()
    sys.setprofile(note_return)
    try:
        for target, data in inputs:
            target.judge(data)
    finally:
        sys.setprofile(before)
    found = dict(public_parsers())
    assert len(found) > 40
    assert sorted(name for name, parser in found.items() if parser.__code__ not in returned) == sorted(
        OPEN_A_PLACE
    )


def public_parsers() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions and class methods of the ledger that are named like parsers, by their full names."""
    for module in pkgutil.walk_packages(ledger.__path__, "ledger."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(value) and value.__module__ == module.name and _PARSER.match(name):
                yield f"{module.name}.{name}", value
            elif inspect.isclass(value) and value.__module__ == module.name and not name.startswith("_"):
                for inner, member in vars(value).items():
                    if isinstance(member, classmethod) and _PARSER.match(inner):
                        yield f"{module.name}.{name}.{inner}", member.__func__

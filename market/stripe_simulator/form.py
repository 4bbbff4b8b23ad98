"""Stripe's form encoding: `line_items[0][price_data][currency]=cny`, in bodies and query strings."""

from __future__ import annotations

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from market.stripe_simulator.faults import StripeFault

# A branch maps each bracketed name to a branch or to the text of a leaf. Whether "0", "1" are places in a
# list or names in a map (as in metadata) is for the parameter's type to say.
Tree: TypeAlias = "dict[str, Tree | str]"
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
MAX_FIELDS = 1_000
MAX_DEPTH = 8


def parse_form(encoded: bytes) -> Tree:
    """Decode one body or query string.

    Raises StripeFault for text that is not UTF-8, broken brackets, a name given twice, a name that is leaf
    and branch at once, more than 1,000 fields or more than 8 levels.
    """
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(encoded),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise StripeFault(f"The parameters are not valid form encoding: {error}.") from None
    root: Tree = {}
    for key, value in pairs:
        _plant(root, key, value)
    return root


def _plant(root: Tree, key: str, value: str) -> None:
    match = _KEY.fullmatch(key)
    if match is None:
        raise StripeFault(f"Invalid parameter name: {key}.", param=key)
    names = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(names) > MAX_DEPTH:
        raise StripeFault(f"Parameter is nested too deeply: {key}.", param=key)
    branch = root
    for name in names[:-1]:
        below = branch.setdefault(name or str(len(branch)), {})
        if isinstance(below, str):
            raise StripeFault(f"Parameter {key} is both a value and an object.", param=key)
        branch = below
    leaf = names[-1] or str(len(branch))
    if leaf in branch:
        raise StripeFault(f"Parameter given twice: {key}.", param=key)
    branch[leaf] = value

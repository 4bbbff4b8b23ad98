"""Reads the query of a row request: columns as CSV, conditions as "column op value"."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import cast

from market.delivery.errors import BadCondition
from market.delivery.reader.shapes import Filter, Op
from market.kit.i18n import N_

_SYMBOLS: dict[str, Op] = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_CONDITION = re.compile(
    r"(?P<column>.+?)\s+(?P<op>eq|ne|lt|le|gt|ge|contains|is_null|!=|<=|>=|=|<|>)(?:\s(?P<value>.*))?",
    re.DOTALL,
)


def read_columns(given: Sequence[str]) -> tuple[str, ...] | None:
    """Column names from comma-separated texts, quoted as in CSV where a name has a comma; None for all columns."""
    try:
        names = [name for text in given for row in csv.reader([text], strict=True) for name in row]
    except csv.Error as error:
        raise BadCondition(
            N_("The list of columns cannot be read: %(why)s."),
            hint=N_("Write names separated by commas; put a name that has a comma in double quotes."),
            where="columns",
            why=str(error),
        ) from error
    return tuple(names) or None


def read_condition(text: str) -> Filter:
    """A condition such as "teu ge 100" or "port is_null true"; the op may also be =, !=, <, <=, >, >=."""
    match = _CONDITION.fullmatch(text)
    if match is None or (match["value"] is None and match["op"] != "is_null"):
        raise BadCondition(
            N_("%(text)s is not a condition."),
            hint=N_("Write column, op and value: origin eq JFK. Ops: eq ne lt le gt ge contains is_null."),
            where="where",
            text=text[:100],
        )
    op = _SYMBOLS.get(match["op"], match["op"])
    value = match["value"] if match["value"] is not None else "true"
    return Filter(match["column"].strip(), cast("Op", op), value)

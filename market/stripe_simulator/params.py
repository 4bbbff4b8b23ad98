"""Checks decoded parameters against the TypedDicts of the official client (stripe.params).

So the simulator takes exactly the names, shapes and enumerated values that the real API documents.
This is the only module here that reads the stripe package, and it reads only its types.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

from stripe import RequestOptions, api_version
from stripe.params import (
    ChargeRetrieveParams,
    EventListParams,
    EventRetrieveParams,
    PaymentIntentRetrieveParams,
    RefundCreateParams,
    RefundListParams,
    RefundRetrieveParams,
    WebhookEndpointCreateParams,
)
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListLineItemsParams,
    SessionListParams,
    SessionRetrieveParams,
)
from typing_extensions import get_type_hints, is_typeddict

from market.stripe_simulator.faults import StripeFault
from market.stripe_simulator.form import Tree

API_VERSION = api_version
__all__ = [
    "API_VERSION",
    "ChargeRetrieveParams",
    "EventListParams",
    "EventRetrieveParams",
    "PaymentIntentRetrieveParams",
    "RefundCreateParams",
    "RefundListParams",
    "RefundRetrieveParams",
    "SessionCreateParams",
    "SessionExpireParams",
    "SessionListLineItemsParams",
    "SessionListParams",
    "SessionRetrieveParams",
    "WebhookEndpointCreateParams",
    "check_params",
]
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")
_UNION = (Union, types.UnionType)


def check_params(tree: Tree, shape: Any) -> dict[str, Any]:
    """The parameters with their types: ints, bools, lists and dicts instead of text.

    shape: a TypedDict of stripe.params. Raises StripeFault (parameter_unknown, parameter_missing,
    parameter_invalid_integer, parameter_invalid_empty, …), whose `param` says where.
    """
    return _object(tree, shape, "")


@cache
def _fields(shape: Any) -> Mapping[str, Any]:
    # Names that the client's modules import for type checkers only.
    seen_by_checkers = {"StripeContext": object, "Mapping": Mapping}
    hints = get_type_hints(shape, localns=seen_by_checkers, include_extras=True)
    # The TypedDicts inherit the options of the call (key, account, …), which travel as headers.
    return {name: hint for name, hint in hints.items() if name not in RequestOptions.__annotations__}


def _object(tree: Tree, shape: Any, path: str) -> dict[str, Any]:
    fields = _fields(shape)
    for name in tree:
        if name not in fields:
            where = _below(path, name)
            raise StripeFault(f"Received unknown parameter: {where}", code="parameter_unknown", param=where)
    result = {}
    for name, hint in fields.items():
        where = _below(path, name)
        if name in tree:
            result[name] = _value(tree[name], hint, where)
        elif get_origin(hint) is not NotRequired:
            raise StripeFault(f"Missing required param: {where}.", code="parameter_missing", param=where)
    return result


def _below(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _alternatives(hint: Any) -> list[Any]:
    """The members of a union, flattened; of anything else, itself."""
    origin = get_origin(hint)
    if origin in (NotRequired, Required):
        return _alternatives(get_args(hint)[0])
    if origin in _UNION:
        return [inner for member in get_args(hint) for inner in _alternatives(member)]
    return [hint]


def _value(given: Tree | str, hint: Any, where: str) -> Any:
    members = _alternatives(hint)
    return _branch(given, members, where) if isinstance(given, dict) else _leaf(given, members, where)


def _branch(given: Tree, members: list[Any], where: str) -> Any:
    for member in members:
        if is_typeddict(member):
            return _object(given, member, where)
        if get_origin(member) is list:
            if list(given) != [str(place) for place in range(len(given))]:
                raise StripeFault(f"Invalid array: {where} must be numbered from 0.", param=where)
            return [_value(item, get_args(member)[0], _below(where, place)) for place, item in given.items()]
        if get_origin(member) is dict:
            return {
                name: _value(item, get_args(member)[1], _below(where, name)) for name, item in given.items()
            }
    raise StripeFault(f"Invalid object: {where} is a single value.", param=where)


def _leaf(given: str, members: list[Any], where: str) -> Any:
    allowed = [value for member in members if get_origin(member) is Literal for value in get_args(member)]
    if given in allowed:
        return given
    if not given:
        raise StripeFault(
            f"You passed an empty string for '{where}'. Leave the parameter out instead.",
            code="parameter_invalid_empty",
            param=where,
        )
    # `Literal[…] | str` is how the client types an enumeration that may grow; the API takes the known values.
    if any(allowed):
        raise StripeFault(f"Invalid {where}: must be one of {', '.join(filter(None, allowed))}", param=where)
    if int in members:
        return _integer(given, where)
    if bool in members:
        if given not in ("true", "false"):
            raise StripeFault(f"Invalid boolean: {given}", param=where)
        return given == "true"
    if str in members:
        return given
    if Decimal in members or float in members:
        if not _DECIMAL.fullmatch(given):
            raise StripeFault(f"Invalid decimal: {given}", param=where)
        return Decimal(given)
    raise StripeFault(f"Invalid {where}: it has parts of its own.", param=where)


def _integer(given: str, where: str) -> int:
    if not _INTEGER.fullmatch(given):
        raise StripeFault(f"Invalid integer: {given}", code="parameter_invalid_integer", param=where)
    return int(given)

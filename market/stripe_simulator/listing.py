"""Lists by cursor, and expansion of ids into the objects they name."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from market.stripe_simulator.faults import StripeFault, missing_object
from market.stripe_simulator.store import Json, Store

# (kind of object, its field) -> where the named object is kept.
_EXPANDABLE = {
    ("checkout.session", "payment_intent"): "intents",
    ("payment_intent", "latest_charge"): "charges",
    ("charge", "payment_intent"): "intents",
    ("refund", "charge"): "charges",
    ("refund", "payment_intent"): "intents",
}
_COMPARISONS = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}


def page(objects: Iterable[Json], params: Json, url: str) -> Json:
    """One page, newest first. objects: all that match, oldest first. url: the list's own path.

    Raises StripeFault for a limit outside 1 to 100 and for a cursor that is not in the list.
    """
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeFault("Invalid integer: limit must be between 1 and 100", param="limit")
    if "starting_after" in params and "ending_before" in params:
        raise StripeFault("You cannot pass both starting_after and ending_before.", param="ending_before")
    rows = [row for row in objects if "created" not in params or _within(row["created"], params["created"])][
        ::-1
    ]
    if "ending_before" in params:
        before = rows[: _place(rows, params["ending_before"], "ending_before")]
        rows, more = before[-limit:], len(before) > limit
    else:
        start = (
            _place(rows, params["starting_after"], "starting_after") + 1 if "starting_after" in params else 0
        )
        rows, more = rows[start : start + limit], len(rows) > start + limit
    return {"object": "list", "data": rows, "has_more": more, "url": url}


def _within(created: int, wanted: int | Json) -> bool:
    if isinstance(wanted, int):
        return created == wanted
    return all(_COMPARISONS[name](created, bound) for name, bound in wanted.items())


def _place(rows: list[Json], object_id: str, param: str) -> int:
    for place, row in enumerate(rows):
        if row["id"] == object_id:
            return place
    raise missing_object("object", object_id, param=param, status=400)


def expanded(store: Store, result: Json, paths: list[str]) -> Json:
    """A copy of the object or list with the named fields expanded. Raises StripeFault."""
    result = deepcopy(result)
    for path in paths:
        names = path.split(".")
        if len(names) > 4:
            raise StripeFault(f"You cannot expand more than 4 levels of a property: {path}", param="expand")
        if result["object"] == "list":
            if names[0] != "data":
                raise _not_expandable(path)
            for row in result["data"]:
                _expand(store, row, names[1:], path)
        else:
            _expand(store, result, names, path)
    return result


def _expand(store: Store, target: Json, names: list[str], path: str) -> None:
    if not names:
        return
    field, *deeper = names
    if (target["object"], field) == ("checkout.session", "line_items"):
        url = f"/v1/checkout/sessions/{target['id']}/line_items"
        target[field] = page(deepcopy(store.line_items[target["id"]])[::-1], {}, url)
        return
    kind = _EXPANDABLE.get((target["object"], field))
    if kind is None:
        raise _not_expandable(path)
    named = target[field]
    if isinstance(named, str):
        named = target[field] = deepcopy(store.get(kind, named))
    if named is not None:
        _expand(store, named, deeper, path)


def _not_expandable(path: str) -> StripeFault:
    return StripeFault(f"This property cannot be expanded ({path}).", param="expand")

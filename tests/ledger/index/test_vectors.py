"""The worked example that is checked in: `worked_example.json`, written by `python -m tests.ledger.index.test_vectors`.

Everything in it follows from the entries and fixed keys, so whoever writes an index of their own can compare.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.encoding import format_base64
from ledger.index.check import check_history
from ledger.index.keys import DEFINITION, MAP_VERSION, keys_of
from ledger.index.trie import commit_indices
from ledger.policy import format_policy, parse_policy
from tests.ledger.index.test_trie import naive_root
from tests.ledger.index.worlds import TRUST_LOG, Indexed, asset, genesis, statement
from tests.ledger.logs import naive_root as naive_log_root

FILE = Path(__file__).with_name("worked_example.json")
PRESENT, ABSENT = asset(1), asset(4)


def make() -> dict[str, Any]:
    world = Indexed(genesis())
    world.publish(statement(1), statement(2, 2), b"no statement")
    world.publish(statement(1, 2, kind="offer"))
    world.follow()
    reader = world.index_reader()
    return {
        "definition": DEFINITION,
        "mapVersion": MAP_VERSION,
        "trust": format_policy(TRUST_LOG).decode(),
        "entries": [{"hex": entry.hex(), "keys": list(keys_of(entry))} for entry in world.entries],
        "lists": dict(sorted(lists_of(world.entries).items())),
        "mapRoot": world.map.root.hex(),
        "states": [entry.decode() for entry in reader.entries(0, reader.size)],
        "histories": {key: world.prove(key).decode() for key in (PRESENT, ABSENT)},
    }


def lists_of(entries: list[bytes]) -> dict[str, list[int]]:
    lists: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        for key in keys_of(entry):
            lists.setdefault(key, []).append(index)
    return lists


def example() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


def test_the_example_is_what_the_product_makes() -> None:
    assert make() == example()


def test_its_roots_follow_from_its_lists_by_the_definition() -> None:
    found = example()
    entries = [bytes.fromhex(entry["hex"]) for entry in found["entries"]]
    for line, size in zip(found["states"], (2, 5, 6), strict=True):
        version, origin, count, root, mapping, map_root, end = line.split("\n")
        assert (version, origin, count, end) == (
            "datawharf/index-state/v1",
            "ledger.example/test",
            str(size),
            "",
        )
        lists = {
            sha256(key.encode()).digest(): commit_indices(shown)
            for key, indices in found["lists"].items()
            if (shown := [index for index in indices if index < size])
        }
        assert format_base64(naive_root(lists)) == map_root
        assert format_base64(naive_log_root(entries[:size])) == root
        assert mapping == found["mapVersion"]
        if size == len(entries):
            assert format_base64(bytes.fromhex(found["mapRoot"])) == map_root


def test_its_histories_pass() -> None:
    found = example()
    trust = parse_policy(found["trust"].encode())
    for key, history in found["histories"].items():
        report = check_history(history.encode(), trust, key=key, rebuilt=bytes.fromhex(found["mapRoot"]))
        assert report.ok
        assert report.history is not None
        assert list(report.history.indices) == found["lists"].get(key, [])


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n", "utf-8")

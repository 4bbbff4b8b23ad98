"""The index against a plain dictionary, through random appends, batches, restarts, failures and lost files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.errors import StorageFailed
from ledger.index.check import check_history
from ledger.index.history import parse_history
from ledger.index.keys import UNREADABLE, keys_of
from ledger.index.state import parse_state
from tests.ledger.index.worlds import TRUST, Indexed, asset, genesis, org, statement

ENTRIES = st.lists(
    st.builds(statement, st.integers(1, 40), st.integers(1, 4), number=st.integers(0, 10**6))
    | st.binary(max_size=8),
    min_size=1,
    max_size=40,
)
ABSENT = ("asset:none", "kind:urn:datawharf:predicate/offer/v1")


class IndexMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = Indexed(genesis(), Path(self.folder.name) / "map.sqlite")
        self.world.follow()

    @rule(entries=ENTRIES)
    def publish(self, entries: list[bytes]) -> None:
        self.world.publish(*entries)

    @rule()
    def follow(self) -> None:
        self.world.follow()
        assert self.world.map.size == len(self.world.entries)
        assert self.world.map.served == self.world.index_reader().size

    @rule()
    def restart(self) -> None:
        self.world.restart()

    @rule(write=st.integers(1, 12), persisted=st.booleans())
    def fail_and_restart(self, write: int, persisted: bool) -> None:
        faults = self.world.index_world.faults
        faults.plan(write, "persisted" if persisted else "lost")
        try:
            self.world.follow()
        except StorageFailed:
            self.check_all()
        faults.clear()
        self.world.restart()

    @rule()
    def lose_the_map(self) -> None:
        assert self.world.file is not None
        self.world.map.close()
        self.world.file.unlink()
        self.world.restart()
        self.world.follow()

    @invariant()
    def check_all(self) -> None:
        # What a process published before it ended is served once another one has looked.
        size = parse_state(self.world.index_reader().entry(self.world.map.served - 1)).log.size
        model: dict[str, list[int]] = {}
        for index, entry in enumerate(self.world.entries[:size]):
            for key in keys_of(entry):
                model.setdefault(key, []).append(index)
        for key in {*model, *ABSENT, UNREADABLE, asset(1), org(1)}:
            data = self.world.prove(key, with_entries=key.startswith("asset:"))
            report = check_history(data, TRUST, key=key)
            assert report.ok, [step.sentence() for step in report.steps]
            assert list(parse_history(data).indices) == model.get(key, [])

    def teardown(self) -> None:
        self.world.map.close()
        self.folder.cleanup()


IndexMachine.TestCase.settings = settings(max_examples=8, stateful_step_count=8, deadline=None)
TestIndexAgainstADictionary = IndexMachine.TestCase

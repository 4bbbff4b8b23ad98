"""Two states of the log compared: the proof that the later one continues the earlier, and what both are made of."""

from __future__ import annotations

from ledger.errors import Conflict, LedgerError
from ledger.reader import LogReader
from ledger.tree import consistency_ranges, root_at
from market.kit.errors import InvalidInput
from market.kit.i18n import N_
from market.provenance.gateway import Ledger
from market.provenance.schemas import ConsistencyView, NodeView, StateView


def compare(ledger: Ledger, old: int, new: int) -> ConsistencyView:
    """The proof from `old` to `new` entries, of any sizes that the log has had. `InvalidInput` names the wrong one."""
    reader = ledger.refreshed()
    for field, size in (("from", old), ("to", new)):
        if not 1 <= size <= reader.size:
            raise InvalidInput(
                N_("The ledger has had no state of %(size)s entries."),
                hint=N_("Enter a number from 1 to %(last)s."),
                where=field,
                last=reader.size,
                size=size,
            )
    if old > new:
        raise InvalidInput(
            N_("The earlier state comes first: it cannot have more entries than the later one."),
            hint=N_("Exchange the two numbers."),
            where="from",
        )
    path, ranges = reader.consistency(old, new), consistency_ranges(old, new)
    roots = {size: root_at(size, reader.hashes(size)) for size in (old, new)}
    given = len(path) == len(ranges)
    hashes = path if given else [roots[old], *path]
    nodes = [
        NodeView(
            begin=begin,
            end=end,
            hash=found.hex(),
            shared=end <= old,
            given=given or (begin, end) != (0, old),
        )
        for (begin, end), found in zip(ranges, hashes, strict=True)
    ]
    return ConsistencyView(
        origin=ledger.origin,
        old=_state(reader, old, roots[old]),
        new=_state(reader, new, roots[new]),
        path=[found.hex() for found in path],
        nodes=sorted(nodes, key=lambda node: node.begin),
    )


def published_before(ledger: Ledger, size: int) -> int | None:
    """The size of the last checkpoint that was published with fewer than `size` entries; None if there is none."""
    try:
        covering = ledger.refreshed().checkpoint_covering(size - 1)
        return ledger.kept.previous(covering.size)
    except LedgerError:
        return None


def published_from(ledger: Ledger, size: int) -> int | None:
    """The size of the first checkpoint that was published with at least `size` entries; None if there is none yet."""
    try:
        return ledger.refreshed().checkpoint_covering(size - 1).size
    except Conflict:
        return None


def _state(reader: LogReader, size: int, root: bytes) -> StateView:
    try:
        note = reader.checkpoint_at(size).note.decode()
    except LedgerError:
        note = None
    return StateView(size=size, root=root.hex(), checkpoint=note)

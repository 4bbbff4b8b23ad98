"""Bringing a log up: which copy of its head is right, and making the object store agree with it.

Three places know a head: the lock store (what the log is), the signer's state and the published checkpoint
(what was promised). The lock store is always the first to move, so one of the others that is ahead of it, or
names another tree, means that a store was restored from an old or foreign copy. Then nothing may be signed. If all
three are old together, only witnesses know it; `Log.load` asks those it has.
"""

from ledger.checkpoint import Checkpoint
from ledger.errors import StorageFailed
from ledger.head import Head, parse_staged
from ledger.integrate import EMPTY_EDGE, Edge, Growth, check_last_bundle, grow, read_edge
from ledger.storage import ObjectStore
from ledger.tiles import TileReader
from ledger.tree import root_at


def compare_copies(head: Head, signed: Checkpoint | None, published: Checkpoint | None) -> None:
    """`StorageFailed` if a promise was made that the lock store does not know of, saying what to restore."""
    for known, who in ((signed, "The signer"), (published, "The published checkpoint")):
        if known is None:
            continue
        if known.size > head.size:
            raise StorageFailed(
                f"{who} of {head.origin} knows {known.size} entries, the lock store only {head.size}: the ledger "
                "is behind its own signed head, and nothing was signed. Restore the lock store and the object "
                f"store from a copy that has at least {known.size} entries."
            )
        if known.size == head.size and known.root != head.root:
            raise StorageFailed(
                f"{who} of {head.origin} knows another tree of {head.size} entries than the lock store: they are "
                "copies of different logs. Restore the stores that belong together; nothing was signed."
            )
    if published is not None and (signed is None or signed.size < published.size):
        knows = "nothing" if signed is None else f"only {signed.size} entries"
        raise StorageFailed(
            f"The published checkpoint of {head.origin} knows {published.size} entries, the signer's state {knows}: "
            "the signer is behind the log, and nothing was signed. Restore the signer's state file from a newer "
            "copy."
        )


def complete_head(head: Head, objects: ObjectStore) -> Edge:
    """Write again what the head's staged batch leads to, and return the right edge; the same bytes each time."""
    staged = None if head.staged is None else objects.read(head.staged)
    if staged is not None:
        growth = _regrow(head, staged, objects)
        objects.create(growth.objects)
        return growth.edge
    try:
        edge = read_edge(objects.read, head.size)
        check_last_bundle(objects.read, head.size)
    except StorageFailed as error:
        raise _behind(head, str(error)) from error
    if edge.root != head.root:
        raise _behind(head, "Its last tiles lead to another root.")
    return edge


def check_prefix(edge: Edge, objects: ObjectStore, earlier: Checkpoint) -> None:
    """`StorageFailed` unless the log's tree starts with the tree of an `earlier` signed head."""
    if root_at(earlier.size, TileReader(objects.read, edge.size)) != earlier.root:
        raise StorageFailed(
            f"The first {earlier.size} entries of {earlier.origin} in the object store are not those that were "
            "signed. Run fsck, and restore the files that it names; nothing was signed."
        )


def _regrow(head: Head, data: bytes, objects: ObjectStore) -> Growth:
    staged = parse_staged(data)
    if (staged.origin, staged.stop, staged.root) != (head.origin, head.size, head.root):
        raise _behind(head, f"The staged batch {head.staged} belongs to another head.")
    edge = read_edge(objects.read, staged.start) if staged.start else EMPTY_EDGE
    growth = grow(edge, staged.framed)
    if growth.root != head.root:
        raise _behind(head, f"The staged batch {head.staged} leads to another root.")
    return growth


def _behind(head: Head, why: str) -> StorageFailed:
    return StorageFailed(
        f"The object store of {head.origin} does not hold the {head.size} entries that the lock store names. {why} "
        "Restore the object store from a copy that has them; nothing was signed."
    )

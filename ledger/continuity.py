"""Whether a signed head continues the one that was held before, by the log's own tiles.

smaller                      RolledBack, or Forked if it is not even an earlier state of the same history
same size, another root      Forked: the two notes alone prove it
larger                       the consistency path out of the tiles must lead to both roots; else Forked if the
                             tiles lead to the new root without the old one, Mismatched if they lead to neither
"""

from collections.abc import Callable

from ledger.checkpoint import Checkpoint
from ledger.errors import LedgerError, StorageFailed, Unverified
from ledger.proofs import verify_consistency
from ledger.tiles import TileReader
from ledger.tree import consistency_path, root_at

Read = Callable[[str], bytes | None]


class Discontinued(Unverified):
    """The head that is served does not continue the one that is held."""


class Forked(Discontinued):
    """Two histories are signed with the same key."""


class RolledBack(Discontinued):
    """The head that is served is an earlier state than the one that is held."""


class Mismatched(Discontinued):
    """The tiles that are served do not lead to the signed root, so nothing can be said about the two heads."""


def check_continuation(held: Checkpoint, served: Checkpoint, read: Read) -> None:
    """Return if `served` is `held` or grew out of it; `Discontinued` says how not.

    Both must come from verified notes. `read` gives the log's file at a path; `StorageFailed` if it cannot.
    """
    step = f"The published checkpoint of {held.origin} went from {held.size} entries to"
    if served.origin != held.origin:
        raise Unverified(f"The checkpoint is of {served.origin}, not of {held.origin}.")
    if served.size == held.size:
        if served.root != held.root:
            raise Forked(f"{step} another tree of {served.size}: two histories are signed.")
    elif served.size < held.size:
        if _is_other_history(served, held, read):
            raise Forked(f"{step} another tree of {served.size}, which is no earlier state of it.")
        raise RolledBack(f"{step} another tree of {served.size}: it went back.")
    else:
        _check_growth(step, held, served, read)


def check_tiles_lead_to(checkpoint: Checkpoint, read: Read) -> None:
    """`Mismatched` unless the tiles at the right edge give the signed root of `checkpoint`."""
    if root_at(checkpoint.size, TileReader(read, checkpoint.size)) != checkpoint.root:
        raise Mismatched(
            f"The tiles of {checkpoint.origin} do not lead to the signed root of {checkpoint.size} entries."
        )


def _check_growth(step: str, held: Checkpoint, served: Checkpoint, read: Read) -> None:
    path = consistency_path(held.size, served.size, TileReader(read, served.size))
    try:
        verify_consistency(held.size, held.root, served.size, served.root, path)
    except Unverified as error:
        check_tiles_lead_to(served, read)
        raise Forked(f"{step} a tree of {served.size} that does not continue it. {error}") from error


def _is_other_history(smaller: Checkpoint, larger: Checkpoint, read: Read) -> bool:
    """Whether the tiles of the larger tree, if they are still served, show that the smaller is none of its states."""
    try:
        path = consistency_path(smaller.size, larger.size, TileReader(read, larger.size))
        check_tiles_lead_to(larger, read)
    except (StorageFailed, Mismatched):
        return False
    try:
        verify_consistency(smaller.size, smaller.root, larger.size, larger.root, path)
    except LedgerError:
        return True
    return False

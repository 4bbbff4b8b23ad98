"""Whether a signed head continues the one that was held before, by the log's own tiles.

smaller                      RolledBack, or Forked if it is not even an earlier state of the same history
same size, another root      Forked: the two notes alone prove it
larger                       the consistency path out of the tiles must lead to both roots; else Forked if the
                             tiles lead to the new root without the old one, Mismatched if they lead to neither
"""

from collections.abc import Callable
from contextlib import suppress

from ledger.checkpoint import Checkpoint
from ledger.errors import StorageFailed, Unverified
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
    elif served.size > held.size:
        if _earlier_root(held.size, served, read) != held.root:
            raise Forked(f"{step} a tree of {served.size} that does not continue it.")
    else:
        # The tiles of the larger tree may be gone with it; then nobody can tell more than that it went back.
        with suppress(StorageFailed, Mismatched):
            if _earlier_root(served.size, held, read) != served.root:
                raise Forked(f"{step} another tree of {served.size}, which is no earlier state of it.")
        raise RolledBack(f"{step} another tree of {served.size}: it went back.")


def check_tiles_lead_to(checkpoint: Checkpoint, read: Read) -> None:
    """`Mismatched` unless the tiles at the right edge give the signed root of `checkpoint`."""
    if root_at(checkpoint.size, TileReader(read, checkpoint.size)) != checkpoint.root:
        raise _mismatched(checkpoint)


def _earlier_root(size: int, checkpoint: Checkpoint, read: Read) -> bytes:
    """The root of the first `size` entries in the history of `checkpoint`; `Mismatched` if its tiles do not prove it."""
    tiles = TileReader(read, checkpoint.size)
    root = root_at(size, tiles)
    try:
        path = consistency_path(size, checkpoint.size, tiles)
        verify_consistency(size, root, checkpoint.size, checkpoint.root, path)
    except Unverified as error:
        raise _mismatched(checkpoint) from error
    return root


def _mismatched(checkpoint: Checkpoint) -> Mismatched:
    return Mismatched(
        f"The tiles of {checkpoint.origin} do not lead to the signed root of {checkpoint.size} entries."
    )

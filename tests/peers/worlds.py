"""A log of the ledger's own making on disk, with statements and plain entries, to be read by others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ledger.log import Log
from ledger.signer import Signer
from ledger.stores.files import FileLock, FileObjects
from tests.ledger.logs import entries
from tests.ledger.market_in_a_box import TIME, Market, key

PROVIDER = key(20)


@dataclass(frozen=True)
class OwnLog:
    """files: the served folder. sizes: of the published checkpoints."""

    market: Market
    log: Log
    files: Path
    sizes: tuple[int, ...]


def own_log(folder: Path, *sizes: int) -> OwnLog:
    """A log that published a checkpoint at each of `sizes`. Entry 0 is its policy, 1 a binding, 2 a registration."""
    market = Market()
    market.add(market.binding(PROVIDER, market.org(1)))
    market.add(market.registration(PROVIDER, market.org(1)))
    every = [*market.entries, *entries(len(market.entries), sizes[-1])]
    signer = Signer(folder / "state", market.log_signer, market.cosigner, market.receipt_key)
    files = folder / "log"
    lock = FileLock(folder / "head")
    log = Log.create(market.origin, FileObjects(files), lock, signer, every[: sizes[0]])
    log.publish(TIME)
    for number, (old, new) in enumerate(pairwise(sizes), 1):
        log.append(every[old:new])
        log.publish(TIME + number)
    return OwnLog(market, log, files, sizes)

"""Who watches over the log: what each witness last cosigned, how far that is behind, and whether it is enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ledger.errors import StorageFailed, Unverified
from ledger.note import Verifier
from ledger.policy import quorum_met
from market.kit.errors import NotFound
from market.kit.i18n import N_
from market.provenance.gateway import Ledger
from market.provenance.schemas import WitnessesView, WitnessView

# A witness that cosigned none of these is far behind; looking further costs a read each and says little more.
LOOKED_AT = 50


def watched(ledger: Ledger) -> WitnessesView:
    """Each cosigner's last cosignature among the kept checkpoints, newest first."""
    published = ledger.refreshed().published
    if published is None:
        raise NotFound(N_("This log has not published a checkpoint yet."))
    policy = ledger.policy
    wanted = {ledger.operator, *(witness.verifier for witness in policy.witnesses)}
    sizes, last = _last_cosigned(ledger, published.size, wanted)
    published_at = ledger.time_of(published)

    def view(name: str, verifier: Verifier, url: str | None) -> WitnessView:
        size, at = last.get(verifier, (None, None))
        return WitnessView(
            name=name,
            vkey=verifier.vkey,
            url=url,
            same_operator=verifier == ledger.operator,
            size=size,
            at=at,
            entries=0 if size is None else published.size - size,
            lag=max(published_at - at, timedelta()) if published_at and at else None,
        )

    return WitnessesView(
        size=published.size,
        published_at=published_at,
        operator=view(ledger.operator.name, ledger.operator, None),
        witnesses=[view(each.name, each.verifier, each.url) for each in policy.witnesses],
        groups=[(group.name, group.threshold, group.members) for group in policy.groups],
        quorum=policy.quorum,
        quorum_met=quorum_met(policy, ledger.cosigned(published.size)),
        looked_at=len(sizes),
    )


def _last_cosigned(
    ledger: Ledger, newest: int, wanted: set[Verifier]
) -> tuple[Sequence[int], dict[Verifier, tuple[int, datetime | None]]]:
    """The sizes that were looked at, and where each of `wanted` cosigned last, with the time if it states one."""
    sizes: list[int] = []
    last: dict[Verifier, tuple[int, datetime | None]] = {}
    size: int | None = newest
    while size is not None and len(sizes) < LOOKED_AT and wanted - last.keys():
        try:
            cosigned = ledger.cosigned(size)
        except (StorageFailed, Unverified):
            # Missing in this copy, or signed with a key that the log has retired since.
            break
        sizes.append(size)
        for verifier, time in cosigned.items():
            last.setdefault(verifier, (size, datetime.fromtimestamp(time, UTC) if time else None))
        size = _size_before(ledger, size)
    return sizes, last


def _size_before(ledger: Ledger, size: int) -> int | None:
    """The size that was published before; None for the first, and in a copy without the links between checkpoints."""
    try:
        return ledger.kept.previous(size)
    except StorageFailed:
        return None

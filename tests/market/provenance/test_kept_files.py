"""What is kept beside a checkpoint is served with it, so that anybody with the address alone reads the log as we do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.fsck import fsck
from ledger.reader import LogReader
from tests.builders.marketplace import Marketplace


@dataclass
class Served:
    """The log's files, as a visitor gets them."""

    market: Marketplace
    prefix: str = "/ledger"

    def read(self, path: str) -> bytes | None:
        reply = self.market.browser().get(f"{self.prefix}/{path}")
        return reply.content if reply.status_code == 200 else None


def test_a_visitor_makes_the_same_receipts_out_of_the_served_files(
    small_market: Marketplace, tmp_path: Path
) -> None:
    leaf = small_market.registered(small_market.party("harbour"), tmp_path / "data")["leaf"]
    ledger, visitor = small_market.ledger, small_market.visitor()
    index = visitor.api.get(f"/api/v1/statements/{leaf}")["index"]
    reader = LogReader(ledger.origin, Served(small_market), *ledger.policy.log_keys(ledger.origin))
    reader.refresh()
    assert reader.receipt(index) == ledger.receipt(index, [], [])
    keys = ledger.policy.log_keys(ledger.origin)
    report = fsck(Served(small_market), keys[0], receipt_key=ledger.receipt_keys()[0])
    assert (report.problems, report.checkpoints) == ((), 2)


@pytest.mark.parametrize("prefix", ["/ledger", "/ledger/index/v1"])
def test_what_is_kept_never_changes_and_nothing_else_is_there(small_market: Marketplace, prefix: str) -> None:
    size = int(small_market.browser().get(f"{prefix}/checkpoint").text.split("\n")[1])
    for kind, media_type in (("cose", "application/cose"), ("links", "text/plain; charset=utf-8")):
        reply = small_market.browser().get(f"{prefix}/checkpoints/{size}.{kind}")
        assert reply.headers["content-type"] == media_type
        assert "immutable" in reply.headers["cache-control"]
    for missing in (f"{size}.tsr", f"{size + 1}.cose", f"{size}.json", f"{size}."):
        assert small_market.browser().get(f"{prefix}/checkpoints/{missing}").status_code in (404, 422)

"""Pages for whoever wants to see that the ledger keeps its word: witnesses, two states compared, histories."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from httpx import Response
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.hashing import leaf_hash, node_hash
from ledger.proofs import verify_consistency
from ledger.tree import consistency_path, consistency_ranges, root_at
from market.kit.i18n import format_when
from market.provenance.gateway import Ledger
from market.provenance.histories import history, key_for
from market.provenance.schemas import ConsistencyView, NodeView, StateView
from market.provenance.tree_drawing import draw_consistency
from market.provenance.watching import LOOKED_AT, watched
from tests.builders.marketplace import Marketplace
from tests.builders.watched import Watched


def words(answer: Response) -> str:
    main = answer.text.split("<main", 1)[1].split("</main", 1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def hrefs(answer: Response) -> list[str]:
    return re.findall(r'href="([^"]+)"', answer.text)


# Witnesses


def test_a_log_without_witnesses_says_what_that_means(small_market: Marketplace) -> None:
    web = small_market.browser()
    said = words(web.get("/en/ledger/witnesses"))
    assert "This ledger has no independent witnesses." in said
    assert "same operator" in said
    assert "datawharf witness init" in said
    assert "此账本没有独立见证方。" in words(web.get("/zh/ledger/witnesses"))


def test_each_witness_is_shown_with_how_far_it_is_behind(small_market: Marketplace, tmp_path: Path) -> None:
    market = small_market
    before = market.ledger.refreshed().size
    published_at = int(market.clock.now().timestamp())
    market.clock.advance(hours=3)
    market.registered(market.party("harbour"), tmp_path / "data")
    market.drain()
    newest = market.ledger.refreshed().size
    watch = Watched(market, ("fresh", "late", "never"), 2)
    watch.cosign("fresh", newest, int(market.clock.now().timestamp()))
    watch.cosign("late", before, published_at)

    seen = {witness.name: witness for witness in watched(watch.ledger).witnesses}
    assert (seen["fresh"].size, seen["fresh"].entries) == (newest, 0)
    assert (seen["late"].size, seen["late"].entries) == (before, newest - before)
    lag = seen["late"].lag
    assert lag is not None
    assert 3 * 3600 - 5 <= lag.total_seconds() <= 3 * 3600 + 600
    assert (seen["never"].size, seen["never"].at) == (None, None)
    found = watched(watch.ledger)
    assert found.operator.same_operator
    assert found.operator.entries == 0
    assert not found.quorum_met

    watch.cosign("never", newest, int(market.clock.now().timestamp()))
    assert watched(watch.ledger).quorum_met


def test_the_page_says_who_is_late_and_whether_it_is_enough(
    small_market: Marketplace, tmp_path: Path
) -> None:
    small_market.registered(small_market.party("harbour"), tmp_path / "data")
    watch = Watched(small_market, ("fresh", "late"), 2)
    newest = small_market.ledger.refreshed().size
    first = watched(watch.ledger).looked_at
    assert 1 < first <= LOOKED_AT
    watch.cosign("fresh", newest, int(small_market.clock.now().timestamp()))
    small_market.ports.add(Ledger, watch.ledger)
    web = small_market.browser()
    said = words(web.get("/en/ledger/witnesses"))
    assert "lacks witnesses" in said
    assert "up to date" in said
    assert "in none of the newest" in said
    assert "enough: at least 2 of 2 (fresh, late)" in said
    watch.cosign("late", newest, int(small_market.clock.now().timestamp()))
    small_market.ports.add(Ledger, watch.ledger)
    assert "has the witnesses that the trust file demands" in words(web.get("/en/ledger/witnesses"))


def test_an_entry_is_in_the_log_by_the_earliest_witness_and_only_without_one_by_the_operator(
    small_market: Marketplace, tmp_path: Path
) -> None:
    small_market.registered(small_market.party("harbour"), tmp_path / "data")
    small_market.drain()
    watch = Watched(small_market, ("early", "late"), 1)
    newest = small_market.ledger.refreshed().size
    now = int(small_market.clock.now().timestamp())
    small_market.ports.add(Ledger, watch.ledger)
    web = small_market.browser()
    entry = f"/ledger/entries/{newest - 1}"
    assert "(the operator's own cosignature)" in unescape(words(web.get(f"/en{entry}")))

    watch.cosign("late", newest, now + 7200)
    watch.cosign("early", newest, now + 3600)
    small_market.ports.add(Ledger, watch.ledger)
    said = unescape(words(web.get(f"/en{entry}")))
    seen = format_when(datetime.fromtimestamp(now + 3600, UTC), "en")
    assert f"In the log by {seen} (cosigned by the witness early)" in said
    assert "operator's own cosignature" not in said
    assert "（见证方 early 的联署时间）" in words(web.get(f"/zh{entry}"))


# Two states


class Tree:
    """A tree of equal leaves, of any size: a subtree's hash depends on its level only."""

    def read_hashes(self, coords: object) -> list[bytes]:
        return [self.hashes[level] for level, _ in coords]  # type: ignore[attr-defined]

    def __init__(self) -> None:
        self.hashes = [leaf_hash(b"the same")]
        for _ in range(40):
            self.hashes.append(node_hash(self.hashes[-1], self.hashes[-1]))


TREE = Tree()


@settings(deadline=None)
@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_a_drawing_of_any_sizes_is_small_and_has_every_hash_of_the_proof(one: int, other: int) -> None:
    old, new = sorted((one, other))
    path, ranges = consistency_path(old, new, TREE), consistency_ranges(old, new)
    roots = [root_at(size, TREE) for size in (old, new)]
    verify_consistency(old, roots[0], new, roots[1], path)
    hashes = path if len(path) == len(ranges) else [roots[0], *path]
    nodes = [
        NodeView(begin=begin, end=end, hash=found.hex(), shared=end <= old, given=True)
        for (begin, end), found in sorted(zip(ranges, hashes, strict=True))
    ]
    proof = ConsistencyView(
        origin="o",
        old=StateView(size=old, root=roots[0].hex(), checkpoint=None),
        new=StateView(size=new, root=roots[1].hex(), checkpoint=None),
        path=[found.hex() for found in path],
        nodes=nodes,
    )
    drawing = draw_consistency(proof, "what it shows", ("later", "earlier"))
    assert len(drawing) < 16_000
    assert drawing.count("<rect") == len(nodes) + 2 <= 50
    assert all(node.hash in drawing for node in nodes)
    assert "style=" not in drawing
    width = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawing)
    assert width is not None
    places = [int(x) for x in re.findall(r"[MHx]=?\"?(\d+)", drawing)]
    assert max(places) <= int(width[1])


def test_the_page_draws_the_last_two_published_states_and_its_twin_holds_the_proof(
    small_market: Marketplace, tmp_path: Path
) -> None:
    small_market.registered(small_market.party("harbour"), tmp_path / "data")
    web = small_market.browser()
    answer = web.get("/en/ledger/consistency")
    assert answer.status_code == 200
    assert "<svg" in answer.text
    [twin] = [address for address in hrefs(answer) if address.startswith("/api/v1/ledger/consistency")]
    proof = web.get(twin.replace("&amp;", "&")).json()
    old, new = (proof[which] for which in ("old", "new"))
    verify_consistency(
        old["size"],
        bytes.fromhex(old["root"]),
        new["size"],
        bytes.fromhex(new["root"]),
        [bytes.fromhex(found) for found in proof["path"]],
    )
    assert old["checkpoint"] == web.get(f"/ledger/checkpoints/{old['size']}").text
    assert all(node["hash"] in answer.text for node in proof["nodes"])
    assert f'data-from="{old["size"]}" data-to="{new["size"]}" data-signed="yes"' in answer.text


def test_every_pair_of_sizes_is_drawn(small_market: Marketplace) -> None:
    small_market.drain()
    web, size = small_market.browser(), small_market.ledger.refreshed().size
    for old in range(1, size + 1):
        assert web.get(f"/en/ledger/consistency?from={old}&to={size}").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "field", "sentence"),
    [
        ("0", "{size}", "from", "The ledger has had no state of 0 entries. Enter a number from 1 to {size}."),
        ("1", "99999", "to", "The ledger has had no state of 99999 entries."),
        ("three", "{size}", "from", "This is no number of entries."),
        ("1", "", "to", "This is no number of entries."),
        ("{size}", "1", "from", "The earlier state comes first"),
        ("9" * 25, "1", "from", "This is no number of entries."),
    ],
)
def test_a_size_that_never_was_is_told_at_its_field(
    small_market: Marketplace, old: str, new: str, field: str, sentence: str
) -> None:
    small_market.drain()
    size = small_market.ledger.refreshed().size
    asked = {"from": old.format(size=size), "to": new.format(size=size)}
    answer = small_market.browser().get("/en/ledger/consistency", params=asked)
    assert answer.status_code == 422
    found = re.search(rf'id="f-{field}-error">Error: ([^<]+)<', answer.text)
    assert found is not None
    assert found[1].startswith(sentence.format(size=size))
    assert f'value="{asked["from"]}"' in answer.text
    assert "<title>Error:" in answer.text


def test_a_state_that_was_never_signed_leads_to_those_that_were(
    small_market: Marketplace, tmp_path: Path
) -> None:
    small_market.registered(small_market.party("harbour"), tmp_path / "data")
    reader = small_market.ledger.refreshed()
    signed = {int(path.removeprefix("checkpoints/")) for path in reader_paths(small_market)}
    (never, *_) = sorted(set(range(min(signed) + 1, reader.size)) - signed)
    answer = small_market.browser().get(f"/en/ledger/consistency?from={never}&to={reader.size}")
    assert "No checkpoint was published at" in words(answer)
    assert 'data-signed="no"' in answer.text
    near = [int(found) for found in re.findall(r'href="\?from=(\d+)&', answer.text)]
    assert near == [
        max(size for size in signed if size < never),
        min(size for size in signed if size > never),
    ]


def reader_paths(market: Marketplace) -> list[str]:
    paths = market.ledger.objects.paths("checkpoints/")
    return [path for path in paths if "." not in path]


# Histories


def test_the_history_of_an_asset_is_told_in_order_with_its_proof(
    small_market: Marketplace, tmp_path: Path
) -> None:
    provider = small_market.party("harbour")
    version = small_market.registered(provider, tmp_path / "data")
    small_market.drain()
    web = small_market.browser()
    key = f"asset:{version['asset_id']}"
    answer = web.get("/en/ledger/history", params={"key": key})
    assert "1 entry names it, and no entry that names it is left out as of" in words(answer)
    index = version_index(small_market, version["leaf"])
    assert f"/en/ledger/entries/{index}" in hrefs(answer)
    [file] = [address for address in hrefs(answer) if address.startswith("/api/v1/ledger/history")]
    assert web.get(file).status_code == 200
    assert f"datawharf index verify asset-{version['asset_id']}.history.json" in answer.text
    entry = web.get(f"/en/ledger/entries/{index}")
    assert f"/en/ledger/history?key=asset%3A{version['asset_id']}" in hrefs(entry)
    for address in {found for found in hrefs(entry) if "/ledger/history?key" in found}:
        assert "no entry that names it is left out" in words(web.get(address.replace("&amp;", "&"))), address


def version_index(market: Marketplace, leaf: str) -> int:
    return int(market.browser().get(f"/api/v1/statements/{leaf}").json()["index"])


def test_what_no_entry_names_is_proved_absent(small_market: Marketplace) -> None:
    web = small_market.browser()
    key = "asset:0192f0c1-2345-7abc-8def-0123456789ab"
    assert "No entry names it as of" in words(web.get("/en/ledger/history", params={"key": key}))
    assert "没有条目提到它" in words(web.get("/zh/ledger/history", params={"key": key}))
    odd = web.get("/en/ledger/history", params={"key": "asset:<b>&'\"/../\u202e"})
    assert odd.status_code == 200
    assert "<b>" not in odd.text


def test_a_long_history_has_pages_that_leave_nothing_out(small_market: Marketplace, tmp_path: Path) -> None:
    provider = small_market.party("harbour")
    small_market.registered(provider, tmp_path / "one")
    small_market.registered(provider, tmp_path / "two")
    small_market.drain()
    key, seen, first = f"org:{provider.org_id}", list[int](), 0
    while True:
        page = history(small_market.ledger, key, first, 2)
        assert page.first == first
        seen += [entry.index for entry in page.shown]
        first += 2
        if first >= page.count:
            break
    assert len(seen) == page.count > 2
    assert seen == sorted(set(seen))
    answer = small_market.browser().get(f"/en/ledger/history?key={key}&first=1")
    assert 'rel="prev" href="?key=org%3A' in answer.text
    assert f"Entries 2 to {page.count} of {page.count}, oldest first" in words(answer)
    beyond = small_market.browser().get(f"/en/ledger/history?key={key}&first=99")
    assert f"Entries {page.count} to {page.count} of" in words(beyond)


@pytest.mark.parametrize(
    ("about", "name", "key"),
    [
        ("asset", "/en/assets/ports-0192F0C1-2345-7abc-8def-0123456789ab", "asset:0192f0c1-2345-7abc-8def-0123456789ab"),
        ("org", " 0192f0c1-2345-7abc-8def-0123456789ab ", "org:0192f0c1-2345-7abc-8def-0123456789ab"),
        ("certificate", "450700-2026-000001", "certificate:450700-2026-000001"),
        ("leaf", "AB" * 32, "leaf:" + "ab" * 32),
    ],
)  # fmt: skip
def test_what_people_paste_becomes_a_key(small_market: Marketplace, about: str, name: str, key: str) -> None:
    assert key_for(about, name) == key
    answer = small_market.browser().get("/zh/ledger/history", params={"about": about, "name": name})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/zh/ledger/history?key={key}"


@pytest.mark.parametrize("about", ["asset", "org", "certificate", "key", "leaf", "nonsense"])
def test_what_is_no_name_is_told_at_its_field(small_market: Marketplace, about: str) -> None:
    web = small_market.browser()
    answer = web.get("/en/ledger/history", params={"about": about, "name": "港口 <b>"})
    assert answer.status_code == 422
    assert 'id="f-name-error"' in answer.text
    assert "港口 &lt;b&gt;" in answer.text

"""The marketplace's index: histories of what happens in it, for anybody, with what they rest on at public addresses."""

from __future__ import annotations

from pathlib import Path

from ledger.check import check_bundle
from ledger.index.announcement import INDEX_MAP, index_predicate
from ledger.index.check import HistoryReport, check_history
from ledger.index.history import MEDIA_TYPE
from ledger.index.state import IndexState, format_state, index_origin
from ledger.indexer.rebuild import rebuild
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import COSIGNATURE_ED25519, NoteSigner, parse_vkey
from ledger.policy import Policy, parse_policy
from ledger.reader import LogView
from ledger.statement import parse_statement
from ledger.stores.files import FileLock, FileObjects
from market.signers import index_vkey, own_signers
from market.statements import build
from tests.builders.marketplace import Marketplace, marketplace


def trust_of(market: Marketplace) -> Policy:
    return parse_policy(market.browser().get("/ledger/trust.policy").content)


def history(market: Marketplace, key: str, **options: str) -> HistoryReport:
    answer = market.browser().get("/api/v1/ledger/history", params={"key": key} | options)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA_TYPE
    return check_history(answer.content, trust_of(market), key=key)


def kinds(report: HistoryReport) -> list[str]:
    assert report.ok, [step.sentence() for step in report.steps]
    assert report.history is not None
    return [
        parse_statement(located.entry).predicate_type.split("/")[-2].split(":")[-1]
        for located in report.history.entries or ()
    ]


def test_the_history_of_an_asset_shows_every_entry_about_it(
    small_market: Marketplace, tmp_path: Path
) -> None:
    provider = small_market.party("harbour")
    version = small_market.registered(provider, tmp_path / "data")
    small_market.drain()
    assert kinds(history(small_market, f"asset:{version['asset_id']}"))[:1] == ["registration"]
    about = kinds(history(small_market, f"leaf:{version['leaf']}"))
    assert set(about) <= {"decision", "certificate", "release"}
    assert history(small_market, "asset:none").step("map").cause == "absent"


def test_a_receipt_with_the_history_of_its_key_says_that_the_key_was_not_withdrawn(
    small_market: Marketplace, tmp_path: Path
) -> None:
    provider = small_market.party("harbour")
    version = small_market.registered(provider, tmp_path / "data")
    small_market.drain()
    visitor = small_market.browser()
    receipt = visitor.get(f"/api/v1/statements/{version['leaf']}/receipt").content
    (key,) = visitor.get(f"/api/v1/organisations/{version['org_id']}/signing-keys").json()["items"]
    shown = visitor.get("/api/v1/ledger/history", params={"key": f"key:{key['key']}"}).content
    report = check_bundle(receipt, trust_of(small_market), history=shown)
    assert report.step("key_not_revoked").outcome == "passed"
    assert report.step("key_binding").outcome == "passed"


def test_the_index_is_there_from_the_first_day_and_named_by_the_platform(small_market: Marketplace) -> None:
    report = history(small_market, f"kind:{INDEX_MAP}")
    assert kinds(report) == ["index-map"]
    assert report.step("index_key").cause == "announced"
    assert report.step("index_key").params["entry"] == 2
    left_out = history(small_market, f"kind:{INDEX_MAP}", entries="false")
    assert left_out.step("entries").cause == "left_out"


def test_the_index_made_again_from_the_public_files_agrees(small_market: Marketplace, tmp_path: Path) -> None:
    small_market.registered(small_market.party("harbour"), tmp_path / "data")
    small_market.drain()
    visitor = small_market.browser()

    class Files:
        def __init__(self, prefix: str) -> None:
            self.prefix = prefix

        def read(self, path: str) -> bytes | None:
            answer = visitor.get(f"{self.prefix}/{path}")
            return answer.content if answer.status_code == 200 else None

    ledger = small_market.ledger
    log = LogView(Files("/ledger"), ledger.policy.logs[0].verifier)
    assert ledger.index is not None
    index = LogView(Files("/ledger/index/v1"), parse_vkey(index_vkey(small_market.settings)))
    signed, index_signed = log.refresh(), index.refresh()
    assert signed is not None
    assert index_signed is not None
    found = rebuild(log, signed, index, index_signed)
    assert found.difference is None
    assert found.size == signed.size


def test_an_index_that_is_not_what_the_log_leads_to_is_refused_in_words(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The operator's own index, with a root that hides something: no server proves from it, and each says why."""
    with marketplace(tmp_path / "home", sqlite_url) as market:
        settings = market.settings
        market.drain()
        before = market.browser().get("/api/v1/ledger/history", params={"key": "asset:none"})
        assert before.status_code == 200
        with market.ledger.writing() as log:
            log.append([b"an entry that no job tells the index of"])
            head = log.publish(int(market.clock.now().timestamp())).checkpoint
        market.ledger.close()
        signer = own_signers(settings)[1]
        assert signer is not None
        folder = settings.home / "index"
        lying = Log.load(
            index_origin(settings.origin), FileObjects(folder / "log"), FileLock(folder / "head"), signer
        )
        lying.append([format_state(IndexState(head, bytes(32)))])
        lying.publish(int(market.clock.now().timestamp()))
        lying.close()
        for _ in range(2):
            refused = market.browser().get("/api/v1/ledger/history", params={"key": "asset:none"})
            assert refused.status_code == 503
            assert refused.json()["slug"] == "index-unavailable"
            assert "is not what those entries lead to" in refused.json()["detail"]
            assert "Waiting does not mend this" in refused.json()["hint"]
            assert "An index is wrong" in refused.json()["hint"]


def test_the_statement_kind_is_what_the_ledger_reads() -> None:
    log = NoteSigner("log.example/index/v1", SigningKey.from_seed(bytes(32)))
    cosigner = NoteSigner("log.example/c", SigningKey.from_seed(bytes(32)), COSIGNATURE_ED25519)
    predicate = index_predicate(log.verifier, cosigner.verifier)
    assert build("index-map", **predicate)["predicate"] == predicate


def test_what_the_index_log_does_not_have_is_not_found(small_market: Marketplace) -> None:
    visitor = small_market.browser()
    for path in ("checkpoints/999999", "tile/0/999", "tile/nonsense"):
        assert visitor.get(f"/ledger/index/v1/{path}").status_code == 404
    assert visitor.get("/ledger/index/v1/checkpoints/1").status_code == 200
    assert visitor.get("/api/v1/ledger/history").status_code == 422

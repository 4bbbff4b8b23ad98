"""The standard way in and out (SCRAPI draft-11): who may register what, what comes back, and how refusals look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import cbor2
import pytest
import scitt_cose
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx import Response
from starlette.testclient import TestClient

from ledger import cbor, cose
from ledger.check import check_bundle
from ledger.consistency_receipt import verify_consistency_receipt
from ledger.cose_receipt import verify_cose_receipt
from ledger.hashing import leaf_hash
from ledger.keys import PublicKey, SigningKey
from ledger.receipt import parse_bundle
from ledger.scrapi import PROBLEM_TYPE, key_locator, parse_cose_key, parse_key_set, parse_problem
from ledger.statement import Claims, Statement, parse_statement, sign_statement
from ledger.transparent import parse_transparent_statement
from market.kit.ids import new_id
from market.kit.ratelimit import RateLimits
from market.statements import build, claims_for
from tests.builders.marketplace import Marketplace

COSE = {"Content-Type": "application/cose"}
DOCUMENT = {"artifact": "2b" * 32, "document": "2c" * 32, "mediaType": "application/spdx+json"}


class Supplier:
    """An organisation with a key of its own, that states things with any software it likes."""

    def __init__(self, market: Marketplace, name: str = "harbour") -> None:
        self.market = market
        self.person = market.party(name, with_key=False)
        self.key = SigningKey.generate()
        self.person.register_key(self.key)
        self.org_id = self.person.org_id
        market.drain()

    def statement(self, kind: str = "attestation", **changes: Any) -> Statement:
        fields = changes.pop("fields", DOCUMENT)
        now: datetime = self.market.clock.now()
        origin = changes.pop("origin", self.market.settings.origin)
        org_id = changes.pop("org_id", self.org_id)
        claims = claims_for(kind, origin, org_id=org_id, subject_id=new_id(), now=now)
        return sign_statement(build(kind, **fields), claims, changes.pop("key", self.key))


@pytest.fixture
def web(small_market: Marketplace) -> TestClient:
    return small_market.browser()


@pytest.fixture
def supplier(small_market: Marketplace) -> Supplier:
    return Supplier(small_market)


def send(web: TestClient, data: bytes, **headers: str) -> Response:
    answer: Response = web.post("/entries", content=data, headers=COSE | headers)
    return answer


def refused(answer: Response, status: int, title: str) -> str:
    """The detail of a refusal, which has to be a concise problem with that title."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM_TYPE), answer.text
    problem = parse_problem(answer.content)
    assert problem.title == title
    assert cbor2.loads(answer.content) == {-1: problem.title, -2: problem.detail}
    return problem.detail


def log_keys(web: TestClient) -> tuple[PublicKey, ...]:
    answer = web.get("/.well-known/scitt-keys", headers={"Accept": "application/cbor"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/cbor")
    return parse_key_set(answer.content)


def test_a_statement_is_acknowledged_recorded_and_then_has_its_receipt(
    small_market: Marketplace, web: TestClient, supplier: Supplier
) -> None:
    entry = supplier.statement().leaf_bytes
    first = send(web, entry)
    assert (first.status_code, first.content) == (202, b"")
    assert int(first.headers["retry-after"]) > 0
    location = first.headers["location"]
    assert location == f"{small_market.ports.base_url}/entries/{leaf_hash(entry).hex()}"

    waiting = web.get(location)
    assert (waiting.status_code, waiting.content) == (204, b"")
    assert waiting.headers["cache-control"] == "no-store"
    assert int(waiting.headers["retry-after"]) > 0
    again = send(web, entry)
    assert (again.status_code, again.headers["location"]) == (202, location)

    small_market.drain()
    fetched = web.get(location)
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "application/cose")
    (log_key,) = log_keys(web)
    assert verify_cose_receipt(fetched.content, leaf_hash(entry), log_key)
    late = send(web, entry)
    assert (late.status_code, late.headers["location"], late.content) == (201, location, fetched.content)
    # The log goes on; the receipt does not change.
    send(web, supplier.statement().leaf_bytes)
    small_market.drain()
    assert web.get(location).content == fetched.content
    assert small_market.ledger.refreshed().entry(small_market.ledger.refreshed().size - 2) == entry


def test_independent_software_makes_the_statement_and_checks_the_receipt(
    small_market: Marketplace, web: TestClient, supplier: Supplier
) -> None:
    """Another library wrote the frame and another one reads the receipt; the key comes from the well-known address."""
    entry = supplier.statement().leaf_bytes
    protected, _, payload, signature = cbor2.loads(entry).value
    dressed = cbor2.dumps(
        cbor2.CBORTag(18, [protected, {33: b"a certificate", "note": 1}, payload, signature])
    )
    send(web, dressed)
    small_market.drain()
    receipt = send(web, dressed)
    assert receipt.status_code == 201
    (key,) = cbor2.loads(web.get("/.well-known/scitt-keys").content)
    raw = Ed25519PublicKey.from_public_bytes(key[-2])
    judged = scitt_cose.verify_receipt(
        receipt.content,
        leaf_entry_hex=entry.hex(),
        log_public_key_pem=raw.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
    assert judged.ok, judged.errors
    assert judged.issuer == small_market.settings.origin
    assert cbor2.loads(cbor2.loads(receipt.content).value[0])[4] == key[2]


def test_each_key_is_found_by_its_id_and_no_other(web: TestClient) -> None:
    for key in log_keys(web):
        answer = web.get(f"/.well-known/scitt-keys/{key_locator(key)}")
        assert (answer.status_code, parse_cose_key(answer.content)) == (200, key)
    for other in ("", "x", key_locator(key)[:-1], f"{key_locator(key)}=", key.thumbprint.hex(), "a/b", "%00"):
        refused(web.get(f"/.well-known/scitt-keys/{other}"), 404, "No such key")


def test_what_the_log_has_already_is_answered_whatever_its_kind(
    small_market: Marketplace, web: TestClient, tmp_path: Path
) -> None:
    provider = small_market.party("harbour")
    leaf = small_market.registered(provider, tmp_path / "data")["leaf"]
    entry = provider.api.get_bytes(f"/api/v1/statements/{leaf}/cose")
    answer = send(web, entry)
    assert answer.status_code == 201
    assert answer.content == provider.api.get_bytes(f"/api/v1/statements/{leaf}/receipt.cose")
    first = small_market.ledger.refreshed().entry(0)
    assert send(web, first).status_code == 201
    assert web.get(send(web, first).headers["location"]).status_code == 200


def test_facts_of_the_marketplace_do_not_come_in_by_this_door(
    small_market: Marketplace, web: TestClient, supplier: Supplier
) -> None:
    """A registration, a contract, a payment: each has checks of its own behind its own verb."""
    size = small_market.ledger.refreshed().size
    registration = {
        "version": "1.0.0", "manifest": "7" * 64, "contentRoot": "8" * 64, "metadata": "9" * 64, "delivery": "hosted",
        "derivedFrom": [],
    }  # fmt: skip
    detail = refused(
        send(web, supplier.statement("registration", fields=registration).leaf_bytes), 400, "Rejected"
    )
    assert "registration" in detail
    paid = supplier.statement("payment", fields={"payment": "1" * 64, "action": "paid"})
    refused(send(web, paid.leaf_bytes), 400, "Rejected")
    small_market.drain()
    assert small_market.ledger.refreshed().size == size


def test_the_policy_stands_in_the_log(small_market: Marketplace) -> None:
    rules = parse_statement(small_market.ledger.refreshed().entry(0)).predicate["rules"]
    assert any("POST /entries" in rule and "attestation" in rule for rule in rules)


def changed(entry: bytes, **parts: Any) -> bytes:
    message = cose.parse_sign1(entry, "statement")
    return cbor.encode(
        cbor.Tag(
            18,
            [
                parts.get("protected", message.protected),
                {},
                parts.get("payload", message.payload),
                parts.get("signature", message.signature),
            ],
        )
    )


def test_who_may_not_register_learns_why(
    small_market: Marketplace, web: TestClient, supplier: Supplier
) -> None:
    other = Supplier(small_market, "coast")
    good = supplier.statement()
    flipped = bytes([good.signature[0] ^ 1]) + good.signature[1:]
    unknown = refused(send(web, supplier.statement(key=SigningKey.generate()).leaf_bytes), 400, "Rejected")
    assert "is not one of this organisation's" in unknown
    foreign = supplier.statement(origin="another.example/log")
    assert "another.example/log" in refused(send(web, foreign.leaf_bytes), 400, "Rejected")
    in_others_name = supplier.statement(org_id=other.org_id)
    refused(send(web, in_others_name.leaf_bytes), 400, "Rejected")
    refused(send(web, changed(good.leaf_bytes, signature=flipped)), 400, "Rejected")
    in_platforms_name = supplier.statement(org_id=small_market.ledger.platform.org_id)
    refused(send(web, in_platforms_name.leaf_bytes), 400, "Rejected")
    small_market.drain()
    kid = supplier.key.public.thumbprint.hex()
    before = supplier.statement()
    supplier.person.api.send("DELETE", f"/api/v1/organisations/{supplier.org_id}/signing-keys/{kid}")
    assert "withdrawn" in refused(send(web, before.leaf_bytes), 400, "Rejected")


def test_foreign_formats_are_refused_with_the_reason(web: TestClient, supplier: Supplier) -> None:
    """Another content type, other claims or no key id make a good COSE_Sign1, and no statement of this log."""
    header = cbor.decode(cose.parse_sign1(supplier.statement().leaf_bytes, "x").protected, "x")
    for label, value in ((3, "text/plain"), (4, b"short"), (15, {1: "a"}), (15, None), (3, None)):
        altered = {name: found for name, found in header.items() if name != label}
        if value is not None:
            altered[label] = value
        data = changed(supplier.statement().leaf_bytes, protected=cbor.encode(altered))
        assert refused(send(web, data), 400, "Rejected")


MALFORMED = [
    b"",
    b"not cbor",
    b"\xff",
    b"{}",
    b"\xd2\x84\x40\xa0\x40",
    b"\xd2\x84\x40\xa0\x40\x40\x00",
    b"\xd8\x62\x84\x40\xa0\x80\x80",
    b"\x84\x40\xa0\x40\x40",
    b"\xd2\x9f\x40\xa0\x40\x40\xff",
    b"\xd2\x84\x43\xa1\x01\xf9\xa0\x40\x40",
    b"\x81" * 5000,
    b"\xbb" + b"\xff" * 8,
]


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_malformed_bodies_are_named_as_such(web: TestClient, number: int) -> None:
    assert refused(send(web, MALFORMED[number]), 400, "Malformed request")


def test_algorithm_payload_type_and_size_have_names_of_their_own(web: TestClient, supplier: Supplier) -> None:
    entry = supplier.statement().leaf_bytes
    es256 = cbor.encode({1: -7, 4: b"x"})
    refused(send(web, changed(entry, protected=es256)), 400, "Bad Signature Algorithm")
    refused(send(web, changed(entry, protected=b"")), 400, "Bad Signature Algorithm")
    refused(send(web, changed(entry, payload=None)), 400, "Payload Missing")
    for kind in ("application/json", "text/plain", "application/cbor", ""):
        refused(send(web, entry, **{"Content-Type": kind}), 415, "Unsupported Media Type")
    refused(web.post("/entries", content=entry), 415, "Unsupported Media Type")
    for kind in (
        'application/cose; cose-type="cose-sign1"',
        "Application/COSE",
        "application/scitt-statement+cose",
    ):
        assert send(web, entry, **{"Content-Type": kind}).status_code == 202
    over = changed(entry, payload=bytes(65_536))
    assert "65535" in refused(send(web, over), 413, "Content Too Large").replace(",", "")
    refused(send(web, bytes(200_000)), 413, "Content Too Large")


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/entries", 405, "Method Not Allowed"),
        ("DELETE", "/entries", 405, "Method Not Allowed"),
        ("PUT", "/entries/00", 405, "Method Not Allowed"),
        ("POST", "/entries/00", 405, "Method Not Allowed"),
        ("POST", "/.well-known/scitt-keys", 405, "Method Not Allowed"),
        ("POST", "/.well-known/scitt-keys/x", 405, "Method Not Allowed"),
        ("GET", f"/entries/{'00' * 32}", 404, "Not Found"),
        ("GET", "/entries/not-a-hash", 404, "Not Found"),
        ("GET", "/entries/", 404, "Not Found"),
        ("GET", "/entries/a/b/c", 404, "Not Found"),
        ("GET", "/entries/%00", 404, "Not Found"),
        ("GET", "/entries/" + "é" * 70, 404, "Not Found"),
        ("GET", "/.well-known/scitt-keys/a/b", 404, "No such key"),
    ],
)
def test_whatever_is_wrong_below_these_addresses_is_a_concise_problem(
    web: TestClient, method: str, path: str, status: int, title: str
) -> None:
    answer = web.request(method, path)
    assert refused(answer, status, title)
    if status == 405:
        assert answer.headers["allow"]


def test_neighbours_of_these_addresses_answer_as_ever(web: TestClient) -> None:
    assert web.get("/en/entries").headers["content-type"].startswith("text/html")
    assert PROBLEM_TYPE not in web.get("/entriesque").headers.get("content-type", "")
    assert web.get("/.well-known/security.txt").status_code == 200
    assert web.get("/.well-known/scitt").headers["content-type"] == "application/problem+json"


def test_the_detail_is_in_the_readers_language_and_the_title_never(web: TestClient) -> None:
    english = send(web, b"x", **{"Accept-Language": "en"})
    chinese = send(web, b"x", **{"Accept-Language": "zh-CN"})
    assert (english.headers["content-language"], chinese.headers["content-language"]) == ("en", "zh")
    said = refused(english, 400, "Malformed request"), refused(chinese, 400, "Malformed request")
    assert "application/cose" in said[0]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said[1])


@pytest.fixture
def limited_web(small_market: Marketplace) -> Iterator[TestClient]:
    small_market.app.state.rate_limits = RateLimits()
    yield small_market.browser()
    small_market.app.state.rate_limits = RateLimits(enabled=False)


def test_too_many_submissions_are_put_off(limited_web: TestClient) -> None:
    answers = [send(limited_web, b"x") for _ in range(121)]
    assert {answer.status_code for answer in answers[:-1]} == {400}
    refused(answers[-1], 429, "Too Many Requests")
    assert int(answers[-1].headers["retry-after"]) > 0


def test_who_sends_a_statement_does_not_matter(small_market: Marketplace, supplier: Supplier) -> None:
    """The signature decides; a header of the request never does."""
    stranger = Supplier(small_market, "coast").person
    entry = supplier.statement().leaf_bytes
    answer = stranger.api.send("POST", "/entries", content=entry, headers=COSE)
    assert answer.status_code == 202
    small_market.drain()
    view = stranger.api.get(f"/api/v1/statements/{leaf_hash(entry).hex()}")
    assert (view["kind"], view["org_id"]) == ("attestation", str(supplier.org_id))


def test_the_bundle_of_such_a_statement_passes_the_check(
    small_market: Marketplace, web: TestClient, supplier: Supplier
) -> None:
    entry = supplier.statement().leaf_bytes
    send(web, entry)
    small_market.drain()
    bundle = supplier.person.receipt(leaf_hash(entry).hex())
    report = check_bundle(bundle, small_market.ledger.policy)
    assert report.ok, report
    assert parse_bundle(bundle).cose_receipt == web.get(f"/entries/{leaf_hash(entry).hex()}").content


def test_a_future_issuer_is_none_of_ours(supplier: Supplier) -> None:
    """The organisation in the claims is a name in this log, or the statement says nothing here."""
    claims = Claims("https://vendor.example", "urn:x", supplier.market.settings.origin, 1)
    statement = sign_statement(build("attestation", **DOCUMENT), claims, supplier.key)
    refused(send(supplier.market.browser(), statement.leaf_bytes), 400, "Rejected")


def test_a_transparent_statement_carries_the_same_receipt(
    small_market: Marketplace, web: TestClient, supplier: Supplier
) -> None:
    entry = supplier.statement().leaf_bytes
    leaf = leaf_hash(entry).hex()
    send(web, entry)
    assert web.get(f"/api/v1/statements/{leaf}/transparent.cose").status_code == 202
    small_market.drain()
    answer = web.get(f"/api/v1/statements/{leaf}/transparent.cose")
    assert answer.headers["content-type"] == "application/scitt-statement+cose"
    found = parse_transparent_statement(answer.content)
    assert found.statement.leaf_bytes == entry
    assert list(found.receipts) == [web.get(f"/entries/{leaf}").content]
    assert scitt_cose.extract_receipts(answer.content) == list(found.receipts)
    # Who holds one may bring it back: what is attached does not enter.
    assert send(web, answer.content).content == found.receipts[0]


def test_a_receipt_of_consistency_joins_two_published_checkpoints(
    small_market: Marketplace, web: TestClient, supplier: Supplier
) -> None:
    reader = small_market.ledger.refreshed()
    old = reader.published
    send(web, supplier.statement().leaf_bytes)
    small_market.drain()
    new = small_market.ledger.refreshed().published
    assert old is not None
    assert new is not None
    answer = web.get(f"/ledger/consistency/{old.size}/{new.size}.cose")
    assert answer.headers["content-type"] == "application/scitt-receipt+cose"
    assert "immutable" in answer.headers["cache-control"]
    (key,) = log_keys(web)
    root = verify_consistency_receipt(answer.content, old.size, old.root, new.size, key)
    assert root == new.root
    for sizes in ("0/2", f"{new.size}/{old.size}", f"{new.size}/{new.size}", f"1/{10**6}", f"1/{'9' * 30}"):
        assert web.get(f"/ledger/consistency/{sizes}.cose").status_code in (404, 422)

"""A receipt passes whole, and each change to it fails at the step that names the change."""

import base64
import json
import string
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ledger.check import CODES, check_bundle
from ledger.check_words import WORDS
from ledger.checkpoint import Checkpoint, cosign_checkpoint, format_checkpoint
from ledger.cose_receipt import format_cose_receipt, sign_root
from ledger.encoding import canonical_json
from ledger.errors import Malformed
from ledger.hashing import leaf_hash, root_of
from ledger.manifest import FileRow, Manifest
from ledger.note import COSIGNATURE_ED25519, NoteSigner, sign_note
from ledger.policy import Policy, TrustedLog, Witness
from ledger.proofs import Located
from ledger.receipt import Bundle, Opening, format_bundle, parse_bundle
from ledger.report import Report, Step
from ledger.statement import commitment
from tests.ledger.market_in_a_box import TIME, Market, key

PROVIDER = key(20)
SALT = bytes(range(32))
CONTENT = b'{"price":"9.00"}'
DATA = b"port,tons\nQinzhou,1\n"
MANIFEST = Manifest([FileRow("ports.csv", len(DATA), sha256(DATA).digest(), "text/csv")])


def market(**options: Any) -> Market:
    """Entry 0 log policy, 1 the provider's key, 2 a registration, 3 and 4 two more, 5 another provider's."""
    made = Market(**options)
    made.add(made.binding(PROVIDER, made.org(1)))
    predicate = {"version": "1.0.0", "terms": commitment(SALT, CONTENT).hex()}
    made.add(made.registration(PROVIDER, made.org(1), digest=MANIFEST.digest.hex(), predicate=predicate))
    made.add(made.registration(PROVIDER, made.org(1), digest="cd" * 32))
    made.add(made.binding(key(21), made.org(2)))
    made.add(made.registration(key(21), made.org(2), digest="ef" * 32))
    return made


MARKET = market()
GOOD = MARKET.bundle(2, openings=(Opening("terms", SALT, CONTENT),))


def check(bundle: Bundle, trust: Policy | None = None, **options: Any) -> Report:
    return check_bundle(format_bundle(bundle), trust or MARKET.trust(), **options)


def failed(report: Report) -> set[str]:
    return {step.code for step in report.steps if step.outcome == "failed"}


def cause(report: Report, code: str) -> str:
    step = report.step(code)
    return f"{step.outcome}.{step.cause}".rstrip(".")


def test_a_good_receipt_passes_every_step_that_ran() -> None:
    report = check(GOOD, now=TIME + 1)
    assert [step.code for step in report.steps] == list(CODES)
    assert {step.code: step.outcome for step in report.steps if step.outcome != "passed"} == {
        "fingerprint": "not_run",
        "witnesses": "not_run",
        "key_not_revoked": "not_run",
    }
    assert (report.outcome, report.ok, report.exit_code) == ("passed_with_gaps", True, 0)
    assert report.step("included").params == {"index": 2, "size": 6, "origin": MARKET.origin}


def test_the_data_are_compared_with_what_was_registered(tmp_path: Path) -> None:
    path = tmp_path / "downloaded.csv"
    path.write_bytes(DATA)
    seen: list[int] = []
    report = check(GOOD, manifest=MANIFEST, files={"ports.csv": path}, on_progress=seen.append)
    assert cause(report, "fingerprint") == "passed"
    assert seen == [len(DATA)]

    path.write_bytes(DATA.replace(b"1", b"2"))
    changed = check(GOOD, manifest=MANIFEST, files={"ports.csv": path})
    assert cause(changed, "fingerprint") == "failed.content"
    assert failed(changed) == {"fingerprint"}
    assert (changed.outcome, changed.exit_code) == ("failed", 1)

    path.write_bytes(DATA + b"x")
    assert cause(check(GOOD, manifest=MANIFEST, files={"ports.csv": path}), "fingerprint") == "failed.size"
    assert cause(check(GOOD, manifest=MANIFEST, files={"x": path}), "fingerprint") == "failed.not_in_manifest"
    absent = {"ports.csv": tmp_path / "absent"}
    assert cause(check(GOOD, manifest=MANIFEST, files=absent), "fingerprint") == "failed.unreadable"
    assert cause(check(GOOD, files={"ports.csv": path}), "fingerprint") == "warning.no_manifest"
    assert cause(check(GOOD, manifest=MANIFEST), "fingerprint") == "not_run.manifest_only"


def test_files_that_were_not_given_are_named(tmp_path: Path) -> None:
    rows = [FileRow(name, len(DATA), sha256(DATA).digest(), "text/csv") for name in ("a.csv", "b.csv")]
    manifest = Manifest(rows)
    index = MARKET_TWO.add(MARKET_TWO.registration(PROVIDER, MARKET_TWO.org(1), digest=manifest.digest.hex()))
    path = tmp_path / "a.csv"
    path.write_bytes(DATA)
    report = check(MARKET_TWO.bundle(index), MARKET_TWO.trust(), manifest=manifest, files={"a.csv": path})
    assert cause(report, "fingerprint") == "warning.some_files"
    assert "b.csv" in report.step("fingerprint").sentence()


MARKET_TWO = market()


def test_another_manifest_is_noticed() -> None:
    other = Manifest([FileRow("ports.csv", len(DATA), bytes(32), "text/csv")])
    assert cause(check(GOOD, manifest=other), "fingerprint") == "failed.other_manifest"
    assert cause(check(MARKET.bundle(1, (0,)), manifest=other), "fingerprint") == "not_run.not_about_data"


def test_receipts_of_the_platform_s_own_statements_pass() -> None:
    for index, supporting in ((0, ()), (0, (1,)), (1, (0,)), (4, (0,))):
        report = check(MARKET.bundle(index, supporting))
        assert not failed(report)
        assert cause(report, "key_binding") == "passed.platform"


def with_root_signature(bundle: Bundle, source: Market, **changes: Any) -> Bundle:
    """The bundle with a COSE receipt signed anew by the receipt key of `source`, over what the bundle then says."""
    leaves = source.leaves()
    protected, signature = sign_root(
        root_of(leaves), source.receipt_key, changes.get("origin", source.origin)
    )
    size, index = changes.get("size", len(leaves)), changes.get("index", bundle.index)
    return replace(bundle, cose_receipt=format_cose_receipt(protected, signature, size, index, bundle.path))


def re_signed(**changes: Any) -> bytes:
    """A checkpoint that says something else, signed by somebody else in the name of the log."""
    real = Checkpoint(MARKET.origin, 6, root_of(MARKET.leaves()))
    return sign_note(format_checkpoint(replace(real, **changes)), [NoteSigner(MARKET.origin, key(66))])


SHORTER = market()
SHORTER.entries.pop()
ELSEWHERE = market(origin="other.example/ledger", base=40)
IMITATION = market(base=40)

TRANSPLANTS: dict[str, tuple[Callable[[], Bundle], str]] = {
    "statement of another entry": (lambda: replace(GOOD, statement=MARKET.entries[3]), "included"),
    "statement of another organisation": (lambda: replace(GOOD, statement=MARKET.entries[5]), "included"),
    "proof of another entry": (lambda: replace(GOOD, index=3, path=MARKET.path(3)), "included"),
    "path of another entry": (lambda: replace(GOOD, path=MARKET.path(3)), "included"),
    "index of another entry": (lambda: replace(GOOD, index=3), "included"),
    "checkpoint of an earlier state": (lambda: replace(GOOD, checkpoint=SHORTER.checkpoint()), "included"),
    "checkpoint of another log": (lambda: replace(GOOD, checkpoint=ELSEWHERE.checkpoint()), "log_signature"),
    "checkpoint of an imitation": (lambda: replace(GOOD, checkpoint=IMITATION.checkpoint()), "log_signature"),
    "checkpoint with another root": (
        lambda: replace(GOOD, checkpoint=re_signed(root=bytes(32))),
        "log_signature",
    ),
    "checkpoint with another size": (lambda: replace(GOOD, checkpoint=re_signed(size=7)), "log_signature"),
    "COSE receipt of another entry": (
        lambda: replace(GOOD, cose_receipt=MARKET.cose_receipt(3)),
        "cose_receipt",
    ),
    "COSE receipt of an earlier state": (
        lambda: replace(GOOD, cose_receipt=SHORTER.cose_receipt(2)),
        "cose_receipt",
    ),
    "COSE receipt of an imitation": (lambda: with_root_signature(GOOD, IMITATION), "cose_receipt"),
    "COSE receipt with another size": (lambda: with_root_signature(GOOD, MARKET, size=7), "cose_receipt"),
    "COSE receipt of another issuer": (lambda: with_root_signature(GOOD, MARKET, origin="x"), "cose_receipt"),
    "whole receipt of another log": (lambda: ELSEWHERE.bundle(2), "log_signature"),
    "whole receipt of an imitation": (lambda: IMITATION.bundle(2), "log_signature"),
    "key binding of another key": (
        lambda: replace(GOOD, supporting=MARKET.bundle(2, (4, 0)).supporting),
        "key_binding",
    ),
    "no key binding": (lambda: MARKET.bundle(2, (0,)), "key_binding"),
    "no entry 0": (lambda: MARKET.bundle(2, (1,)), "log_policy"),
    "entry 0 of an imitation": (
        lambda: replace(GOOD, supporting=(GOOD.supporting[0], IMITATION.bundle(2).supporting[1])),
        "log_policy",
    ),
    "key binding of an imitation": (
        lambda: replace(GOOD, supporting=(IMITATION.bundle(2).supporting[0], GOOD.supporting[1])),
        "key_binding",
    ),
    "key binding passed off as entry 0": (
        lambda: replace(GOOD, supporting=(GOOD.supporting[0], replace(GOOD.supporting[0], index=0))),
        "log_policy",
    ),
    "contents of another commitment": (
        lambda: replace(GOOD, openings=(Opening("terms", SALT, b"{}"),)),
        "openings",
    ),
    "salt of another commitment": (
        lambda: replace(GOOD, openings=(Opening("terms", bytes(32), CONTENT),)),
        "openings",
    ),
    "name of another commitment": (
        lambda: replace(GOOD, openings=(Opening("version", SALT, CONTENT),)),
        "openings",
    ),
}


@pytest.mark.parametrize("name", TRANSPLANTS)
def test_transplants_fail_at_the_step_that_names_them(name: str) -> None:
    make, expected = TRANSPLANTS[name]
    assert not failed(check(GOOD))
    report = check(make())
    assert expected in failed(report)
    assert report.outcome == "failed"


@pytest.mark.parametrize(
    ("code", "count"), [("included", 6), ("log_signature", 6), ("cose_receipt", 5), ("log_policy", 3)]
)
def test_the_transplants_cover_the_steps(code: str, count: int) -> None:
    assert sum(expected == code for _, expected in TRANSPLANTS.values()) >= count


def hostile(change: Callable[[Market], None]) -> Report:
    """A log whose operator really signed and included something wrong; receipt of its last entry."""
    made = Market()
    change(made)
    last = len(made.entries) - 1
    return check(made.bundle(last, tuple(range(last))), made.trust())


def test_a_key_bound_by_somebody_else_than_the_platform_is_refused() -> None:
    def change(made: Market) -> None:
        made.add(made.binding(PROVIDER, made.org(1), signer=key(66)))
        made.add(made.registration(PROVIDER, made.org(1)))

    report = hostile(change)
    assert failed(report) == {"key_binding"}
    assert "not one by the platform" in report.step("key_binding").sentence()


def test_a_key_bound_in_the_name_of_another_issuer_is_refused() -> None:
    def change(made: Market) -> None:
        made.add(made.binding(PROVIDER, made.org(1), iss=made.org(1)))
        made.add(made.registration(PROVIDER, made.org(1)))

    assert failed(hostile(change)) == {"key_binding"}


def test_a_key_bound_without_its_consent_is_refused() -> None:
    def change(made: Market) -> None:
        made.add(made.binding(PROVIDER, made.org(1), prover=key(66)))
        made.add(made.registration(PROVIDER, made.org(1)))

    assert failed(hostile(change)) == {"key_binding"}


def test_a_key_does_not_sign_for_another_organisation() -> None:
    def change(made: Market) -> None:
        made.add(made.binding(PROVIDER, made.org(1)))
        made.add(made.registration(PROVIDER, made.org(2)))

    report = hostile(change)
    assert cause(report, "key_binding") == "failed.other_org"
    assert failed(report) == {"key_binding"}


def test_the_platform_s_key_does_not_sign_for_an_organisation() -> None:
    report = hostile(lambda made: [made.add(made.registration(made.platform, made.org(1))), None][1])
    assert cause(report, "key_binding") == "failed.other_org"


def test_a_key_does_not_sign_before_it_is_bound() -> None:
    made = Market()
    made.add(made.registration(PROVIDER, made.org(1)))
    made.add(made.binding(PROVIDER, made.org(1)))
    report = check(made.bundle(1, (2, 0)), made.trust())
    assert cause(report, "key_binding") == "failed.bound_later"


def test_a_statement_for_another_log_is_refused_even_when_included() -> None:
    def change(made: Market) -> None:
        made.add(made.binding(PROVIDER, made.org(1)))
        made.add(made.registration(PROVIDER, made.org(1), aud="other.example/ledger"))

    report = hostile(change)
    assert cause(report, "included") == "failed.other_log"


def test_a_weak_key_is_refused_although_it_was_bound() -> None:
    """The identity point fits every message in lax verifiers; a binding that names it names no key here."""
    weak = (1).to_bytes(32, "little").hex()
    made = Market()
    good = made.binding(PROVIDER, made.org(1))
    predicate = {**good.predicate, "key": weak}
    made.add(made.statement(good.predicate_type, predicate, made.platform, made.platform_org))
    made.add(made.registration(PROVIDER, made.org(1)))
    report = check(made.bundle(2, (1, 0)), made.trust())
    assert {"key_binding", "statement_signature"} <= failed(report)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"origin": "other.example/ledger"}, "failed.unusable"),
        ({"log": NoteSigner("market.example/ledger", key(66)).vkey}, "failed.other_log"),
        ({"log": NoteSigner("other.example/ledger", key(2)).vkey}, "failed.other_log"),
        ({"cosigner": NoteSigner("x", key(3)).vkey}, "failed.unusable"),
        ({"receiptKey": "00" * 32}, "failed.unusable"),
        ({"platform": {"org": "urn:x", "key": "00" * 32}}, "failed.unusable"),
        ({"more": 1}, "failed.unusable"),
        ({"rules": {}}, "failed.unusable"),
    ],
)
def test_rules_that_do_not_fit_the_trust_file_are_refused(changes: dict[str, Any], expected: str) -> None:
    made = market()
    made.entries[0] = made.log_policy(**changes).leaf_bytes
    assert cause(check(made.bundle(2), made.trust()), "log_policy") == expected


def test_rules_signed_by_another_key_than_they_name_are_refused() -> None:
    made = market()
    policy = made.log_policy()
    forged = made.statement(policy.predicate_type, policy.predicate, key(66), made.platform_org)
    made.entries[0] = forged.leaf_bytes
    assert cause(check(made.bundle(2), made.trust()), "log_policy") == "failed.unusable"


def test_time_is_told_with_its_source() -> None:
    assert "same operator" in check(GOOD).step("time").sentence()
    assert cause(check(MARKET.bundle(2, cosigned=False)), "time") == "warning.none"
    assert cause(check(GOOD, now=TIME - 301), "time") == "warning.future"
    assert cause(check(GOOD, now=TIME - 300), "time") == "passed"
    made = market()
    made.entries[2] = made.registration(PROVIDER, made.org(1), iat=TIME + 301).leaf_bytes
    assert cause(check(made.bundle(2), made.trust()), "time") == "warning.claimed_later"
    witnessed = check(MARKET.bundle(2, witnessed=TIME + 5), MARKET.trust(witnessed=True))
    assert witnessed.step("time").params["not_after_time"] == TIME + 5
    assert witnessed.step("time").cause == "witness"


def test_the_operator_is_no_witness_of_its_own_time() -> None:
    trust = Policy(MARKET.trust().logs, (Witness("self", MARKET.cosigner.verifier),), (), "self")
    assert cause(check(GOOD, trust), "time") == "passed"


def test_a_changed_time_is_noticed() -> None:
    other = NoteSigner(MARKET.cosigner.name, MARKET.time_key, COSIGNATURE_ED25519)
    good = cosign_checkpoint(MARKET.checkpoint(cosigned=False), other, TIME)
    raw = bytearray(base64.b64decode(good.split()[-1]))
    raw[11] ^= 1
    bad = good.replace(good.split()[-1], base64.b64encode(raw))
    report = check(replace(GOOD, checkpoint=bad))
    assert failed(report) == {"time"}


def test_witnesses_count_only_when_they_verify() -> None:
    trust = MARKET.trust(witnessed=True)
    assert cause(check(GOOD, trust), "witnesses") == "failed.too_few"
    report = check(MARKET.bundle(2, witnessed=TIME), trust)
    assert cause(report, "witnesses") == "passed"
    liar = NoteSigner(MARKET.witness.name, key(66), COSIGNATURE_ED25519)
    unknown = cosign_checkpoint(MARKET.checkpoint(), liar, TIME)
    assert cause(check(replace(GOOD, checkpoint=unknown), trust), "witnesses") == "failed.too_few"
    elsewhere = SHORTER.checkpoint(witnessed=TIME).splitlines(keepends=True)[-1]
    moved = replace(GOOD, checkpoint=MARKET.checkpoint() + elsewhere)
    assert cause(check(moved, trust), "witnesses") == "failed.signature"


def test_with_everything_at_hand_only_the_state_of_the_key_is_open(tmp_path: Path) -> None:
    path = tmp_path / "ports.csv"
    path.write_bytes(DATA)
    bundle = replace(GOOD, checkpoint=MARKET.checkpoint(witnessed=TIME))
    report = check(bundle, MARKET.trust(witnessed=True), manifest=MANIFEST, files={"ports.csv": path})
    assert [step.code for step in report.steps if step.outcome != "passed"] == ["key_not_revoked"]


def test_what_cannot_be_read_is_not_judged() -> None:
    report = check_bundle(b"{}", MARKET.trust())
    assert (report.outcome, report.exit_code, report.ok) == ("unreadable", 4, False)
    assert [step.code for step in report.steps] == list(CODES)
    assert {step.outcome for step in report.steps[1:]} == {"not_run"}


def test_nothing_passes_under_the_trust_file_of_another_log() -> None:
    report = check(GOOD, ELSEWHERE.trust())
    assert cause(report, "log_signature") == "failed.unknown_log"
    assert {step.code for step in report.steps if step.outcome == "passed"} == {
        "readable",
        "statement_signature",
        "openings",
    }


def test_an_ended_key_makes_a_genuine_receipt_no_longer_valid() -> None:
    with pytest.raises(KeyError):
        Step("key_not_revoked", "failed")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_changed_byte_of_any_part_is_noticed(data: st.DataObject) -> None:
    """Bits flip in the decoded parts, so that base64 and JSON cannot be what notices."""
    part = data.draw(
        st.sampled_from(["statement", "checkpoint", "cose_receipt", "path", "supporting", "opening"])
    )

    def flip(value: bytes) -> bytes:
        changed = bytearray(value)
        changed[data.draw(st.integers(0, len(value) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        return bytes(changed)

    if part == "path":
        bundle = replace(GOOD, path=(flip(GOOD.path[0]), *GOOD.path[1:]))
    elif part == "supporting":
        first = GOOD.supporting[0]
        bundle = replace(GOOD, supporting=(replace(first, entry=flip(first.entry)), GOOD.supporting[1]))
    elif part == "opening":
        bundle = replace(GOOD, openings=(Opening("terms", flip(SALT), CONTENT),))
    else:
        bundle = replace(GOOD, **{part: flip(getattr(GOOD, part))})
    try:
        encoded = format_bundle(bundle)
    except Malformed:
        event("not even text")
        return
    report = check_bundle(encoded, MARKET.trust())
    if part == "checkpoint" and report.ok:
        # A changed name or key id makes the line of a key that nobody asked about: the time is then missing.
        assert report.step("time").outcome == "warning"
    else:
        assert report.outcome in ("failed", "unreadable")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_any_flipped_bit_of_the_file_is_noticed(position: int, bit: int) -> None:
    data = bytearray(format_bundle(GOOD))
    data[position % len(data)] ^= 1 << bit
    report = check_bundle(bytes(data), MARKET.trust())
    assert not report.ok or report.step("time").outcome == "warning"


def test_receipts_read_back() -> None:
    for bundle in (GOOD, MARKET.bundle(0, ()), MARKET.bundle(1, (0,))):
        data = format_bundle(bundle)
        assert parse_bundle(data) == bundle
        assert format_bundle(parse_bundle(data)) == data


def edited(**changes: Any) -> bytes:
    document = json.loads(format_bundle(GOOD))
    return canonical_json({k: v for k, v in (document | changes).items() if v is not ...})


DOCUMENT = json.loads(format_bundle(GOOD))
BAD_BUNDLES = [
    b"",
    b"[]",
    edited() + b"\n",
    edited(version=2),
    edited(version=True),
    edited(version=...),
    edited(extra=1),
    edited(openings=[]),
    edited(openings={}),
    edited(openings=DOCUMENT["openings"] * 2),
    edited(openings=[{**DOCUMENT["openings"][0], "salt": "AAAA"}]),
    edited(openings=[{**DOCUMENT["openings"][0], "name": ""}]),
    edited(supporting=...),
    edited(supporting=[1]),
    edited(supporting=DOCUMENT["supporting"] * 33),
    edited(statement=1),
    edited(statement=DOCUMENT["statement"] + "="),
    edited(statement=DOCUMENT["statement"].rstrip("=") + "\n"),
    edited(receipt=""),
    edited(receipt="AA=="),
    edited(receipt="AB=="),
    edited(checkpoint=""),
    edited(checkpoint="x"),
    edited(checkpoint=DOCUMENT["checkpoint"].replace("\n6\n", "\n06\n")),
    edited(checkpoint=DOCUMENT["checkpoint"].replace("\n6\n", "\n6\nextension\n")),
    edited(inclusion={"index": -1, "path": []}),
    edited(inclusion={"index": True, "path": []}),
    edited(inclusion={"index": 2, "path": ["AAAA"]}),
    edited(inclusion={"index": 2, "path": DOCUMENT["inclusion"]["path"] * 30}),
    edited(inclusion={"index": 2, "path": [], "size": 6}),
    edited().replace(b'"version":1', b'"version":1,"version":1'),
    edited().replace(b'"version":1', b'"version":1.0'),
]


@pytest.mark.parametrize("number", range(len(BAD_BUNDLES)))
def test_bad_receipts_are_unreadable(number: int) -> None:
    assert check_bundle(edited(), MARKET.trust()).ok
    assert check_bundle(BAD_BUNDLES[number], MARKET.trust()).outcome == "unreadable"


def test_every_sentence_exists_in_both_languages_with_the_same_names() -> None:
    for words in WORDS.values():
        names = [{found for _, found, _, _ in string.Formatter().parse(text) if found} for text in words]
        assert names[0] == names[1]
        assert all(words)


def test_sentences_are_given_in_both_languages() -> None:
    report = check(GOOD)
    for step in report.steps:
        assert step.sentence("en") != step.sentence("zh")
        assert "{" not in step.sentence("en") + step.sentence("zh")
    assert report.sentence("en").startswith("Passed")
    assert report.sentence("zh").startswith("核验通过")


def test_what_is_counted_is_said_as_people_say_it() -> None:
    one, many = ({"files": count, "bytes": 1_234_567} for count in (1, 3))
    assert "(1 file, 1,234,567 bytes)" in Step("fingerprint", "passed", one).sentence()
    assert "(3 files, 1,234,567 bytes)" in Step("fingerprint", "passed", many).sentence()
    assert "（1 个文件，1,234,567 字节）" in Step("fingerprint", "passed", one).sentence("zh")
    left = Step("fingerprint", "warning", {"files": 1, "missing": ["b.csv"]}, "some_files")
    assert left.sentence().startswith("1 file is, byte for byte")


def test_names_from_a_receipt_cannot_drive_a_terminal() -> None:
    report = check(replace(GOOD, openings=(Opening("\x1b[2J\u202eterms", SALT, CONTENT),)))
    sentence = report.step("openings").sentence()
    assert "\x1b" not in sentence
    assert "\u202e" not in sentence


def test_a_supporting_entry_that_is_not_in_the_ledger_is_noticed() -> None:
    stranger = MARKET.registration(key(50), MARKET.org(9)).leaf_bytes
    bundle = replace(GOOD, supporting=(*GOOD.supporting, Located(stranger, 3, MARKET.path(3))))
    assert cause(check(bundle), "included") == "failed.supporting"


def test_a_log_that_trusts_its_receipt_for_its_key_would_fail_here() -> None:
    """The imitation is complete and consistent in itself; only the trust file tells it apart."""
    assert check(IMITATION.bundle(2), IMITATION.trust()).ok
    assert check(IMITATION.bundle(2)).outcome == "failed"
    assert IMITATION.origin == MARKET.origin
    assert leaf_hash(IMITATION.entries[0]) != leaf_hash(MARKET.entries[0])
    assert Policy((TrustedLog(IMITATION.log_signer.verifier),)) != MARKET.trust()


def test_a_binding_without_its_proof_binds_nothing() -> None:
    binding, rules = GOOD.supporting
    report = check(replace(GOOD, supporting=(replace(binding, path=MARKET.path(2)), rules)))
    assert failed(report) == {"included", "key_binding"}


def test_a_standard_receipt_with_another_signature_is_named() -> None:
    """Header, size, index and path are those of the ledger; only the signature is over another root."""
    protected, signature = sign_root(bytes(32), MARKET.receipt_key, MARKET.origin)
    other = format_cose_receipt(protected, signature, 6, 2, GOOD.path)
    report = check(replace(GOOD, cose_receipt=other))
    assert cause(report, "cose_receipt") == "failed.signature"
    assert failed(report) == {"cose_receipt"}


@pytest.mark.parametrize(
    "changes",
    [
        {"org": 1},
        {"org": "urn:datawharf:0000000000000000:org:01938e2a-7c00-7000-8000-000000000001"},
        {"org": MARKET.org(1).replace(":org:", ":asset:")},
        {"key": "00" * 32},
        {"key": "AB" * 32},
        {"possession": "00" * 63},
        {"possession": None},
        {"more": 1},
    ],
)
def test_bindings_in_another_shape_bind_nothing(changes: dict[str, Any]) -> None:
    made = market()
    good = made.binding(PROVIDER, made.org(1))
    predicate = good.predicate | changes
    made.entries[1] = made.statement(
        good.predicate_type, predicate, made.platform, made.platform_org
    ).leaf_bytes
    report = check(made.bundle(2), made.trust())
    assert cause(report, "key_binding") == "failed.missing"
    assert cause(report, "statement_signature") == "failed.no_key"


def test_rules_with_fields_of_other_types_are_refused() -> None:
    made = market()
    for changes in ({"platform": {"org": made.platform_org}}, {"log": 1}, {"platform": []}):
        made.entries[0] = made.log_policy(**changes).leaf_bytes
        assert cause(check(made.bundle(2), made.trust()), "log_policy") == "failed.unusable"


def test_a_rule_book_with_a_key_of_the_wrong_kind_is_refused() -> None:
    made = market()
    made.entries[0] = made.log_policy(log=made.cosigner.vkey).leaf_bytes
    report = check(made.bundle(2), made.trust())
    assert "not of that kind" in report.step("log_policy").sentence()


def test_reports_know_their_steps() -> None:
    report = Report((Step("readable", "passed"),))
    assert (report.outcome, report.exit_code) == ("passed", 0)
    with pytest.raises(KeyError):
        report.step("absent")

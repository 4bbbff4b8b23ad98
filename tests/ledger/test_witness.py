"""A witness judges each request as C2SP tlog-witness says, and cosigns one history only, whatever happens to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint, cosignatures, format_checkpoint, open_checkpoint, parse_checkpoint
from ledger.encoding import MAX_COUNT, format_base64
from ledger.errors import Conflict, Malformed, StorageFailed
from ledger.keys import SigningKey
from ledger.mldsa import MlDsaSigningKey
from ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA,
    Note,
    NoteSignature,
    NoteSigner,
    Verifier,
    format_note,
    open_note,
    parse_note,
    parse_signature_lines,
    parse_vkey,
    sign_note,
)
from ledger.witness.state import MAX_EVIDENCE, SqliteWitnessState
from ledger.witness.wire import (
    MAX_REQUEST,
    TREE_SIZE,
    AddCheckpoint,
    Answer,
    format_add_checkpoint,
    format_tree_size,
    origin_hash,
    parse_add_checkpoint,
    parse_tree_size,
)
from ledger.witness.witness import Witness
from tests.ledger import vectors
from tests.ledger.witnesses import KEY, NOW, ListLog, MemoryState, witness_of

LOG = ListLog()
FORK = LOG.forked(2)
OTHER = ListLog("log.example/b", 51)

hashes = st.binary(min_size=32, max_size=32)
requests = st.builds(
    AddCheckpoint,
    st.integers(0, MAX_COUNT),
    st.lists(hashes, max_size=63).map(tuple),
    st.sampled_from([LOG.note(5), OTHER.note(40), vectors.WORDS_CHECKPOINT_15]),
)


@given(requests)
def test_requests_read_back(request: AddCheckpoint) -> None:
    body = format_add_checkpoint(request)
    assert parse_add_checkpoint(body) == (request, parse_note(request.note))


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda data: LOG.request(3, 7) + data))
def test_any_bytes_are_a_request_or_malformed(body: bytes) -> None:
    try:
        request, _ = parse_add_checkpoint(body)
    except Malformed:
        return
    assert format_add_checkpoint(request) == body


@given(st.integers(0, MAX_COUNT))
def test_sizes_read_back(size: int) -> None:
    answer = format_tree_size(size)
    assert (answer.status, answer.content_type) == (409, "text/x.tlog.size")
    assert parse_tree_size(answer.body) == size


@pytest.mark.parametrize(
    "body", [b"", b"7", b"07\n", b"7\n\n", b"-1\n", b"\xff\n", b" 7\n", b"7 \n", b"7\r\n"]
)
def test_other_bodies_name_no_size(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_tree_size(body)


def resigned(log: ListLog, text: str) -> bytes:
    return sign_note(text, [log.signer])


def raw(old: str, *lines: str, note: bytes = b"") -> bytes:
    return "\n".join([old, *lines, "", ""]).encode() + (note or LOG.note(7))


ROOT = format_base64(LOG.checkpoint(7).root)
PROOF = [format_base64(each) for each in LOG.proof(5, 7)]
UNSIGNED = format_note(Note(format_checkpoint(LOG.checkpoint(7)), (OTHER.signer.sign("x\n"),)))
WRONG_LINE = format_note(
    Note(
        format_checkpoint(LOG.checkpoint(7)),
        (
            NoteSignature(LOG.origin, LOG.signer.verifier.key_id, bytes(64)),
            LOG.signer.sign(format_checkpoint(LOG.checkpoint(7))),
        ),
    )
)
EMPTY = Checkpoint(LOG.origin, 0, ListLog(data=[]).checkpoint(0).root)

# The witness has cosigned five entries of the log.
REQUESTS: dict[str, tuple[int, bytes]] = {
    "grows": (200, LOG.request(5, 7)),
    "grows across a power of two": (200, LOG.request(5, 33)),
    "the same again": (200, LOG.request(5, 5)),
    "more signatures than it knows": (
        200,
        raw("old 5", *PROOF, note=LOG.note(7) + b"".join(OTHER.signer.sign("x\n").line.encode() for _ in range(16))),
    ),
    "nothing": (400, b""),
    "no old size": (400, raw(*PROOF)),
    "leading zero": (400, raw("old 05", *PROOF)),
    "two spaces": (400, raw("old  5", *PROOF)),
    "negative": (400, raw("old -5", *PROOF)),
    "carriage returns": (400, LOG.request(5, 7).replace(b"\n", b"\r\n")),
    "hash cut": (400, raw("old 5", *PROOF[:-1], PROOF[-1][4:])),
    "hash not base64": (400, raw("old 5", *PROOF[:-1], "!" * 44)),
    "64 hashes": (400, raw("old 5", *[ROOT] * 64)),
    "no empty line": (400, LOG.request(5, 7).replace(b"\n\n", b"\n")),
    "no signature": (400, raw("old 5", *PROOF, note=format_checkpoint(LOG.checkpoint(7)).encode())),
    "no checkpoint": (400, raw("old 5", *PROOF, note=resigned(LOG, "text\n"))),
    "extension line": (400, raw("old 5", *PROOF, note=resigned(LOG, format_checkpoint(LOG.checkpoint(7)) + "more\n"))),
    "size with leading zero": (400, raw("old 5", *PROOF, note=resigned(LOG, f"{LOG.origin}\n07\n{ROOT}\n"))),
    "root cut": (400, raw("old 5", *PROOF, note=resigned(LOG, f"{LOG.origin}\n7\n{ROOT[4:]}\n"))),
    "too long": (400, raw("old 5", *PROOF, note=LOG.note(7) + b"x" * MAX_REQUEST)),
    "old above new": (400, format_add_checkpoint(AddCheckpoint(8, (), LOG.note(7)))),
    "unknown log": (404, OTHER.request(0, 7)),
    "unknown log, unsigned": (404, raw("old 0", note=resigned(LOG, f"log.example/c\n7\n{ROOT}\n"))),
    "not signed by the log": (403, raw("old 5", *PROOF, note=UNSIGNED)),
    "signed by another": (403, raw("old 5", *PROOF, note=resigned(OTHER, format_checkpoint(LOG.checkpoint(7))))),
    "a wrong line before a good one": (403, raw("old 5", *PROOF, note=WRONG_LINE)),
    "size changed after signing": (403, raw("old 5", *PROOF, note=LOG.note(7).replace(b"\n7\n", b"\n8\n"))),
    "another size than the last": (409, LOG.request(4, 7)),
    "from nothing": (409, LOG.request(0, 7)),
    "rollback": (409, LOG.request(3, 4)),
    "rollback to nothing": (409, format_add_checkpoint(AddCheckpoint(0, (), resigned(LOG, format_checkpoint(EMPTY))))),
    "no proof": (422, format_add_checkpoint(AddCheckpoint(5, (), LOG.note(7)))),
    "proof cut": (422, format_add_checkpoint(AddCheckpoint(5, LOG.proof(5, 7)[:-1], LOG.note(7)))),
    "proof longer": (422, format_add_checkpoint(AddCheckpoint(5, (*LOG.proof(5, 7), bytes(32)), LOG.note(7)))),
    "proof of another size": (422, format_add_checkpoint(AddCheckpoint(5, LOG.proof(5, 8), LOG.note(7)))),
    "proof turned": (422, format_add_checkpoint(AddCheckpoint(5, LOG.proof(5, 7)[::-1], LOG.note(7)))),
    "fork": (422, FORK.request(5, 7)),
    "fork at the same size": (422, FORK.request(5, 5)),
    "the same size with a proof": (422, format_add_checkpoint(AddCheckpoint(5, LOG.proof(5, 7), LOG.note(5)))),
}  # fmt: skip


@pytest.fixture
def witness() -> Witness:
    witness = witness_of(LOG)
    assert witness.add_checkpoint(LOG.request(0, 5)).status == 200
    return witness


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case)
def test_every_request_has_its_status(witness: Witness, case: str) -> None:
    status, body = REQUESTS[case]
    answer = witness.add_checkpoint(body)
    assert answer.status == status, answer.body
    if status == 409:
        assert (answer.body, answer.content_type) == (b"5\n", TREE_SIZE)
    if status != 200:
        assert witness.checkpoint(origin_hash(LOG.origin)).body.startswith(LOG.note(5))
        assert witness.add_checkpoint(LOG.request(5, 7)).status == 200


# A witness that has not seen the log yet.
FIRST: dict[str, tuple[int, bytes]] = {
    "grows from nothing": (200, LOG.request(0, 7)),
    "empty": (200, format_add_checkpoint(AddCheckpoint(0, (), resigned(LOG, format_checkpoint(EMPTY))))),
    "a proof from nothing": (422, format_add_checkpoint(AddCheckpoint(0, (bytes(32),), LOG.note(7)))),
    "empty with a root": (422, raw("old 0", note=resigned(LOG, f"{LOG.origin}\n0\n{ROOT}\n"))),
    "a size it never saw": (409, LOG.request(5, 7)),
}


@pytest.mark.parametrize("case", FIRST, ids=lambda case: case)
def test_first_contact(case: str) -> None:
    status, body = FIRST[case]
    answer = witness_of(LOG).add_checkpoint(body)
    assert answer.status == status, answer.body
    if status == 409:
        assert answer.body == b"0\n"


def test_an_empty_log_may_be_cosigned_and_then_grow() -> None:
    witness = witness_of(LOG)
    for _ in range(2):
        assert witness.add_checkpoint(FIRST["empty"][1]).status == 200
    assert witness.add_checkpoint(LOG.request(0, 7)).status == 200


def test_the_answer_is_the_cosignature_alone_and_monitors_get_the_whole(witness: Witness) -> None:
    answer = witness.add_checkpoint(LOG.request(5, 7))
    (line,) = parse_signature_lines(answer.body)
    assert (line.name, line.key_id) == (KEY.name, KEY.verifier.key_id)
    monitored = witness.checkpoint(origin_hash(LOG.origin))
    assert monitored.body == LOG.note(7) + answer.body
    seen = cosignatures(open_note(monitored.body, [KEY.verifier]))
    assert [each.time for each in seen] == [NOW]
    assert open_checkpoint(monitored.body, LOG.signer.verifier) == LOG.checkpoint(7)
    assert witness.checkpoint(origin_hash(OTHER.origin)).status == 404


def test_a_foreign_line_is_not_passed_on(witness: Witness) -> None:
    _, body = REQUESTS["more signatures than it knows"]
    answer = witness.add_checkpoint(body)
    assert witness.checkpoint(origin_hash(LOG.origin)).body == LOG.note(7) + answer.body


def test_the_published_log_of_fifteen_words() -> None:
    witness = Witness([KEY], MemoryState(parse_vkey(vectors.WORDS_VKEY)), lambda: NOW)
    three = AddCheckpoint(0, (), vectors.WORDS_CHECKPOINT_3)
    assert witness.add_checkpoint(format_add_checkpoint(three)).status == 200
    fifteen = AddCheckpoint(6, tuple(vectors.WORDS_CONSISTENCY_6_TO_15), vectors.WORDS_CHECKPOINT_15)
    assert witness.add_checkpoint(format_add_checkpoint(fifteen)).body == b"3\n"


def test_two_kinds_of_key_sign_side_by_side() -> None:
    post_quantum = NoteSigner(KEY.name, MlDsaSigningKey.from_seed(vectors.SEED), COSIGNATURE_ML_DSA)
    witness = witness_of(LOG, post_quantum)
    answer = witness.add_checkpoint(LOG.request(0, 7))
    opened = open_note(LOG.note(7) + answer.body, [KEY.verifier, post_quantum.verifier])
    assert [(each.verifier.kind, each.time) for each in cosignatures(opened)] == [
        (COSIGNATURE_ED25519, NOW),
        (COSIGNATURE_ML_DSA, NOW),
    ]


def test_either_key_of_a_log_in_rotation_will_do() -> None:
    old, new = LOG.signer, NoteSigner(LOG.origin, SigningKey.from_seed(bytes([52]) * 32))
    witness = Witness([KEY], MemoryState(old.verifier, new.verifier), lambda: NOW)
    assert witness.add_checkpoint(LOG.request(0, 5)).status == 200
    both = sign_note(format_checkpoint(LOG.checkpoint(6)), [old, new])
    assert (
        witness.add_checkpoint(format_add_checkpoint(AddCheckpoint(5, LOG.proof(5, 6), both))).status == 200
    )
    newer = sign_note(format_checkpoint(LOG.checkpoint(7)), [new])
    assert (
        witness.add_checkpoint(format_add_checkpoint(AddCheckpoint(6, LOG.proof(6, 7), newer))).status == 200
    )


def test_two_roots_for_one_size_are_kept_as_evidence() -> None:
    state = MemoryState(LOG.signer.verifier)
    witness = Witness([KEY], state, lambda: NOW)
    witness.add_checkpoint(LOG.request(0, 5))
    witness.add_checkpoint(REQUESTS["fork"][1])
    witness.add_checkpoint(REQUESTS["not signed by the log"][1])
    assert state.evidence == []
    witness.add_checkpoint(REQUESTS["fork at the same size"][1])
    assert state.evidence == [FORK.note(5)]


def test_a_clock_that_is_not_set_signs_nothing() -> None:
    state = MemoryState(LOG.signer.verifier)
    assert Witness([KEY], state, lambda: 0).add_checkpoint(LOG.request(0, 5)).status == 503
    assert state.notes == {}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 12)), max_size=12))
def test_whatever_is_asked_all_that_is_cosigned_is_one_history(asked: list[tuple[bool, int, int]]) -> None:
    witness = witness_of(LOG)
    cosigned: list[Checkpoint] = []
    for forked, one, another in asked:
        log = FORK if forked else LOG
        old, new = sorted((one, another))
        if witness.add_checkpoint(log.request(old, new)).status == 200:
            cosigned.append(log.checkpoint(new))
    demand_one_history(cosigned)


def demand_one_history(cosigned: list[Checkpoint]) -> None:
    """No two histories: the fork differs from the log in every tree of more than two entries."""
    assert [each.size for each in cosigned] == sorted(each.size for each in cosigned)
    assert all(each == LOG.checkpoint(each.size) for each in cosigned) or all(
        each == FORK.checkpoint(each.size) for each in cosigned
    )


@pytest.fixture
def store(tmp_path: Path) -> SqliteWitnessState:
    state = SqliteWitnessState.create(tmp_path / "witness.sqlite3")
    state.add_log(LOG.signer.verifier)
    return state


def test_a_store_remembers(store: SqliteWitnessState, tmp_path: Path) -> None:
    assert Witness([KEY], store, lambda: NOW).add_checkpoint(LOG.request(0, 5)).status == 200
    again = SqliteWitnessState(tmp_path / "witness.sqlite3")
    again.add_log(LOG.signer.verifier)
    assert (again.origins(), again.keys(LOG.origin)) == ([LOG.origin], [LOG.signer.verifier])
    note = again.latest(LOG.origin)
    assert note is not None
    assert note == again.latest_by_hash(origin_hash(LOG.origin))
    assert parse_checkpoint(parse_note(note).text) == LOG.checkpoint(5)
    assert (again.latest(OTHER.origin), again.keys(OTHER.origin)) == (None, [])
    again.remove_key(LOG.signer.verifier)
    assert Witness([KEY], again, lambda: NOW).add_checkpoint(LOG.request(5, 7)).status == 404
    assert again.latest(LOG.origin) == note


def test_a_store_moves_only_from_what_was_seen(store: SqliteWitnessState) -> None:
    store.advance(LOG.origin, None, b"one")
    for seen in (None, b"two", b""):
        with pytest.raises(Conflict):
            store.advance(LOG.origin, seen, b"three")
    store.advance(LOG.origin, b"one", b"two")
    assert store.latest(LOG.origin) == b"two"


def test_evidence_has_a_limit(store: SqliteWitnessState) -> None:
    for number in range(2 * MAX_EVIDENCE):
        store.keep_evidence(LOG.origin, bytes([number // 2]))
    store.keep_evidence(OTHER.origin, b"x")
    assert (len(store.evidence(LOG.origin)), store.evidence(OTHER.origin)) == (MAX_EVIDENCE, [b"x"])


def test_a_store_is_made_once_and_refuses_what_is_none(store: SqliteWitnessState, tmp_path: Path) -> None:
    with pytest.raises(Conflict):
        SqliteWitnessState.create(tmp_path / "witness.sqlite3")
    with pytest.raises(StorageFailed, match="witness init"):
        SqliteWitnessState(tmp_path / "none")
    with pytest.raises(Malformed):
        store.add_log(KEY.verifier)
    (tmp_path / "text").write_bytes(b"x" * 4096)
    with pytest.raises(StorageFailed):
        SqliteWitnessState(tmp_path / "text")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(StorageFailed, match="version"):
        SqliteWitnessState(tmp_path / "empty")


def test_a_store_that_fails_is_no_fault_of_the_log(store: SqliteWitnessState, tmp_path: Path) -> None:
    witness = Witness([KEY], store, lambda: NOW)
    (tmp_path / "witness.sqlite3").unlink()
    assert witness.add_checkpoint(LOG.request(0, 5)).status == 503
    assert witness.checkpoint(origin_hash(LOG.origin)).status == 503


@dataclass
class Between:
    """A state in which something happens after the look and before the change."""

    inner: SqliteWitnessState
    happens: Callable[[], object]

    def keys(self, origin: str) -> list[Verifier]:
        return list(self.inner.keys(origin))

    def latest(self, origin: str) -> bytes | None:
        return self.inner.latest(origin)

    def latest_by_hash(self, origin_hash: str) -> bytes | None:
        return self.inner.latest_by_hash(origin_hash)

    def advance(self, origin: str, seen: bytes | None, note: bytes) -> None:
        self.happens()
        self.inner.advance(origin, seen, note)

    def keep_evidence(self, origin: str, note: bytes) -> None:
        self.inner.keep_evidence(origin, note)


def test_who_is_overtaken_between_check_and_change_is_judged_again(store: SqliteWitnessState) -> None:
    fast = Witness([KEY], store, lambda: NOW)
    assert fast.add_checkpoint(LOG.request(0, 5)).status == 200
    slow = Witness([KEY], Between(store, lambda: fast.add_checkpoint(LOG.request(5, 9))), lambda: NOW)
    for body in (LOG.request(5, 7), FORK.request(5, 7)):
        answer = slow.add_checkpoint(body)
        assert answer.status in (409, 422)
    assert slow.add_checkpoint(LOG.request(5, 7)).body == b"9\n"


def test_a_log_that_never_stands_still_is_told_to_come_back(store: SqliteWitnessState) -> None:
    fast = Witness([KEY], store, iter(range(1, 10_000)).__next__)
    fast.add_checkpoint(LOG.request(0, 5))
    slow = Witness([KEY], Between(store, lambda: fast.add_checkpoint(LOG.request(5, 5))), lambda: NOW)
    assert slow.add_checkpoint(LOG.request(5, 7)).status == 503


def test_many_at_once_get_one_history(store: SqliteWitnessState) -> None:
    """Forks and growths race on one witness; nothing that was answered with 200 contradicts anything else."""
    witness = Witness([KEY], store, lambda: NOW)
    answers: list[tuple[Checkpoint, Answer]] = []
    start = threading.Barrier(8)

    def race(log: ListLog) -> None:
        start.wait()
        known = 0
        for size in range(3, 12):
            answer = witness.add_checkpoint(log.request(min(known, size), size))
            answers.append((log.checkpoint(size), answer))
            known = parse_tree_size(answer.body) if answer.status == 409 else size

    racers = [threading.Thread(target=race, args=(log,)) for log in (LOG, FORK) * 4]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert {answer.status for _, answer in answers} <= {200, 409, 422}
    cosigned = sorted((each for each, answer in answers if answer.status == 200), key=lambda each: each.size)
    assert cosigned
    demand_one_history(cosigned)
    note = store.latest(LOG.origin)
    assert note is not None
    assert parse_checkpoint(parse_note(note).text) == cosigned[-1]

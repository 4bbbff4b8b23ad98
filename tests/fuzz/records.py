"""What must hold of the files that a log, its signer, its index and its monitor write for themselves."""

from __future__ import annotations

from ledger import head, signer
from ledger.fsck_report import split_entries, split_hashes
from ledger.hashing import HASH_SIZE
from ledger.index.trie import Leaf, root_of_path
from ledger.indexer.pages import find, update
from ledger.kept import KeptCheckpoints
from ledger.lease import format_lease, parse_lease
from ledger.monitor.state import format_state, parse_state
from ledger.records import format_record, parse_record
from ledger.signer_process import _answer as answer_of
from ledger.stores.memory import Faults
from ledger.tiles import decode_bundle, encode_bundle
from tests.fuzz import seeds
from tests.ledger.logs import NOW, MemorySignerState, make_signer


def entry_bundle(data: bytes) -> None:
    entries = decode_bundle(data)
    assert encode_bundle(entries) == data
    assert b"".join(head.frames_of(entries)) == data


def frames(data: bytes) -> None:
    assert b"".join(head.split_frames(data)) == data


def damaged_file(data: bytes) -> None:
    """As fsck takes apart what may be cut: nothing is lost, and nothing but padding is added."""
    assert b"".join(split_hashes(data)) == data
    framed = b"".join(split_entries(data))
    assert framed[: len(data)] == data
    assert not framed[len(data) :].strip(b"\0")


def record(data: bytes) -> None:
    name, *fields = data.decode("utf-8", "replace").split("\n")
    found = parse_record(data, name, max(0, len(fields) - 1))
    assert format_record(name, found) == data


def head_of_log(data: bytes) -> None:
    assert head.format_head(head.parse_head(data)) == data


def staged_batch(data: bytes) -> None:
    found = head.parse_staged(data)
    assert head.format_staged(found) == data
    assert head.leftovers([found.path(1)], 1) == [found.path(1)]


def lease(data: bytes) -> None:
    assert format_lease(parse_lease(data)) == data


def signed_head(data: bytes) -> None:
    assert signer.format_signed_head(signer.parse_signed_head(data)) == data


def state_of_signer(data: bytes) -> None:
    state = MemorySignerState(Faults())
    state.record = data
    made = make_signer(state)
    epoch, last = made.epoch(), made.last()
    made.claim(epoch + 1)
    assert (made.epoch(), made.last()) == (epoch + 1, last)


def request_to_signer(data: bytes) -> None:
    state = MemorySignerState(Faults())
    state.record = seeds.signer_state().record
    kind, answer = parse_record(
        answer_of(make_signer(state), data, lambda: NOW), "datawharf/signer-answer/v1", 2
    )
    assert kind in ("ok", "Conflict", "Malformed", "Unverified")
    assert answer.isascii()


def state_of_monitor(data: bytes) -> None:
    found = parse_state(data, seeds.market().log_signer.verifier)
    assert format_state(found) == data
    assert type(found.checked) is int


class _Kept:
    """A store in which the checkpoint of every size is the same one."""

    def __init__(self, data: bytes) -> None:
        self._parts = [*data.split(b"\xff\x00\xff"), b"", b""]

    def read(self, path: str) -> bytes | None:
        return self._parts[1 if path.endswith(".cose") else 2 if path.endswith(".links") else 0]


def kept_checkpoint(data: bytes) -> None:
    kept = KeptCheckpoints(seeds.market().origin, _Kept(data))  # type: ignore[arg-type]
    newest = kept.newest()
    assert newest is not None
    previous = kept.previous(newest.size)
    assert previous is None or previous < newest.size
    assert kept.first_covering(0, newest).size > 0


class _Pages:
    """A map every page of which has the same bytes."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.written: dict[str, bytes] = {}

    def read(self, prefix: str) -> bytes | None:
        return self.written.get(prefix, self._body)

    def write(self, prefix: str, body: bytes) -> None:
        self.written[prefix] = body


def page_of_map(data: bytes) -> None:
    key = bytes([7]) * HASH_SIZE
    leaf, path = find(_Pages(data), key)
    assert len(leaf.key) == len(leaf.list) == HASH_SIZE
    root_of_path(key, leaf, path)
    assert len(update(_Pages(data), [Leaf(key, key)])) == HASH_SIZE

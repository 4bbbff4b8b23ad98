"""Signed notes and checkpoints: round trips, and everything that is not one."""

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import (
    Checkpoint,
    checkpoint_of,
    cosign_checkpoint,
    cosignatures,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    parse_checkpoint_lines,
)
from ledger.encoding import format_base64, parse_base64
from ledger.errors import Malformed, Unverified
from ledger.hashing import EMPTY_ROOT
from ledger.keys import SigningKey
from ledger.note import (
    COSIGNATURE_ED25519,
    Note,
    NoteSignature,
    NoteSigner,
    Verifier,
    format_note,
    format_vkey,
    open_note,
    parse_note,
    parse_vkey,
    sign_note,
)
from tests.ledger import vectors

LOG = NoteSigner("log.example", SigningKey.from_seed(bytes([1]) * 32))
OTHER = NoteSigner("other.example", SigningKey.from_seed(bytes([2]) * 32))
WITNESS = NoteSigner("witness.example", SigningKey.from_seed(bytes([3]) * 32), COSIGNATURE_ED25519)
CHECKPOINT = Checkpoint("log.example", 3, bytes(range(32)))
NOTE = sign_note(format_checkpoint(CHECKPOINT), [LOG])

lines = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), max_size=12)
key_names = st.text(
    st.characters(min_codepoint=0x21, exclude_characters="+", categories=["L", "N", "P", "S"]), min_size=1
)
signatures = st.builds(
    NoteSignature, key_names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)
)


@given(st.lists(lines, min_size=1, max_size=6), st.lists(signatures, min_size=1, max_size=4))
def test_notes_read_back(text: list[str], signed: list[NoteSignature]) -> None:
    note = Note("\n".join(text) + "\n", tuple(signed))
    data = format_note(note)
    assert parse_note(data) == note
    assert format_note(parse_note(data)) == data


@given(st.binary(max_size=80))
def test_any_bytes_are_a_note_or_malformed(data: bytes) -> None:
    try:
        note = parse_note(data)
    except Malformed:
        return
    assert format_note(note) == data


LINE = NOTE.decode().split("\n\n")[1]
BAD_NOTES = [
    b"",
    b"\n",
    b"text\n",
    b"text\n\n",
    LINE.encode(),
    f"text\n{LINE}".encode(),
    f"text\n\n{LINE}"[:-1].encode(),
    f"text\n\n{LINE}\n".encode(),
    f"text\n\n{LINE}extra\n".encode(),
    f"te\rxt\n\n{LINE}".encode(),
    f"te\x00xt\n\n{LINE}".encode(),
    f"te\txt\n\n{LINE}".encode(),
    b"\xff\n\n" + LINE.encode(),
    f"text\n\n- {LINE[2:]}".encode(),
    f"text\n\n\u2013{LINE[1:]}".encode(),
    f"text\n\n—{LINE[2:]}".encode(),
    f"text\n\n—  {LINE[2:]}".encode(),
    f"text\n\n{LINE[:-1]} \n".encode(),
    f"text\n\n— {LINE.split()[2]}\n".encode(),
    f"text\n\n— log+x {LINE.split()[2]}\n".encode(),
    f"text\n\n— log\u00a0x {LINE.split()[2]}\n".encode(),
    f"text\n\n— log.example {LINE.split()[2].rstrip('=')}\n".encode(),
    f"text\n\n— log.example {LINE.split()[2].replace('/', '_')}-\n".encode(),
    b"text\n\n\xe2\x80\x94 log.example AAAA\n",
    b"text\n\n\xe2\x80\x94 log.example AAAAAA==\n",
    f"text\n\n{LINE * 101}".encode(),
]


@pytest.mark.parametrize("number", range(len(BAD_NOTES)))
def test_what_is_no_note_is_refused(number: int) -> None:
    with pytest.raises(Malformed):
        parse_note(BAD_NOTES[number])


def test_many_signatures_are_read() -> None:
    assert len(parse_note(f"text\n\n{LINE * 100}".encode()).signatures) == 100


def test_text_without_a_final_line_feed_is_not_signed() -> None:
    with pytest.raises(ValueError):
        sign_note("text", [LOG])
    with pytest.raises(Malformed):
        sign_note("te\rxt\n", [LOG])


def test_known_and_unknown_signers_are_told_apart() -> None:
    note = sign_note("text\n", [OTHER, LOG])
    opened = open_note(note, [LOG.verifier])
    assert opened.text == "text\n"
    assert opened.verified == (LOG.verifier,)
    assert [line.name for line in opened.unknown] == ["other.example"]
    assert open_note(note, [LOG.verifier, OTHER.verifier]).verified == (OTHER.verifier, LOG.verifier)


def test_a_note_without_a_trusted_signature_is_refused() -> None:
    with pytest.raises(Unverified, match="no signature"):
        open_note(NOTE, [OTHER.verifier])
    with pytest.raises(Unverified):
        open_note(NOTE, [])
    same_name = NoteSigner("log.example", SigningKey.from_seed(bytes(32)))
    with pytest.raises(Unverified):
        open_note(NOTE, [same_name.verifier])


def test_one_bad_line_of_a_trusted_key_spoils_the_note() -> None:
    good = sign_note("text\n", [LOG, OTHER])
    bad_other = NoteSignature(OTHER.name, OTHER.verifier.key_id, bytes(64))
    spoiled = format_note(Note("text\n", (*parse_note(good).signatures[:1], bad_other)))
    assert open_note(spoiled, [LOG.verifier]).verified == (LOG.verifier,)
    with pytest.raises(Unverified, match=r"other\.example"):
        open_note(spoiled, [LOG.verifier, OTHER.verifier])


def test_a_second_line_of_the_same_key_counts_once_but_must_hold() -> None:
    (line,) = parse_note(NOTE).signatures
    text = format_checkpoint(CHECKPOINT)
    assert open_note(format_note(Note(text, (line, line))), [LOG.verifier]).verified == (LOG.verifier,)
    with pytest.raises(Unverified):
        open_note(
            format_note(Note(text, (line, NoteSignature(line.name, line.key_id, bytes(64))))), [LOG.verifier]
        )


@given(st.integers(0, 500), st.integers(0, 7))
def test_every_flipped_bit_of_a_checkpoint_is_noticed(position: int, bit: int) -> None:
    data = bytearray(NOTE)
    data[position % len(data)] ^= 1 << bit
    with pytest.raises((Malformed, Unverified)):
        open_checkpoint(bytes(data), LOG.verifier)


@given(key_names, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_checkpoints_read_back(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root if size else EMPTY_ROOT)
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


ROOT = format_base64(bytes(range(32)))
BAD_CHECKPOINTS = [
    "",
    "\n",
    f"log.example\n3\n{ROOT}",
    f"log.example\n3\n{ROOT}\n\n",
    f"log.example\n3\n{ROOT}\nextension\n",
    f"\n3\n{ROOT}\n",
    f"log example\n3\n{ROOT}\n",
    f"log+example\n3\n{ROOT}\n",
    f"log.example\n\n{ROOT}\n",
    f"log.example\n03\n{ROOT}\n",
    f"log.example\n+3\n{ROOT}\n",
    f"log.example\n-3\n{ROOT}\n",
    f"log.example\n 3\n{ROOT}\n",
    f"log.example\n3.0\n{ROOT}\n",
    f"log.example\n٣\n{ROOT}\n",
    f"log.example\n{2**63}\n{ROOT}\n",
    f"log.example\n{10**40}\n{ROOT}\n",
    f"log.example\n0\n{ROOT}\n",
    f"log.example\n3\n{ROOT[:-1]}\n",
    f"log.example\n3\n{ROOT[:-2]}9=\n",
    f"log.example\n3\n{format_base64(bytes(31))}\n",
    f"log.example\n3\n{format_base64(bytes(33))}\n",
    "log.example\n3\n\n",
]


@pytest.mark.parametrize("number", range(len(BAD_CHECKPOINTS)))
def test_what_is_no_checkpoint_is_refused(number: int) -> None:
    with pytest.raises(Malformed):
        parse_checkpoint(BAD_CHECKPOINTS[number])


def test_the_lines_of_a_checkpoint_state_any_root_of_32_bytes() -> None:
    """A witness reads them so: what is no state of a log is refused by the proof, not by the form."""
    assert parse_checkpoint_lines(f"log.example\n0\n{ROOT}\n") == ("log.example", 0, bytes(range(32)))
    for size in (0, 31, 33):
        with pytest.raises(Malformed):
            parse_checkpoint_lines(f"log.example\n3\n{format_base64(bytes(size))}\n")


def test_a_log_speaks_for_itself_alone() -> None:
    foreign = sign_note(format_checkpoint(Checkpoint("other.example", 3, bytes(32))), [LOG])
    with pytest.raises(Unverified, match=r"other\.example"):
        open_checkpoint(foreign, LOG.verifier)


def test_a_witness_line_is_not_the_log_s_signature() -> None:
    note = cosign_checkpoint(NOTE, WITNESS, 7)
    opened = open_note(note, [WITNESS.verifier])
    with pytest.raises(
        Unverified, match=f"not signed by the log's key {re.escape(LOG.vkey)}, {re.escape(OTHER.vkey)}"
    ):
        checkpoint_of(opened, LOG.verifier, OTHER.verifier)


def test_cosignatures_state_their_time() -> None:
    note = cosign_checkpoint(cosign_checkpoint(NOTE, WITNESS, 0), WITNESS, 2**63 - 1)
    opened = open_note(note, [LOG.verifier, WITNESS.verifier])
    assert checkpoint_of(opened, LOG.verifier) == CHECKPOINT
    assert [(seen.verifier, seen.time) for seen in cosignatures(opened)] == [(WITNESS.verifier, 0)]
    assert open_checkpoint(note, LOG.verifier) == CHECKPOINT


def test_a_cosignature_covers_its_time_and_the_text() -> None:
    line = parse_note(cosign_checkpoint(NOTE, WITNESS, 7)).signatures[1]
    text = format_checkpoint(CHECKPOINT)
    later = NoteSignature(line.name, line.key_id, (8).to_bytes(8, "big") + line.signature[8:])
    overflow = NoteSignature(line.name, line.key_id, b"\xff" + line.signature[1:])
    short = NoteSignature(line.name, line.key_id, line.signature[:-1])
    bare = NoteSignature(line.name, line.key_id, line.signature[8:])
    for bad in (later, overflow, short, bare):
        with pytest.raises(Unverified):
            open_note(format_note(Note(text, (bad,))), [WITNESS.verifier])
    with pytest.raises(Unverified):
        open_note(format_note(Note(text.replace("3", "4", 1), (line,))), [WITNESS.verifier])


def test_signers_keep_to_their_kind() -> None:
    with pytest.raises(ValueError):
        sign_note("text\n", [WITNESS])
    with pytest.raises(ValueError):
        cosign_checkpoint(NOTE, LOG, 7)
    for time in (-1, 2**63):
        with pytest.raises(ValueError):
            cosign_checkpoint(NOTE, WITNESS, time)
    with pytest.raises(Malformed):
        cosign_checkpoint(sign_note("text\n", [LOG]), WITNESS, 7)


@given(key_names, st.sampled_from([0x01, 0x04]), st.binary(min_size=32, max_size=32))
def test_vkeys_read_back(name: str, kind: int, seed: bytes) -> None:
    verifier = Verifier(name, kind, SigningKey.from_seed(seed).public)
    assert parse_vkey(format_vkey(verifier)) == verifier
    assert verifier.vkey == format_vkey(verifier)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\x01b", "\ud800"])
def test_bad_key_names_are_refused(name: str) -> None:
    with pytest.raises(Malformed):
        Verifier(name, 0x01, LOG.verifier.key)


def test_vkeys_with_weak_keys_are_refused() -> None:
    name, weak = "log.example", (1).to_bytes(32, "little")
    key_id = sha256(name.encode() + b"\n\x01" + weak).digest()[:4]
    with pytest.raises(Malformed, match="weak"):
        parse_vkey(f"{name}+{key_id.hex()}+{format_base64(bytes([1]) + weak)}")


@pytest.mark.parametrize("vkey", ["", "a", "a+b", "a+00000000+", "a+00000000+AQ==", "a+00000000+!", "++"])
def test_bad_vkeys_are_refused(vkey: str) -> None:
    with pytest.raises(Malformed):
        parse_vkey(vkey)


def test_upper_case_key_ids_are_refused() -> None:
    name, key_id, key = vectors.FOO_VKEY.split("+", 2)
    assert key_id != key_id.upper()
    with pytest.raises(Malformed):
        parse_vkey(f"{name}+{key_id.upper()}+{key}")


@given(st.binary(max_size=40))
def test_base64_reads_back(data: bytes) -> None:
    assert parse_base64(format_base64(data), "value") == data


@pytest.mark.parametrize(
    "text",
    ["A", "AA", "AAA", "AA=", "AB==", "AAB=", "AA==\n", " AAAA", "AA A", "A-_A", "=", "AAAA=", "ＡAAA"],
)
def test_other_forms_of_base64_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_base64(text, "value")

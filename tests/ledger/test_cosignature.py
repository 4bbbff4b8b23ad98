"""Cosignatures of both kinds: published vectors, round trips, and lines that are not what they claim to be."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import (
    Checkpoint,
    Cosignature,
    cosign_checkpoint,
    cosignatures,
    format_checkpoint,
)
from ledger.cosignature import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA,
    format_timed,
    ml_dsa_message,
    parse_timed,
)
from ledger.encoding import MAX_COUNT
from ledger.errors import Malformed, Unsupported, Unverified
from ledger.keys import SigningKey
from ledger.mldsa import ML_DSA_KEY_SIZE, ML_DSA_SIGNATURE_SIZE, MlDsaPublicKey, MlDsaSigningKey
from ledger.note import (
    NOTE_ED25519,
    Note,
    NoteSignature,
    NoteSigner,
    Verifier,
    format_note,
    format_vkey,
    open_note,
    parse_note,
    parse_signature_lines,
    parse_vkey,
    sign_note,
)
from tests.ledger import vectors

KEY = MlDsaSigningKey.from_seed(vectors.SEED)
WITNESS = NoteSigner(vectors.WITNESS_NAME, KEY, COSIGNATURE_ML_DSA)
ED25519 = NoteSigner("witness.example/w2", SigningKey.from_seed(bytes([4]) * 32), COSIGNATURE_ED25519)
LOG = NoteSigner("log.example", SigningKey.from_seed(bytes([1]) * 32))
NOTE = sign_note(format_checkpoint(Checkpoint("log.example", 3, bytes(range(32)))), [LOG])
TIME = vectors.WITNESS_TIME
COSIGNED = cosign_checkpoint(NOTE, WITNESS, TIME)
LINE = parse_note(COSIGNED).signatures[-1]

# For the checkpoint of three words, by the witness and at the time of the vectors.
MESSAGE = bytes.fromhex(
    "737562747265652f76310a00127769746e6573732e6578616d706c652f773100000000695247c0186578616d706c652e636f6d2f6c"
    "6f672f7465737464617461000000000000000000000000000000035aac771c899ac292e74bf1afe2e6e302f8b55883b2d1bf197b46"
    "a6bea6dabca9"
)

origins = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=40)
checkpoints = st.builds(Checkpoint, origins, st.integers(1, MAX_COUNT), st.binary(min_size=32, max_size=32))
times = st.integers(0, MAX_COUNT)


def test_the_message_and_the_key_id_are_the_published_ones() -> None:
    text = parse_note(vectors.WORDS_CHECKPOINT_3).text
    assert ml_dsa_message(vectors.WITNESS_NAME, text, TIME) == MESSAGE
    assert WITNESS.verifier.key_id.hex() == "dcccf9ec"


def test_a_cosignature_verifies_and_states_its_time() -> None:
    opened = open_note(COSIGNED, [LOG.verifier, WITNESS.verifier])
    assert cosignatures(opened) == (Cosignature(WITNESS.verifier, TIME),)
    assert len(LINE.signature) == 8 + ML_DSA_SIGNATURE_SIZE


@given(checkpoints, times)
def test_both_kinds_verify_for_any_checkpoint_and_time(checkpoint: Checkpoint, time: int) -> None:
    note = format_note(
        Note(format_checkpoint(checkpoint), (ED25519.cosign(format_checkpoint(checkpoint), time),))
    )
    note = cosign_checkpoint(note, WITNESS, time)
    opened = open_note(note, [ED25519.verifier, WITNESS.verifier])
    assert cosignatures(opened) == (
        Cosignature(ED25519.verifier, time),
        Cosignature(WITNESS.verifier, time),
    )


@given(checkpoints, times, origins)
def test_the_message_names_everything_it_is_about(checkpoint: Checkpoint, time: int, name: str) -> None:
    message = ml_dsa_message(name, format_checkpoint(checkpoint), time)
    cosigner, origin = name.encode(), checkpoint.origin.encode()
    assert message == (
        b"subtree/v1\n\0"
        + bytes([len(cosigner)])
        + cosigner
        + time.to_bytes(8, "big")
        + bytes([len(origin)])
        + origin
        + bytes(8)
        + checkpoint.size.to_bytes(8, "big")
        + checkpoint.root
    )


@given(times, st.binary(min_size=1, max_size=80))
def test_a_time_and_a_signature_read_back(time: int, signature: bytes) -> None:
    assert parse_timed(format_timed(time, signature)) == (time, signature)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        LINE.signature[:8],
        LINE.signature[8:],
        LINE.signature[:-1],
        LINE.signature + b"\0",
        (TIME + 1).to_bytes(8, "big") + LINE.signature[8:],
        b"\x80" + LINE.signature[1:],
        LINE.signature[:9] + bytes([LINE.signature[9] ^ 1]) + LINE.signature[10:],
        LINE.signature[:8] + bytes(ML_DSA_SIGNATURE_SIZE),
        LINE.signature[:8] + bytes(64),
    ],
    ids=[
        "empty",
        "time only",
        "no time",
        "cut",
        "longer",
        "later",
        "beyond 63 bits",
        "bit",
        "zeros",
        "length of Ed25519",
    ],
)
def test_a_changed_line_does_not_verify(signature: bytes) -> None:
    note = Note(parse_note(NOTE).text, (NoteSignature(LINE.name, LINE.key_id, signature),))
    if len(signature) == 0:
        with pytest.raises(Malformed):
            parse_note(format_note(note))
        return
    with pytest.raises(Unverified):
        open_note(format_note(note), [WITNESS.verifier])


def test_a_line_serves_no_other_name_log_size_or_root() -> None:
    renamed = Verifier("witness.example/w9", COSIGNATURE_ML_DSA, KEY.public)
    line = NoteSignature(renamed.name, renamed.key_id, LINE.signature)
    with pytest.raises(Unverified):
        open_note(format_note(Note(parse_note(NOTE).text, (line,))), [renamed])
    for other in (
        Checkpoint("log.example2", 3, bytes(range(32))),
        Checkpoint("log.example", 4, bytes(range(32))),
        Checkpoint("log.example", 3, bytes(32)),
    ):
        with pytest.raises(Unverified):
            open_note(format_note(Note(format_checkpoint(other), (LINE,))), [WITNESS.verifier])


def test_ml_dsa_signs_nothing_but_checkpoints_with_short_names() -> None:
    for text in ("a note\n", "log.example\n3\n", "log.example\n03\nAAAA\n", f"log.example\n3\n{'A' * 40}\n"):
        with pytest.raises(Malformed):
            WITNESS.cosign(text, TIME)
        with pytest.raises(Unverified):
            open_note(format_note(Note(text, (LINE,))), [WITNESS.verifier])
    with pytest.raises(Malformed, match="255"):
        WITNESS.cosign(format_checkpoint(Checkpoint("o" * 256, 3, bytes(32))), TIME)
    with pytest.raises(Malformed, match="255"):
        Verifier("w" * 256, COSIGNATURE_ML_DSA, KEY.public)
    assert Verifier("w" * 255, COSIGNATURE_ML_DSA, KEY.public).name == "w" * 255
    with pytest.raises(ValueError, match="does not cosign"):
        LOG.cosign("log.example\n", TIME)


def test_vkeys_read_back_and_fit_their_type() -> None:
    vkey = format_vkey(WITNESS.verifier)
    assert parse_vkey(vkey) == WITNESS.verifier
    for bad in (vkey[:-4], vkey + "AAAA", vkey.replace("dcccf9ec", "dcccf9ed"), vkey.replace("w1+", "w2+")):
        with pytest.raises(Malformed):
            parse_vkey(bad)
    for kind, key in (
        (COSIGNATURE_ML_DSA, ED25519.verifier.key),
        (NOTE_ED25519, KEY.public),
        (0x04, KEY.public),
    ):
        with pytest.raises(Malformed, match="signature type"):
            Verifier("witness.example", kind, key)
    with pytest.raises(Malformed, match="1312"):
        MlDsaPublicKey(bytes(ML_DSA_KEY_SIZE - 1))


def test_signature_lines_stand_alone() -> None:
    text = COSIGNED.decode().partition("\n\n")[2]
    assert parse_signature_lines(text.encode()) == parse_note(COSIGNED).signatures
    for bad in (
        "",
        "\n",
        text[:-1],
        text[:-1] + "x",
        text + "\n",
        "\n" + text,
        text.replace("\n", "\r\n"),
        "x\n",
        text * 60,
    ):
        with pytest.raises(Malformed):
            parse_signature_lines(bad.encode())
    with pytest.raises(Malformed):
        parse_signature_lines(b"\xff\n")


@given(st.binary(max_size=120))
def test_any_bytes_are_signature_lines_or_malformed(data: bytes) -> None:
    try:
        lines = parse_signature_lines(data)
    except Malformed:
        return
    assert "".join(line.line for line in lines).encode() == data


def test_without_the_package_the_error_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    verifier = parse_vkey(format_vkey(WITNESS.verifier))
    with pytest.raises(Unsupported, match="install the package cryptography"):
        open_note(COSIGNED, [verifier])
    with pytest.raises(Unsupported):
        MlDsaSigningKey.from_seed(vectors.SEED)
    assert open_note(COSIGNED, [LOG.verifier]).verified == (LOG.verifier,)


def test_a_private_key_shows_its_seed_nowhere() -> None:
    assert vectors.SEED.hex() not in repr(KEY)
    with pytest.raises(TypeError):
        KEY.__reduce__()
    with pytest.raises(Malformed, match="32"):
        MlDsaSigningKey.from_seed(bytes(31))

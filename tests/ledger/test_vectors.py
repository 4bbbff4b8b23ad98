"""The ledger gives and accepts what other implementations of the same specifications give."""

import pytest

from ledger.checkpoint import (
    Checkpoint,
    cosign_checkpoint,
    cosignatures,
    format_checkpoint,
    open_checkpoint,
)
from ledger.errors import Malformed
from ledger.hashing import EMPTY_ROOT, leaf_hash, root_of
from ledger.keys import SigningKey
from ledger.note import COSIGNATURE_ED25519, NoteSigner, open_note, parse_vkey, sign_note
from ledger.proofs import verify_consistency, verify_inclusion
from ledger.tiles import decode_bundle, encode_bundle
from tests.ledger import vectors


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_published_leaves(size: int) -> None:
    assert root_of(map(leaf_hash, vectors.MERKLE_LEAVES[:size])) == vectors.MERKLE_ROOTS[size]


@pytest.mark.parametrize("size", sorted(vectors.WORDS_ROOTS))
def test_roots_of_the_published_log(size: int) -> None:
    assert root_of(map(leaf_hash, vectors.WORDS[:size])) == vectors.WORDS_ROOTS[size]


def test_proofs_of_the_published_log_verify() -> None:
    roots = vectors.WORDS_ROOTS
    assert leaf_hash(vectors.WORDS[6]) == vectors.WORDS_LEAF_6
    verify_inclusion(vectors.WORDS_LEAF_6, 6, 15, vectors.WORDS_INCLUSION_6_OF_15, roots[15])
    verify_consistency(6, roots[6], 15, roots[15], vectors.WORDS_CONSISTENCY_6_TO_15)


def test_entry_bundle_of_the_published_log() -> None:
    assert encode_bundle(vectors.WORDS[:3]) == vectors.WORDS_BUNDLE_OF_3
    assert decode_bundle(vectors.WORDS_BUNDLE_OF_3) == vectors.WORDS[:3]


@pytest.mark.parametrize(
    ("note", "size"), [(vectors.WORDS_CHECKPOINT_3, 3), (vectors.WORDS_CHECKPOINT_15, 15)]
)
def test_checkpoints_of_the_published_log_open(note: bytes, size: int) -> None:
    checkpoint = open_checkpoint(note, parse_vkey(vectors.WORDS_VKEY))
    assert checkpoint == Checkpoint(vectors.WORDS_ORIGIN, size, vectors.WORDS_ROOTS[size])


def test_published_notes_open() -> None:
    assert open_note(vectors.FOO_NOTE, [parse_vkey(vectors.FOO_VKEY)]).text == "This is an example message.\n"
    assert open_note(vectors.NEUMANN_NOTE, [parse_vkey(vectors.NEUMANN_VKEY)]).text == vectors.NEUMANN_TEXT


def test_signing_gives_the_published_note() -> None:
    signer = NoteSigner("PeterNeumann", SigningKey.from_seed(vectors.NEUMANN_SEED))
    assert signer.vkey == vectors.NEUMANN_VKEY
    assert sign_note(vectors.NEUMANN_TEXT, [signer]) == vectors.NEUMANN_NOTE


def test_every_damaged_vkey_is_refused() -> None:
    vkey = vectors.NEUMANN_VKEY
    parse_vkey(vkey)
    shortened = [vkey[start:end] for start in range(len(vkey)) for end in range(start, len(vkey) + 1)]
    shortened.remove(vkey)
    incremented = [vkey[:at] + chr(ord(vkey[at]) + 1) + vkey[at + 1 :] for at in range(len(vkey))]
    for bad in [*shortened, *incremented, *vectors.BAD_VKEYS]:
        with pytest.raises(Malformed):
            parse_vkey(bad)


def test_empty_checkpoint_of_the_fixed_seed() -> None:
    signer = NoteSigner("data.example/ledger", SigningKey.from_seed(vectors.SEED))
    assert signer.vkey == vectors.OUR_VKEY
    text = format_checkpoint(Checkpoint("data.example/ledger", 0, EMPTY_ROOT))
    assert sign_note(text, [signer]) == vectors.OUR_EMPTY_CHECKPOINT


def test_cosignature_of_the_fixed_seed() -> None:
    cosigner = NoteSigner(vectors.WITNESS_NAME, SigningKey.from_seed(vectors.SEED), COSIGNATURE_ED25519)
    assert cosigner.vkey == vectors.WITNESS_VKEY
    note = cosign_checkpoint(vectors.WORDS_CHECKPOINT_3, cosigner, vectors.WITNESS_TIME)
    assert note == vectors.WORDS_CHECKPOINT_3 + vectors.WITNESS_LINE.encode()
    opened = open_note(note, [parse_vkey(vectors.WITNESS_VKEY), parse_vkey(vectors.WORDS_VKEY)])
    assert [seen.time for seen in cosignatures(opened)] == [vectors.WITNESS_TIME]

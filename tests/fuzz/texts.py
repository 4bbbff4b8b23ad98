"""What must hold of the formats that are lines of text: notes, checkpoints, policies, proofs, requests, small encodings."""

from __future__ import annotations

from ledger import checkpoint, cosignature, encoding, note, policy, rotation, tlog_proof
from ledger.errors import Malformed
from ledger.monitor.mail import parse_mail_server
from ledger.names import parse_urn, urn
from ledger.paths import check_path, check_paths, skeleton
from ledger.tiles import format_tile_path, parse_tile_path
from ledger.witness import wire
from tests.fuzz import seeds
from tests.ledger.witnesses import ListLog, witness_of


def text_of(data: bytes) -> str:
    """Any bytes as text; what is not UTF-8 becomes halves of surrogate pairs, which text can hold and UTF-8 cannot."""
    return data.decode("utf-8", "surrogateescape")


def parsed_note(data: bytes) -> None:
    assert note.format_note(note.parse_note(data)) == data


def opened_note(data: bytes) -> None:
    made = seeds.market()
    trusted = [made.log_signer.verifier, made.witness.verifier, seeds.ml_dsa().verifier]
    opened = note.open_note(data, trusted)
    assert opened.verified
    assert set(opened.verified) <= set(trusted)
    assert set(opened.lines) | set(opened.unknown) <= set(note.parse_note(data).signatures)
    for cosigned in checkpoint.cosignatures(opened):
        assert cosigned.time >= 0


def opened_checkpoint(data: bytes) -> None:
    made = seeds.market()
    found = checkpoint.open_checkpoint(data, made.log_signer.verifier)
    assert found.origin == made.origin
    assert checkpoint.format_checkpoint(found) == note.parse_note(data).text


def signature_lines(data: bytes) -> None:
    assert "".join(line.line for line in note.parse_signature_lines(data)).encode() == data


def vkey(data: bytes) -> None:
    assert note.format_vkey(note.parse_vkey(text_of(data))) == text_of(data)


def parsed_checkpoint(data: bytes) -> None:
    text = text_of(data)
    checkpoint.parse_checkpoint_lines(text)
    cosignature.ml_dsa_message("witness", text, 1)
    assert checkpoint.format_checkpoint(checkpoint.parse_checkpoint(text)) == text


def timed_signature(data: bytes) -> None:
    assert cosignature.format_timed(*cosignature.parse_timed(data)) == data


def parsed_policy(data: bytes) -> None:
    found = policy.parse_policy(data)
    canonical = policy.format_policy(found)
    assert policy.parse_policy(canonical) == found
    assert policy.quorum_met(found, [each.verifier for each in found.witnesses])


def offline_proof(data: bytes) -> None:
    assert tlog_proof.format_tlog_proof(tlog_proof.parse_tlog_proof(data)) == data


def opened_rotation(data: bytes) -> None:
    found = rotation.open_rotation(data)
    assert rotation.is_rotation(data)
    assert len(note.open_note(data, [found.old, found.new]).verified) == 2


def request_to_witness(data: bytes) -> None:
    request, found = wire.parse_add_checkpoint(data)
    assert wire.format_add_checkpoint(request) == data
    note.parse_note(note.format_note(found))


def answer_of_witness(data: bytes) -> None:
    log = ListLog()
    witness = witness_of(log)
    assert witness.add_checkpoint(log.request(0, 5)).status == 200
    answer = witness.add_checkpoint(data)
    assert answer.status in (200, 400, 403, 404, 409, 422)
    if answer.status == 200:
        found = checkpoint.open_checkpoint(wire.parse_add_checkpoint(data)[0].note, log.signer.verifier)
        assert found == log.checkpoint(found.size)


def size_of_witness(data: bytes) -> None:
    size = wire.parse_tree_size(data)
    assert wire.format_tree_size(size).body == data
    assert wire.parse_conflict(wire.format_tree_size(size)) == size


def tile_path(data: bytes) -> None:
    assert format_tile_path(parse_tile_path(text_of(data))) == text_of(data)


def file_names(data: bytes) -> None:
    names = text_of(data).split("\n")
    check_paths(names)
    for name in names:
        check_path(name)
    assert len({skeleton(name) for name in names}) == len(names)


def name_of_thing(data: bytes) -> None:
    found = parse_urn(text_of(data))
    assert text_of(data) == f"urn:datawharf:{found.origin_id}:{found.kind}:{found.uuid}"
    urn("origin", found.kind, found.uuid)


def mail_server(data: bytes) -> None:
    found = parse_mail_server(text_of(data), "password")
    assert found.host
    assert 0 < found.port < 1 << 16


def base64_text(data: bytes) -> None:
    assert encoding.format_base64(encoding.parse_base64(text_of(data), "text")) == text_of(data)


def hex_text(data: bytes) -> None:
    assert encoding.parse_hex(text_of(data), "text").hex() == text_of(data)


def decimal_text(data: bytes) -> None:
    found = encoding.parse_decimal(text_of(data), "text")
    assert str(found) == text_of(data)
    assert 0 <= found < 1 << 63


def canonical_json(data: bytes) -> None:
    assert encoding.canonical_json(encoding.parse_canonical_json(data)) == data


def json_text(data: bytes) -> None:
    found = encoding.parse_json(data)
    try:
        canonical = encoding.canonical_json(found)
    except Malformed:
        return  # half of a surrogate pair, or deeper than is written
    assert encoding.canonical_json(encoding.parse_canonical_json(canonical)) == canonical

"""Keys: only strong ones, and secrets that stay where they are put."""

import os
import pickle
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_add

from ledger import cbor
from ledger.errors import Conflict, LedgerError, Malformed, StorageFailed, Unverified
from ledger.keyfile import format_key_file, parse_key_file, read_key_file, write_key_file
from ledger.keys import PublicKey, SigningKey

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    """Addition on edwards25519, straight from the curve equation."""
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2
    x3 = (x1 * y2 + x2 * y1) * pow(1 + product, P - 2, P)
    y3 = (y1 * y2 + x1 * x2) * pow(1 - product, P - 2, P)
    return x3 % P, y3 % P


def point_of_order_eight() -> Point:
    """Multiply points of the whole curve by the group order until one of order eight is left."""
    order = 2**252 + 27742317777372353535851937790883648493
    for y in range(2, 200):
        xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
        x = pow(xx, (P + 3) // 8, P)
        if x * x % P != xx:
            x = x * pow(2, (P - 1) // 4, P) % P
        if x * x % P != xx:
            continue
        found: Point = (0, 1)
        term: Point = (x, y)
        for bit in range(order.bit_length()):
            if order >> bit & 1:
                found = add(found, term)
            term = add(term, term)
        if add(add(found, found), add(found, found)) != (0, 1):
            return found
    raise AssertionError("no point of order eight found")


def small_order_encodings() -> set[bytes]:
    """All 32-byte strings that some decoder takes for one of the eight points: y and y + p, either sign of 0."""
    encodings: set[bytes] = set()
    point: Point = (0, 1)
    generator = point_of_order_eight()
    for _ in range(8):
        x, y = point
        for representative in (y, y + P):
            if representative < 2**255:
                for sign in {x & 1} if x else {0, 1}:
                    encodings.add((representative | sign << 255).to_bytes(32, "little"))
        point = add(point, generator)
    return encodings


def test_there_are_fourteen_small_order_encodings_and_all_are_refused() -> None:
    encodings = small_order_encodings()
    assert len(encodings) == 14
    for encoding in encodings:
        with pytest.raises(Malformed, match="weak"):
            PublicKey.parse(encoding)


def test_a_signature_that_fits_every_message_under_a_weak_key_finds_no_key() -> None:
    identity = (1).to_bytes(32, "little")
    with pytest.raises(Malformed):
        PublicKey(identity).verify(b"anything", identity + bytes(32))


def test_mixed_order_keys_are_refused() -> None:
    honest = SigningKey.from_seed(bytes(range(32))).public.raw
    PublicKey.parse(honest)
    point, generator = (0, 1), point_of_order_eight()
    for _ in range(7):
        point = add(point, generator)
        torsion = (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")
        mixed = crypto_core_ed25519_add(honest, torsion)
        assert mixed != honest
        with pytest.raises(Malformed):
            PublicKey.parse(mixed)


def test_non_canonical_keys_are_refused() -> None:
    for y in range(19):
        for sign in (0, 1):
            with pytest.raises(Malformed):
                PublicKey.parse((y + P | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_keys_of_another_length_are_refused(size: int) -> None:
    with pytest.raises(Malformed):
        PublicKey.parse(bytes(size))
    with pytest.raises(Malformed):
        SigningKey.from_seed(bytes(size))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 511))
def test_signatures_verify_until_a_bit_flips(seed: bytes, message: bytes, bit: int) -> None:
    key = SigningKey.from_seed(seed)
    signature = key.sign(message)
    key.public.verify(message, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unverified):
        key.public.verify(message, bytes(flipped))
    with pytest.raises(Unverified):
        key.public.verify(message + b"x", signature)


def test_a_signature_with_the_order_added_to_s_is_refused() -> None:
    key = SigningKey.from_seed(bytes(range(32)))
    signature = key.sign(b"message")
    scalar = int.from_bytes(signature[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    with pytest.raises(Unverified):
        key.public.verify(b"message", signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 63, 65])
def test_signatures_of_another_length_are_refused(size: int) -> None:
    with pytest.raises(Unverified):
        SigningKey.from_seed(bytes(32)).public.verify(b"", bytes(size))


def test_thumbprint_and_cose_key_follow_their_encodings() -> None:
    key = SigningKey.from_seed(bytes(range(32))).public
    assert key.thumbprint == sha256(cbor.encode({1: 1, -1: 6, -2: key.raw})).digest()
    assert key.cose_key() == cbor.encode({1: 1, 2: key.thumbprint, 3: -8, -1: 6, -2: key.raw})


def test_the_secret_is_never_shown() -> None:
    key = SigningKey.generate()
    assert key.public.raw.hex() in repr(key)
    assert key.seed.hex() not in repr(key) + str(key)
    assert repr(key.seed) not in repr(key) + str(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_generated_keys_differ() -> None:
    assert SigningKey.generate().seed != SigningKey.generate().seed


def test_a_key_file_keeps_its_key_private(tmp_path: Path) -> None:
    key = SigningKey.generate()
    path = tmp_path / "org.key"
    write_key_file(path, key, label="港口数据 Port data")
    assert read_key_file(path).seed == key.seed
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "org.key"
    path.write_bytes(b"precious")
    with pytest.raises(Conflict):
        write_key_file(path, SigningKey.generate(), label="new")
    assert path.read_bytes() == b"precious"


ENDED = """
import os, sys
from pathlib import Path
from ledger.keyfile import write_key_file
from ledger.keys import SigningKey
os.fsync = lambda descriptor: os._exit(9)
write_key_file(Path(sys.argv[1]), SigningKey.generate(), label="x")
"""


def test_a_key_file_that_was_not_finished_is_none(tmp_path: Path) -> None:
    """Whoever makes the next key of a log is killed, and goes on when it is called again."""
    path = tmp_path / "log-next.key"
    assert subprocess.run([sys.executable, "-c", ENDED, str(path)], check=False).returncode == 9
    assert not path.exists()
    write_key_file(path, SigningKey.generate(), label="x")
    assert read_key_file(path).seed
    assert [each.name for each in tmp_path.iterdir() if not each.name.startswith(".")] == ["log-next.key"]


@pytest.mark.skipif(os.name != "posix", reason="file modes are of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "org.key"
    write_key_file(path, SigningKey.generate(), label="x")
    path.chmod(mode)
    with pytest.raises(StorageFailed, match="chmod 600"):
        read_key_file(path)


def test_missing_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match=r"absent\.key"):
        read_key_file(tmp_path / "absent.key")
    with pytest.raises(StorageFailed, match="cannot be created"):
        write_key_file(tmp_path / "absent" / "x.key", SigningKey.generate(), label="x")


def test_damaged_key_files_are_refused_without_showing_the_secret() -> None:
    key = SigningKey.from_seed(bytes(range(32)))
    good = format_key_file(key, label="x")
    assert parse_key_file(good).seed == key.seed
    assert parse_key_file(good.replace(b",", b",\n  ")).seed == key.seed
    other = SigningKey.from_seed(bytes(32)).public.thumbprint.hex().encode()
    bad = [
        b"",
        b"[]",
        good.replace(b"signing-key/v1", b"signing-key/v2"),
        good.replace(b'"label":"x",', b""),
        good.replace(b'"label":"x"', b'"label":"x","more":1'),
        good.replace(b'"label":"x"', b'"label":"x","label":"x"'),
        good.replace(key.public.thumbprint.hex().encode(), other),
        good.replace(b'="', b'"'),
        good.replace(b"AAEC", b"AAED"),
        good + b" " * 5000 + b"x",
        good[:-3],
    ]
    for data in bad:
        with pytest.raises(LedgerError) as caught:
            parse_key_file(data)
        assert "AAECAwQF" not in str(caught.value)

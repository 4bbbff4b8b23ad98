"""Keys and signatures, good and bad, with the verdict of the ledger package.

The curve is written out here on purpose: no library makes mixed-order keys or signatures with a crafted R.
"""

import hashlib

from ledger.errors import LedgerError
from ledger.keys import PublicKey, SigningKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int]

# The eight points of small order, then the encodings of them that are not canonical.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


def add(a: Point, b: Point) -> Point:
    cross = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + cross, P - 2, P) % P
    return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - cross, P - 2, P) % P


def multiply(scalar: int, point: Point) -> Point:
    total = (0, 1)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def decode(data: bytes) -> Point:
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return (x if x & 1 == sign else P - x), y


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


BASE = decode(bytes.fromhex("5866666666666666666666666666666666666666666666666666666666666666"))
ORDER_8 = decode(bytes.fromhex(SMALL_ORDER[6]))


def _scalar(seed: bytes) -> int:
    clamped = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return clamped & (2**254 - 8) | 2**254


def _signature_with_r(seed: bytes, r: bytes, nonce: int, message: bytes) -> bytes:
    key = SigningKey.from_seed(seed).public.raw
    challenge = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    return r + ((nonce + challenge * _scalar(seed)) % L).to_bytes(32, "little")


def _keys() -> list[tuple[str, bytes]]:
    good = [("good", SigningKey.from_seed(bytes([n]) * 32).public.raw) for n in range(6)]
    small = [(f"small order {n}", bytes.fromhex(text)) for n, text in enumerate(SMALL_ORDER)]
    mixed = [
        (f"mixed order {n}", encode(add(decode(good[n][1]), multiply(n + 1, ORDER_8)))) for n in range(6)
    ]
    off_curve = [(f"y = {n}", n.to_bytes(32, "little")) for n in (2, 3, 4, 5, 6, 7, 8)]
    large_y = [(f"y = p + {n}", (P + n).to_bytes(32, "little")) for n in range(19)]
    return [
        *good,
        *small,
        *mixed,
        *off_curve,
        *large_y,
        ("31 bytes", good[0][1][:31]),
        ("33 bytes", good[0][1] + b"\0"),
    ]


def _signatures() -> list[tuple[str, bytes, bytes, bytes]]:
    seed, message = bytes(range(32)), b"what is signed"
    key = SigningKey.from_seed(seed)
    good, nonce = key.sign(message), 123456789
    s = int.from_bytes(good[32:], "little")
    mixed_r = encode(add(multiply(nonce, BASE), ORDER_8))
    cases = [
        ("good", good),
        ("good, own nonce", _signature_with_r(seed, encode(multiply(nonce, BASE)), nonce, message)),
        ("S + L", good[:32] + (s + L).to_bytes(32, "little")),
        ("S = 0", good[:32] + bytes(32)),
        ("S = L", good[:32] + L.to_bytes(32, "little")),
        ("R of mixed order", _signature_with_r(seed, mixed_r, nonce, message)),
        *(
            (f"R small order {n}", _signature_with_r(seed, bytes.fromhex(r), 0, message))
            for n, r in enumerate(SMALL_ORDER)
        ),
        ("63 bytes", good[:63]),
        ("65 bytes", good + b"\0"),
        ("empty", b""),
    ]
    flipped = [(f"bit {bit} flipped", _flip(good, bit)) for bit in range(0, 512, 7)]
    rows = [(name, key.public.raw, message, signature) for name, signature in [*cases, *flipped]]
    other = SigningKey.from_seed(b"o" * 32).public.raw
    identity = bytes.fromhex(SMALL_ORDER[0])
    return [
        *rows,
        ("another message", key.public.raw, message + b".", good),
        ("another key", other, message, good),
        ("identity key fits every message", identity, message, identity + bytes(32)),
    ]


def _flip(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "little") ^ 1 << bit).to_bytes(len(data), "little")


def _key_accepted(raw: bytes) -> bool:
    try:
        PublicKey.parse(raw)
    except LedgerError:
        return False
    return True


def _signature_accepted(raw: bytes, message: bytes, signature: bytes) -> bool:
    try:
        PublicKey.parse(raw).verify(message, signature)
    except LedgerError:
        return False
    return True


# RFC 8032 section 7.1, tests 1 to 3 and SHA(abc): key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


def build() -> dict[str, object]:
    """{"keys": [{name, key, accepted}], "signatures": [{name, …}], "rfc8032": [{…}]}, bytes in hex."""
    return {
        "rfc8032": [dict(zip(("key", "message", "signature"), row, strict=True)) for row in RFC_8032],
        "keys": [{"name": name, "key": raw.hex(), "accepted": _key_accepted(raw)} for name, raw in _keys()],
        "signatures": [
            {
                "name": name,
                "key": raw.hex(),
                "message": message.hex(),
                "signature": signature.hex(),
                "accepted": _signature_accepted(raw, message, signature),
            }
            for name, raw, message, signature in _signatures()
        ],
    }

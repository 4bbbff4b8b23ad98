"""A time-stamping authority in this process (RFC 3161, RFC 5652, RFC 5816), honest or not, with DER written by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

START = datetime(2025, 12, 1, tzinfo=UTC)


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    length = len(body)
    if length < 128:
        return bytes([tag, length]) + body
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    return der(0x31, *sorted(parts))


def integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    return der(0x04, value)


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = bytearray([first * 40 + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        body += bytes(reversed(groups))
    return der(0x06, bytes(body))


def algorithm(dotted: str) -> bytes:
    return sequence(oid(dotted))


SHA256_OID, ECDSA_SHA256 = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2"
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"


@dataclass
class Authority:
    """A root, and a signer under it whose certificate is valid from `START` for a year."""

    name: str = "Test Time Authority"
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING
    embedded: list[x509.Certificate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self._certificate(self.name, self.root_key, self.name, self.root_key, ca=True)
        self.certificate = self._certificate(
            f"{self.name} signer", self.key, self.name, self.root_key, ca=False
        )

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def token(
        self, data: bytes, time: datetime, *, accuracy: bytes = b"", status: int = 0, nonce: int | None = None
    ) -> bytes:
        """An answer that grants a token over `data` at `time`."""
        info = sequence(
            integer(1),
            oid("1.3.6.1.4.1.99999.1"),
            sequence(algorithm(SHA256_OID), octets(sha256(data).digest())),
            integer(7),
            der(0x18, f"{time:%Y%m%d%H%M%SZ}".encode()),
            accuracy,
            b"" if nonce is None else integer(nonce),
        )
        return sequence(sequence(integer(status)), self._signed(info))

    def _signed(self, info: bytes) -> bytes:
        digest = octets(sha256(self.certificate.public_bytes(Encoding.DER)).digest())
        attributes = set_of(
            sequence(oid(CONTENT_TYPE), set_of(oid(TST_INFO))),
            sequence(oid(MESSAGE_DIGEST), set_of(octets(sha256(info).digest()))),
            sequence(oid(SIGNING_CERTIFICATE), set_of(sequence(sequence(sequence(digest))))),
        )
        issuer = sequence(self.certificate.issuer.public_bytes(), integer(self.certificate.serial_number))
        signer = sequence(
            integer(1),
            issuer,
            algorithm(SHA256_OID),
            b"\xa0" + attributes[1:],
            algorithm(ECDSA_SHA256),
            octets(self.key.sign(attributes, ec.ECDSA(SHA256()))),
        )
        certificates = [each.public_bytes(Encoding.DER) for each in (self.certificate, *self.embedded)]
        signed = sequence(
            integer(3),
            set_of(algorithm(SHA256_OID)),
            sequence(oid(TST_INFO), der(0xA0, octets(info))),
            der(0xA0, *sorted(certificates)),
            set_of(signer),
        )
        return sequence(oid(SIGNED_DATA), der(0xA0, signed))

    def _certificate(
        self,
        subject: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: str,
        issuer_key: ec.EllipticCurvePrivateKey,
        *,
        ca: bool,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(1 if ca else 2)
            .not_valid_before(START)
            .not_valid_after(START + timedelta(days=3650 if ca else 365))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        if not ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage([self.purpose]), critical=True)
        return builder.sign(issuer_key, SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

"""Certificates and keys: reading those that were configured, making those that were not."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID
from typing_extensions import override

Algorithm = Literal["rsa", "ecdsa"]
ALGORITHMS: tuple[Algorithm, ...] = ("rsa", "ecdsa")

_VALIDITY = timedelta(days=20 * 365)
_PEM = "-----BEGIN"


@dataclass(frozen=True, slots=True, repr=False)
class KeyPair:
    """A certificate chain and its private key, both PEM."""

    certificate: bytes
    key: bytes

    @override
    def __repr__(self) -> str:
        # The key must not get into a log.
        return "KeyPair(…)"


class UnreadableCertificate(Exception):
    """A value is no certificate chain; the text is empty, the caller knows what it was for."""


class UnreadableKey(Exception):
    """A value is no private key without passphrase."""


class Mismatch(Exception):
    """A key is not that of the certificate."""


def load_pair(certificate: str, key: str) -> KeyPair:
    """The pair that two configured values stand for: paths, PEM text or PEM text in base64.

    Raises :class:`UnreadableCertificate`, :class:`UnreadableKey` or :class:`Mismatch`.
    """
    chain = load_chain(certificate)
    try:
        data = _data(key)
        private = load_private_key(data)
    except (OSError, ValueError, TypeError):
        raise UnreadableKey from None
    own = x509.load_pem_x509_certificates(chain)[0].public_key()
    if _raw(own) != _raw(private.public_key()):
        raise Mismatch
    return KeyPair(chain, data)


def load_private_key(data: bytes) -> PrivateKeyTypes:
    """A private key without passphrase; ValueError or TypeError for anything else.

    The proof that an RSA key's numbers belong together is left out: it holds the event loop for 45 ms, three
    times in every reload, and a key that does not fit its certificate is refused all the same.
    """
    return serialization.load_pem_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)


def load_chain(value: str) -> bytes:
    """The PEM text of one or more certificates; raises :class:`UnreadableCertificate`."""
    try:
        data = _data(value)
        x509.load_pem_x509_certificates(data)
    except (OSError, ValueError):
        raise UnreadableCertificate from None
    return data


def describe(value: str) -> str:
    """A configured value as a message may show it: a path, or that it was no path."""
    return value if _is_path(value) else "the given text"


def make_self_signed(algorithm: Algorithm, now: datetime) -> KeyPair:
    """A certificate for localhost that nobody vouches for, valid for twenty years."""
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if algorithm == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ip_address(loopback)) for loopback in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A machine whose clock is a little behind may be the first client.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return KeyPair(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _data(value: str) -> bytes:
    if _PEM in value:
        return value.encode()
    if _is_path(value):
        with open(value, "rb") as file:
            return file.read()
    return base64.b64decode(value, validate=True)


def _is_path(value: str) -> bool:
    """Whether a value is a path; base64 of PEM text always begins as that of five dashes does."""
    if _PEM in value:
        return False
    try:
        return not base64.b64decode(value, validate=True).startswith(_PEM.encode())
    except (binascii.Error, ValueError):
        return True


def _raw(key: object) -> bytes:
    encoded = key.public_bytes(  # type: ignore[attr-defined]  # every kind of public key has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return bytes(encoded)

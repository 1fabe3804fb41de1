"""Checks of certificates and keys, with Kong's texts; nothing is trusted or verified here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    load_pem_public_key,
)

from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.context import Scope, WriteContext
from twisted_kong.core.vaults import is_reference

_BEGIN_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
_BEGIN = "-----BEGIN "
# What OpenSSL says of a text in which it finds neither PEM nor DER; clients of Kong have seen this.
_NOT_ENOUGH = (
    "error:680008E:asn1 encoding routines:asn1_d2i_read_bio:not enough data:crypto/asn1/a_d2i_fp.c:155:"
)


def load_certificate(text: str) -> x509.Certificate:
    """The first certificate of a PEM text, or a DER one.

    :raises ValueError: with OpenSSL's reason
    """
    data = text.encode()
    if _BEGIN in text:
        return x509.load_pem_x509_certificate(data)
    try:
        return x509.load_der_x509_certificate(data)
    except ValueError:
        raise ValueError(_NOT_ENOUGH) from None


def load_private_key(text: str) -> PrivateKeyTypes:
    """The private key of a PEM or DER text.

    That the numbers of an RSA key make a key is not looked into: it takes a tenth of a second, and Kong does
    not either.

    :raises ValueError: with OpenSSL's reason, also for an encrypted key
    """
    data = text.encode()
    if _BEGIN not in text:
        try:
            return load_der_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
        except (ValueError, TypeError):
            raise ValueError(_NOT_ENOUGH) from None
    try:
        return load_pem_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
    except TypeError as error:
        raise ValueError(str(error)) from None


def certificate(value: str) -> str | None:
    """A certificate that can be loaded."""
    try:
        load_certificate(value)
    except ValueError as error:
        return f"invalid certificate: x509.new: {error}"
    return None


def private_key(value: str) -> str | None:
    """A private key that can be loaded."""
    try:
        load_private_key(value)
    except ValueError as error:
        return f"invalid key: pkey.new:load_key: {error}"
    return None


def public_key_loads(value: str) -> str | None:
    """A public key in PEM form."""
    try:
        load_pem_public_key(value.encode())
    except ValueError:
        return "invalid key"
    return None


def pem_keys(value: Mapping[str, Any]) -> str | None:
    """The two halves of a key pair, either of which may be left out: they load and belong together."""
    public_text, private_text = value.get("public_key"), value.get("private_key")
    if is_reference(public_text) or is_reference(private_text):
        return None
    public = private = None
    if public_text is not None:
        try:
            public = load_pem_public_key(public_text.encode())
        except ValueError:
            return "could not load public key"
    if private_text is not None:
        try:
            private = load_private_key(private_text)
        except ValueError as error:
            return f"could not load private key{error}"
    if public is not None and private is not None and not _belong_together(public, private):
        return "public key does not match private key"
    return None


def cert_matches_key(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether a certificate was made for its key."""
    if _pair_differs(record.get("cert"), record.get("key")):
        return "certificate does not match key"
    return None


def alt_cert_matches_key(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether the alternative certificate was made for its key."""
    if _pair_differs(record.get("cert_alt"), record.get("key_alt")):
        return "alternative certificate does not match key"
    return None


def alt_cert_other_key_type(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether the alternative certificate has another algorithm, so that clients have a choice."""
    cert, alternative = record.get("cert"), record.get("cert_alt")
    if not _is_given(cert) or not _is_given(alternative):
        return None
    first = load_certificate(cert or "").public_key()
    second = load_certificate(alternative or "").public_key()
    if isinstance(first, ec.EllipticCurvePublicKey) is not isinstance(second, ec.EllipticCurvePublicKey):
        return None
    return (
        "certificate and alternative certificate need to have different type (e.g. RSA and ECDSA), "
        "the provided certificates were both of the same type"
    )


def check_ca_cert(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether a certificate can serve as the root of trust."""
    text = record.get("cert")
    if not _is_given(text):
        return None
    if (text or "").count(_BEGIN_CERTIFICATE) > 1:
        return "please submit only one certificate at a time"
    found = load_certificate(text or "")
    if found.not_valid_after_utc < datetime.fromtimestamp(scope.now, UTC):
        return 'certificate expired, "Not After" time is in the past'
    try:
        is_ca = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        is_ca = False
    if not is_ca:
        return 'certificate does not appear to be a CA because it is missing the "CA" basic constraint'
    return None


def sha256_hex_of_cert_der(entity: Entity, context: WriteContext) -> Entity:
    """The digest by which a certificate authority is known to be stored already."""
    der = load_certificate(entity["cert"]).public_bytes(Encoding.DER)
    return {"cert_digest": hashlib.sha256(der).hexdigest()}


def _is_given(value: Any) -> bool:
    return isinstance(value, str) and not is_reference(value)


def _pair_differs(cert: Any, key: Any) -> bool:
    if not _is_given(cert) or not _is_given(key):
        return False
    return not _belong_together(load_certificate(cert).public_key(), load_private_key(key))


def _belong_together(public: PublicKeyTypes, private: PrivateKeyTypes) -> bool:
    return _public_bytes(public) == _public_bytes(private.public_key())


def _public_bytes(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

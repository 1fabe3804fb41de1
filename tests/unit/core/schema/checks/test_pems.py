from __future__ import annotations

import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.kit.write_context import write_context
from twisted_kong.core.schema.checks import pems
from twisted_kong.core.schema.context import Scope

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
END = datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC)
SCOPE = Scope(START.timestamp() + 1)
REFERENCE = "{vault://env/cert}"
NO_PEM = "error:680008E:asn1 encoding routines:asn1_d2i_read_bio:not enough data:crypto/asn1/a_d2i_fp.c:155:"


def key_text(key: Key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_text(key: Key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def certificate_for(key: Key, *, is_ca: bool | None = None) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.test")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(END)
    )
    if is_ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(Encoding.PEM).decode()


EC = ec.generate_private_key(ec.SECP256R1())
OTHER_EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
EC_CERT = certificate_for(EC)
ED_CERT = certificate_for(ED)


def test_certificates_and_keys_load() -> None:
    """From PEM; what is neither PEM nor DER is refused in OpenSSL's words."""
    assert pems.certificate(EC_CERT) is None
    assert pems.private_key(key_text(EC)) is None
    assert pems.certificate("x") == f"invalid certificate: x509.new: {NO_PEM}"
    assert pems.private_key("x") == f"invalid key: pkey.new:load_key: {NO_PEM}"


def test_broken_pem_is_refused() -> None:
    """Whatever the reason, which is told."""
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert str(pems.certificate(broken)).startswith("invalid certificate: x509.new: ")
    assert str(pems.private_key(broken)).startswith("invalid key: pkey.new:load_key: ")


def test_an_encrypted_key_is_refused() -> None:
    """Nobody could be asked for its password."""
    text = EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"p")).decode()
    assert str(pems.private_key(text)).startswith("invalid key: ")


def test_a_certificate_belongs_to_its_key() -> None:
    """Both pairs of a Certificate; what is not given or only referred to cannot be compared."""
    mine, other = key_text(EC), key_text(OTHER_EC)
    assert pems.cert_matches_key({"cert": EC_CERT, "key": mine}, SCOPE) is None
    assert pems.cert_matches_key({"cert": EC_CERT, "key": other}, SCOPE) == "certificate does not match key"
    assert pems.cert_matches_key({"cert": REFERENCE, "key": other}, SCOPE) is None
    assert pems.alt_cert_matches_key({"cert_alt": None, "key_alt": None}, SCOPE) is None
    found = pems.alt_cert_matches_key({"cert_alt": EC_CERT, "key_alt": other}, SCOPE)
    assert found == "alternative certificate does not match key"


def test_the_alternative_has_another_algorithm() -> None:
    """Otherwise no client would ever need it."""
    assert pems.alt_cert_other_key_type({"cert": EC_CERT, "cert_alt": ED_CERT}, SCOPE) is None
    assert pems.alt_cert_other_key_type({"cert": EC_CERT, "cert_alt": None}, SCOPE) is None
    found = pems.alt_cert_other_key_type({"cert": EC_CERT, "cert_alt": EC_CERT}, SCOPE)
    assert str(found).startswith("certificate and alternative certificate need to have different type")


@pytest.mark.parametrize(
    ("cert", "now", "text"),
    [
        (certificate_for(EC, is_ca=True), START, None),
        (certificate_for(EC, is_ca=True) * 2, START, "please submit only one certificate at a time"),
        (
            certificate_for(EC, is_ca=True),
            END + datetime.timedelta(1),
            'certificate expired, "Not After" time is in the past',
        ),
        (
            certificate_for(EC, is_ca=False),
            START,
            'certificate does not appear to be a CA because it is missing the "CA" basic constraint',
        ),
        (
            EC_CERT,
            START,
            'certificate does not appear to be a CA because it is missing the "CA" basic constraint',
        ),
        (REFERENCE, START, None),
    ],
)
def test_an_authority_is_one_and_is_valid(cert: str, now: datetime.datetime, text: str | None) -> None:
    """At the time of the write."""
    assert pems.check_ca_cert({"cert": cert}, Scope(now.timestamp())) == text


def test_the_digest_is_that_of_the_certificate() -> None:
    """Lower-case hexadecimal SHA-256 of its DER form."""
    expected = pems.load_certificate(EC_CERT).fingerprint(hashes.SHA256()).hex()
    assert pems.sha256_hex_of_cert_der({"cert": EC_CERT}, write_context()) == {"cert_digest": expected}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"public_key": public_text(EC), "private_key": key_text(EC)}, None),
        ({"public_key": public_text(EC), "private_key": None}, None),
        (
            {"public_key": public_text(EC), "private_key": key_text(OTHER_EC)},
            "public key does not match private key",
        ),
        ({"public_key": "x"}, "could not load public key"),
        ({"private_key": "x"}, f"could not load private key{NO_PEM}"),
        ({"public_key": "x", "private_key": REFERENCE}, None),
    ],
)
def test_a_key_pair_belongs_together(value: dict[str, Any], text: str | None) -> None:
    """Either half may be left out, and one in a vault is not looked at."""
    assert pems.pem_keys(value) == text


def test_a_public_key_loads() -> None:
    """Or is said to be invalid, no more."""
    assert pems.public_key_loads(public_text(EC)) is None
    assert pems.public_key_loads("x") == "invalid key"

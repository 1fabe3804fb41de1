"""Certificates and keys."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from twisted_kong.node.certificates import (
    KeyPair,
    Mismatch,
    UnreadableCertificate,
    UnreadableKey,
    describe,
    load_chain,
    load_pair,
    make_self_signed,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    """A pair that costs little to make."""
    return make_self_signed("ecdsa", NOW)


def test_self_signed_certificate(pair: KeyPair) -> None:
    """For localhost, twenty years, and readable as configured ones are."""
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    assert certificate.subject.rfc4514_string() == "CN=localhost"
    assert certificate.not_valid_after_utc.year == 2045
    assert certificate.not_valid_before_utc < NOW
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert load_pair(pair.certificate.decode(), pair.key.decode()) == pair


def test_rsa_as_well() -> None:
    """Old clients know nothing else."""
    pair = make_self_signed("rsa", NOW)
    assert load_pair(pair.certificate.decode(), pair.key.decode()) == pair


def test_paths_and_base64(pair: KeyPair, tmp_path: Path) -> None:
    """A value may be a path, PEM text, or PEM text in base64."""
    (tmp_path / "a.crt").write_bytes(pair.certificate)
    encoded = base64.b64encode(pair.key).decode()
    assert load_pair(str(tmp_path / "a.crt"), encoded) == pair


@pytest.mark.parametrize("value", ["/nowhere/a.crt", "-----BEGIN CERTIFICATE-----\nx", "abcd"])
def test_unreadable_certificate(value: str) -> None:
    """Missing file, rubbish between the lines, rubbish altogether."""
    with pytest.raises(UnreadableCertificate):
        load_chain(value)


def test_unreadable_key(pair: KeyPair) -> None:
    """A certificate is no key."""
    with pytest.raises(UnreadableKey):
        load_pair(pair.certificate.decode(), pair.certificate.decode())


def test_key_of_another_certificate(pair: KeyPair) -> None:
    """Found at start, not by the first client."""
    other = make_self_signed("ecdsa", NOW)
    with pytest.raises(Mismatch):
        load_pair(pair.certificate.decode(), other.key.decode())


def test_nothing_secret_is_shown(pair: KeyPair) -> None:
    """Messages name paths, but never quote a key."""
    assert describe("/a.key") == "/a.key"
    assert describe(pair.key.decode()) == "the given text"
    assert describe(base64.b64encode(pair.key).decode()) == "the given text"
    assert "BEGIN" not in repr(pair)

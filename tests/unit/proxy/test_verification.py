"""Certificates of Services, judged one by one."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from tests.kit.certificates import make_certificate
from twisted_kong.proxy.verification import trouble_of, verifier


class Peer:
    """Is told what is wrong."""

    trouble = ""


def judged(name: str, code: int, depth: int, fine: int) -> tuple[bool, str]:
    """The verdict on a certificate of a.test, and its reason."""
    certificate = x509.load_pem_x509_certificate(make_certificate("a.test")[0].encode())
    peer = Peer()
    connection: Any = None
    verdict = verifier(name, peer)(connection, X509.from_cryptography(certificate), code, depth, fine)
    return verdict, peer.trouble


@pytest.mark.parametrize(
    ("name", "code", "depth", "fine", "reason"),
    [
        ("a.test", 0, 0, 1, None),
        ("b.test", 0, 1, 1, None),
        ("b.test", 0, 0, 1, "the certificate is not for b.test"),
        ("10.0.0.1", 0, 0, 1, "the certificate is not for 10.0.0.1"),
        ("", 0, 0, 1, "the certificate is not for an empty name"),
        ("a.test", 18, 0, 0, "self-signed certificate"),
        ("a.test", 20, 1, 0, "unable to get local issuer certificate"),
        ("a.test", 999, 0, 0, "error 999"),
    ],
)
def test_a_refused_certificate_has_a_reason(
    name: str, code: int, depth: int, fine: int, reason: str | None
) -> None:
    """OpenSSL's own, or the name, which only the certificate itself must be for, not who vouches for it."""
    trouble = "" if reason is None else f"certificate verify failed ({reason})"
    assert judged(name, code, depth, fine) == (reason is None, trouble)


def test_the_end_of_a_handshake_is_put_into_words() -> None:
    """OpenSSL's first reason; or that nothing is known."""
    error = SSL.Error([("SSL routines", "", "wrong version number"), ("x", "", "y")])
    assert trouble_of(Failure(error)) == "wrong version number"
    for other in (Failure(SSL.Error()), Failure(ConnectionDone()), None):
        assert trouble_of(other) == "the connection was lost"

"""What connections have in common."""

from __future__ import annotations

import pytest
from cryptography import x509
from OpenSSL.crypto import X509
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web.http_headers import Headers
from zope.interface import implementer

from tests.kit.certificates import make_certificate
from twisted_kong.admin.channels import Deadline, expects_continue, fill, is_secure, subject_of
from twisted_kong.core.http1.heads import RequestHead
from twisted_kong.core.http1.requests import Limits, RequestReader


class Sent:
    """A request that is filled."""

    def __init__(self) -> None:
        self.requestHeaders = Headers()


@implementer(ISSLTransport)
class SecureTransport(StringTransport):
    """TLS with a client that showed a certificate, or none."""

    def __init__(self, certificate: x509.Certificate | None = None) -> None:
        super().__init__()
        self._certificate = certificate

    def getPeerCertificate(self) -> X509 | None:  # noqa: N802 - Twisted's name
        return None if self._certificate is None else X509.from_cryptography(self._certificate)


def head(text: bytes) -> RequestHead:
    found = RequestReader(Limits()).read(text + b"\r\n\r\n")
    assert found is not None
    return found[0]


def test_a_deadline_can_be_moved_and_cleared() -> None:
    """Late once, when nothing moved it in time."""
    clock, late = Clock(), []
    deadline = Deadline(clock, lambda: late.append(clock.seconds()))
    deadline.set(5)
    clock.advance(4)
    deadline.set(5)
    clock.advance(4)
    assert late == []
    clock.advance(1)
    assert late == [9]
    deadline.set(1)
    deadline.clear()
    deadline.clear()
    clock.advance(9)
    assert late == [9]


def test_a_request_is_given_its_fields_and_the_host_of_its_target() -> None:
    """All of them, in order; several of one name are several."""
    sent = Sent()
    fill(sent, head(b"GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\nIf-Match: x\r\nIf-Match: y"))  # type: ignore[arg-type]
    assert sent.requestHeaders.getRawHeaders("host") == ["a.test"]
    assert sent.requestHeaders.getRawHeaders("if-match") == ["x", "y"]


@pytest.mark.parametrize(
    ("line", "expected"), [(b"Expect: 100-Continue", True), (b"Expect: x", False), (b"A: b", False)]
)
def test_who_waits_for_our_word(line: bytes, expected: bool) -> None:
    """RFC 9110 §10.1.1."""
    assert expects_continue(head(b"POST / HTTP/1.1\r\nHost: x\r\n" + line)) is expected


def test_the_subject_of_a_client_is_its_common_name() -> None:
    """Where there is TLS and a certificate."""
    certificate = x509.load_pem_x509_certificate(make_certificate("operator")[0].encode())
    assert subject_of(SecureTransport(certificate)) == "operator"
    assert subject_of(SecureTransport()) is None
    assert subject_of(StringTransport()) is None
    assert is_secure(SecureTransport())
    assert not is_secure(StringTransport())

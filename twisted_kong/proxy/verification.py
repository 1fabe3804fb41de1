"""Whether the certificate that a Service shows is the right one, and what was wrong with it if not.

Twisted's own check reports some faults twice and others not at all, so OpenSSL is asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity.cryptography import verify_certificate_hostname, verify_certificate_ip_address
from twisted.python.failure import Failure

from twisted_kong.core.hosts import is_address

Verifier = Callable[[SSL.Connection, X509, int, int, int], bool]

# What OpenSSL calls its codes (X509_verify_cert_error_string), those that a Service's certificate may cause.
_REASONS = {
    7: "certificate signature failure",
    9: "certificate is not yet valid",
    10: "certificate has expired",
    18: "self-signed certificate",
    19: "self-signed certificate in certificate chain",
    20: "unable to get local issuer certificate",
    21: "unable to verify the first certificate",
    22: "certificate chain too long",
    23: "certificate revoked",
    24: "invalid CA certificate",
    26: "unsuitable certificate purpose",
    28: "certificate rejected",
    66: "EE certificate key too weak",
    67: "CA certificate key too weak",
    68: "CA signature digest algorithm too weak",
}


def verifier(name: str, peer: Any) -> Verifier:
    """OpenSSL's callback for one connection.

    :param name: what the certificate must be for, a host's name or an IP address.
    :param peer: whose ``trouble`` becomes the reason for which a certificate is refused.
    """

    def verify(_: SSL.Connection, certificate: X509, code: int, depth: int, fine: int) -> bool:
        if not fine:
            reason = _REASONS.get(code, f"error {code}")
        elif depth:
            return True
        else:
            reason = _misnamed(certificate.to_cryptography(), name)
        if reason:
            peer.trouble = f"certificate verify failed ({reason})"
        return not reason

    return verify


def _misnamed(certificate: x509.Certificate, name: str) -> str:
    """Why a certificate is not for this name; empty if it is."""
    check = verify_certificate_ip_address if is_address(name) else verify_certificate_hostname
    try:
        check(certificate, name)
    except Exception:
        # Whatever a certificate holds in the place of names, what is raised here would be lost in OpenSSL.
        return f"the certificate is not for {name or 'an empty name'}"
    return ""


def trouble_of(reason: Failure | None) -> str:
    """What ended a handshake, in OpenSSL's words where it was OpenSSL."""
    error = None if reason is None else reason.value
    if isinstance(error, SSL.Error) and error.args and error.args[0]:
        # A list of (library, function, reason), the first error first.
        return str(error.args[0][0][-1])
    return "the connection was lost"

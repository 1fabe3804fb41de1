"""The TLS side of a Service's server: remembers the names that it was asked for, and whom it was shown."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from tests.kit.certificates import make_certificate


@implementer(IOpenSSLServerConnectionCreator)
class TlsServer:
    """Offers a certificate of its own making, and asks clients for theirs.

    Stands in for the reactor where something listens: what it is given listens with TLS.
    ``names`` are the SNIs of all connections, ``clients`` the common names of certificates that were shown.
    """

    def __init__(self, reactor: Any, name: str = "localhost") -> None:
        self._reactor = reactor
        self.names: list[str | None] = []
        self.clients: list[str] = []
        self.certificate, key = make_certificate(name, ca=True)
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate(x509.load_pem_x509_certificate(self.certificate.encode()))
        private: Any = serialization.load_pem_private_key(key.encode(), password=None)
        context.use_privatekey(private)
        context.set_tlsext_servername_callback(self._named)
        context.set_verify(SSL.VERIFY_PEER, self._shown)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        self._context = context

    def listenTCP(self, port: int, factory: Any, **more: Any) -> Any:  # noqa: N802 - Twisted's name
        """Listen with TLS."""
        secure = TLSMemoryBIOFactory(self, False, factory, self._reactor)
        secure.noisy = False
        return self._reactor.listenTCP(port, secure, **more)

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: N802, N803 - Twisted's names
        """Twisted's interface."""
        return SSL.Connection(self._context, None)

    def _named(self, connection: SSL.Connection) -> None:
        name = connection.get_servername()
        self.names.append(None if name is None else name.decode())

    def _shown(self, connection: SSL.Connection, certificate: Any, *_: int) -> bool:
        subject = certificate.to_cryptography().subject
        self.clients.append(str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value))
        return True

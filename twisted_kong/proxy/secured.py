"""The TLS side of clients' connections: the certificate is chosen before the first byte is answered.

OpenSSL would ask for a certificate only after it has looked at the session that a client wants to resume,
and so accept in TLS 1.3 sessions of any certificate.  Therefore the name is read from the ClientHello here,
and the connection has the right context from the beginning.
"""

from __future__ import annotations

from typing import Any, Protocol

from OpenSSL import SSL
from twisted.internet.interfaces import IProtocolFactory, IReactorTime
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from typing_extensions import override

from twisted_kong.core.client_hello import ServerNameReader


class NamedContexts(Protocol):
    """Makes the TLS side of connections, and has contexts by name."""

    def serverConnectionForTLS(self, tls_protocol: Any) -> SSL.Connection:  # noqa: N802 - Twisted's name
        """With the context of a client that asks for no name."""
        ...

    def context_for(self, name: str) -> SSL.Context | None:
        """None if the context that the connection was made with is the right one."""
        ...


class SecuredClient(BufferingTLSTransport):
    """A client's connection with TLS; ``server_name`` is what it asked for, None before it is known."""

    server_name: str | None = None
    _hello: ServerNameReader | None = None

    @override
    def makeConnection(self, transport: Any) -> None:
        self._hello = ServerNameReader()
        # Found in the object itself until the name is known: after that nothing is left to pay.
        self.dataReceived = self._greeted  # type: ignore[method-assign]
        super().makeConnection(transport)

    def _greeted(self, data: bytes) -> None:
        hello = self._hello
        if hello is None or self._aborted:
            return
        name = hello.feed(data)
        if name is None:
            return
        del self._hello, self.dataReceived
        self.server_name = name
        factory: Any = self.factory
        context = factory.named.context_for(name)
        if context is not None:
            self._tlsConnection.set_context(context)
        self.dataReceived(bytes(hello.received))

    @override
    def connectionLost(self, reason: Any = None) -> None:
        # The bound method would keep the connection from being freed at once.
        self.__dict__.pop("dataReceived", None)
        super().connectionLost(reason)


class SecuredFactory(TLSMemoryBIOFactory):
    """Adds TLS to clients' connections."""

    protocol = SecuredClient

    def __init__(self, tls: NamedContexts, wrapped: IProtocolFactory, clock: IReactorTime) -> None:
        creator: Any = tls
        super().__init__(creator, False, wrapped, clock)
        self.named = tls
        self.noisy = False

"""The TLS side of clients' connections: the certificate is chosen before the first byte is answered.

OpenSSL would ask for a certificate only after it has looked at the session that a client wants to resume,
and so accept in TLS 1.3 sessions of any certificate.  Therefore the name is read from the ClientHello here,
and the connection has the right context from the beginning.

Most requests and answers are a record each.  Of bytes that are one whole record, after others that were
whole, nothing is left when they are read: so nobody needs to ask OpenSSL, which says so with errors, and a
fifth of a request's time is saved.  Everything else is Twisted's to do.
"""

from __future__ import annotations

from typing import Any
from typing import Protocol as Interface

from OpenSSL import SSL
from twisted.internet.interfaces import IProtocolFactory, IReactorTime
from twisted.internet.protocol import Protocol
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.core.client_hello import ServerNameReader

_HEAD = 5
_APPLICATION_DATA = 23
# The most that one record holds, and what Twisted takes from OpenSSL at a time.
_RECORD = 16384
_OUTPUT = 32768


class NamedContexts(Interface):
    """Makes the TLS side of connections, and has contexts by name."""

    def serverConnectionForTLS(self, tls_protocol: Any) -> SSL.Connection:  # noqa: N802 - Twisted's name
        """With the context of a client that asks for no name."""
        ...

    def context_for(self, name: str) -> SSL.Context | None:
        """None if the context that the connection was made with is the right one."""
        ...


class SecuredClient(TLSMemoryBIOProtocol):
    """A client's connection with TLS; ``server_name`` is what it asked for, None before it is known."""

    server_name: str | None = None
    _hello: ServerNameReader | None = None
    # Of the record under way: what is there of its head, and how many bytes of its body are to come.
    _head = b""
    _missing = 0

    @override
    def makeConnection(self, transport: Any) -> None:
        """What Twisted does, but for telling the transport's interfaces, which takes longer than the rest."""
        factory: Any = self.factory
        self._tlsConnection = factory._creatorCallable(self)
        self._appSendBuffer: list[bytes] = []
        self._hello = ServerNameReader()
        Protocol.makeConnection(self, transport)
        factory.registerProtocol(self)
        self.wrappedProtocol.makeConnection(self)

    @override
    def dataReceived(self, data: bytes) -> None:
        if (
            self._missing
            or self._head
            or len(data) < _HEAD
            or data[0] != _APPLICATION_DATA
            or len(data) != _HEAD + (data[3] << 8 | data[4])
            or not self._handshakeDone
            or self._appSendBuffer
            or self._lostTLSConnection
        ):
            self._received(data)
            return
        connection = self._tlsConnection
        connection.bio_write(data)
        try:
            plain = connection.recv(_RECORD)
        except (SSL.WantReadError, SSL.ZeroReturnError):
            # It was not the application's after all; asked again OpenSSL says the same.
            self._flushReceiveBIO()
        except SSL.Error:
            self._tlsShutdownFinished(Failure())
        else:
            if not self._aborted:
                self.wrappedProtocol.dataReceived(plain)

    def _received(self, data: bytes) -> None:
        if self._hello is not None:
            self._greeted(self._hello, data)
            return
        self._follow(data)
        super().dataReceived(data)

    def _greeted(self, hello: ServerNameReader, data: bytes) -> None:
        if self._aborted:
            return
        name = hello.feed(data)
        if name is None:
            return
        del self._hello
        self.server_name = name
        factory: Any = self.factory
        context = factory.named.context_for(name)
        if context is not None:
            self._tlsConnection.set_context(context)
        self._received(bytes(hello.received))

    def _follow(self, data: bytes) -> None:
        """Find out where the last record ends of which something has come."""
        place = self._missing
        if self._head:
            data = self._head + data
            self._head = b""
        end = len(data)
        while place + _HEAD <= end:
            place += _HEAD + (data[place + 3] << 8 | data[place + 4])
        self._missing = max(0, place - end)
        if place < end:
            self._head = data[place:]

    @override
    def write(self, data: bytes) -> None:
        if (
            not data
            or len(data) > _RECORD
            or not self._handshakeDone
            or self.disconnecting
            or self._appSendBuffer
            or self._lostTLSConnection
        ):
            super().write(data)
            return
        connection = self._tlsConnection
        try:
            sent = connection.send(data)
            if sent == len(data):
                below: Any = self.transport
                below.write(connection.bio_read(_OUTPUT))
                return
        except SSL.WantReadError:
            sent = 0
        except SSL.Error:
            self._tlsShutdownFinished(Failure())
            return
        super().write(data[sent:])


class SecuredFactory(TLSMemoryBIOFactory):
    """Adds TLS to clients' connections."""

    protocol = SecuredClient

    def __init__(self, tls: NamedContexts, wrapped: IProtocolFactory, clock: IReactorTime) -> None:
        creator: Any = tls
        super().__init__(creator, False, wrapped, clock)
        self.named = tls
        self.noisy = False

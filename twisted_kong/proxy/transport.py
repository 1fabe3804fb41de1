"""TCP transports that try to send at once, on any reactor that watches descriptors.

Stock transports hand every write to the reactor: one more turn, two more system calls.  On a socket with
nothing waiting, sending at once nearly always succeeds, so only a rest is left to the reactor.  All else,
back-pressure included, is Twisted's.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import tcp
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IConnector, IListeningPort, IProtocolFactory
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.posixbase import PosixReactorBase
from typing_extensions import override

RECEIVE = 65536


class DirectWrite(tcp.Connection):
    """A connection whose writes go to the socket at once when nothing waits before them."""

    @override
    def write(self, data: bytes) -> None:
        """Send now what can be sent now."""
        if not data or not self.connected or self._writeDisconnected:
            return
        if not self._tempDataBuffer and not self.dataBuffer:
            try:
                sent = self.socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                # The reactor's turn finds the same fault and ends the connection in order.
                sent = 0
            if sent == len(data):
                if self.producer is not None and not self.streamingProducer:
                    # One that is asked for each piece is asked when the reactor has had its turn.
                    self.startWriting()
                return
            data = data[sent:]
        self._tempDataBuffer.append(data)
        self._tempDataLen += len(data)
        self._maybePauseProducer()
        self.startWriting()

    @override
    def doRead(self) -> Any:
        """Receive once and pass it on."""
        try:
            data = self.socket.recv(RECEIVE)
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST
        if not data:
            return CONNECTION_DONE
        self.protocol.dataReceived(data)
        return None


class DirectServer(DirectWrite, tcp.Server):
    """An accepted connection."""


class DirectClient(DirectWrite, tcp.Client):
    """A connection that we made."""


class DirectPort(tcp.Port):
    """A listening port whose connections write directly.

    :param reuse_port: let several processes listen on the same port (``reuseport``).
    """

    transport = DirectServer

    def __init__(
        self,
        port: int,
        factory: IProtocolFactory,
        backlog: int,
        interface: str,
        reactor: Any,
        reuse_port: bool = False,
    ) -> None:
        super().__init__(port, factory, backlog, interface, reactor)
        self._reuse = reuse_port

    @override
    def createInternetSocket(self) -> socket.socket:
        """The socket, before it is bound."""
        created: socket.socket = super().createInternetSocket()
        if self._reuse:
            created.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if self.addressFamily == socket.AF_INET6:
            # "[::]" and "0.0.0.0" are two listeners in kong.conf.
            created.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        return created


class DirectConnector(tcp.Connector):
    """Makes a :class:`DirectClient`."""

    @override
    def _makeTransport(self) -> DirectClient:
        return DirectClient(self.host, self.port, self.bindAddress, self, self.reactor)


def listen(
    reactor: Any,
    port: int,
    factory: IProtocolFactory,
    *,
    interface: str,
    backlog: int = 511,
    reuse_port: bool = False,
) -> IListeningPort:
    """Listen; on a reactor that has no descriptors (a test's) with what it offers."""
    if isinstance(reactor, PosixReactorBase):
        listening = DirectPort(port, factory, backlog, interface, reactor, reuse_port)
        listening.startListening()
        return listening
    stock: IListeningPort = reactor.listenTCP(port, factory, backlog, interface)
    return stock


def connect(reactor: Any, host: str, port: int, factory: Any, timeout: float) -> IConnector:
    """Connect to an IP address; ``timeout`` in seconds."""
    if isinstance(reactor, PosixReactorBase):
        connector = DirectConnector(host, port, factory, timeout, None, reactor)
        connector.connect()
        return connector
    stock: IConnector = reactor.connectTCP(host, port, factory, timeout)
    return stock


def no_delay(transport: Any) -> None:
    """Send small segments at once, where the transport knows of such a thing."""
    setter = getattr(transport, "setTcpNoDelay", None)
    if setter is not None:
        setter(True)


def half_close(transport: Any) -> bool:
    """Send the end of our side and keep reading, if the transport can; False if it cannot."""
    closer = getattr(transport, "loseWriteConnection", None)
    if closer is None:
        return False
    closer()
    return True


__all__ = [
    "ConnectionLost",
    "DirectClient",
    "DirectPort",
    "DirectServer",
    "connect",
    "half_close",
    "listen",
    "no_delay",
]

"""TCP transports that send without the reactor's help, on any reactor that watches descriptors.

Stock transports hand every write to the reactor: one more turn, two more system calls.  On a socket with
nothing waiting, sending nearly always succeeds, so only a rest is left to the reactor.  All else,
back-pressure included, is Twisted's.

Under load the lean reactor has many events at a time.  What they lead to is then sent together after the last
of them (:class:`~twisted_kong.proxy.reactor.LeanReactor`, ``unsent``): a send into a quiet moment wakes its
receiver up, which is most of its cost; one right after another finds it awake (10 µs of 80 a request).
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import tcp
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IConnector, IListeningPort, IProtocolFactory
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.posixbase import PosixReactorBase
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.proxy.ports import QuietPort

RECEIVE = 65536
# Bytes that may wait for the end of the reactor's turn; sending more costs more than waking somebody up.
GATHERED = 16384


class DirectWrite(tcp.Connection):
    """A connection whose writes go to the socket in the same turn when nothing waits before them."""

    # Whether what is in the buffer waits for the end of this turn, not for the socket.
    _gathering = False
    is_ours = False
    """Whether we made the connection; the lean reactor serves those first."""

    def _settle(self) -> None:
        """Put what each write asks into the object itself, where it is found faster than in its class."""
        self._gathering = self._writeDisconnected = False
        self.dataBuffer = b""
        self.producer = None

    @override
    def write(self, data: bytes) -> None:
        """Send what can be sent: now, or with what else this turn of the reactor has to send."""
        if not data or not self.connected or self._writeDisconnected:
            return
        waiting = self._tempDataBuffer
        if self._gathering:
            waiting.append(data)
            self._tempDataLen += len(data)
            if self._tempDataLen > GATHERED:
                self.send_gathered()
        elif waiting or self.dataBuffer:
            self._leave_to_reactor(data)
        else:
            unsent: list[DirectWrite] | None = getattr(self.reactor, "unsent", None)
            if unsent is None or len(data) > GATHERED:
                self._send(data)
            else:
                self._gathering = True
                waiting.append(data)
                self._tempDataLen = len(data)
                unsent.append(self)

    def send_gathered(self) -> None:
        """Send what this turn of the reactor has written; the reactor calls this at its end."""
        if not self._gathering:
            return
        self._gathering = False
        pieces = self._tempDataBuffer
        if self.dataBuffer:
            # The reactor was at it meanwhile and could not send all: it goes on.
            self.startWriting()
        elif pieces and self.connected:
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
            self._tempDataLen = 0
            self._send(data)

    def _send(self, data: bytes) -> None:
        try:
            sent = self.socket.send(data)
        except OSError:
            # The socket is full; or broken: the reactor's turn finds the same fault and ends it in order.
            sent = 0
        if sent != len(data):
            self._leave_to_reactor(data[sent:])
        elif self.producer is not None and not self.streamingProducer:
            # One that is asked for each piece is asked when the reactor has had its turn.
            self.startWriting()

    def _leave_to_reactor(self, data: bytes) -> None:
        self._tempDataBuffer.append(data)
        self._tempDataLen += len(data)
        self._maybePauseProducer()
        self.startWriting()

    @override
    def loseConnection(self) -> None:
        """Close when all is sent; the protocol hears of it in a later turn, never while it handles data."""
        if self._writeDisconnected and self.connected and not self.disconnecting:
            # Twisted would tell at once, since nothing waits; TLS is then still at work above us.
            self.disconnecting = True
            self.stopReading()
            self.stopWriting()
            reactor: Any = self.reactor
            reactor.callLater(0, self.connectionLost, Failure(CONNECTION_DONE))
        else:
            super().loseConnection()

    @override
    def abortConnection(self) -> None:
        """Close now; what was written is on its way as it would be had it been sent at once."""
        self.send_gathered()
        super().abortConnection()

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

    def __init__(
        self, sock: socket.socket, protocol: Any, client: Any, server: Any, sessionno: int, reactor: Any
    ) -> None:
        super().__init__(sock, protocol, client, server, sessionno, reactor)
        self._settle()


class DirectClient(DirectWrite, tcp.Client):
    """A connection that we made."""

    is_ours = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._settle()


class DirectPort(QuietPort):
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
    below = _below(transport)
    closer = getattr(below, "loseWriteConnection", None)
    if closer is None:
        return False
    if below is not transport:
        # The end of TLS comes first: without it the peer must take what it has for cut off.
        transport.loseConnection()
    closer()
    return True


def let_go(transport: Any) -> None:
    """Close as soon as the kernel has all, which goes on sending it; no answer of the peer is waited for."""
    _below(transport).loseConnection()


def unsent(transport: Any) -> int:
    """How many bytes wait for the kernel to take them."""
    below = _below(transport)
    return len(getattr(below, "dataBuffer", b"")) + int(getattr(below, "_tempDataLen", 0))


def _below(transport: Any) -> Any:
    """What carries the bytes: the transport itself, or the one below TLS."""
    return transport.transport if isinstance(transport, TLSMemoryBIOProtocol) else transport


__all__ = [
    "ConnectionLost",
    "DirectClient",
    "DirectPort",
    "DirectServer",
    "connect",
    "half_close",
    "let_go",
    "listen",
    "no_delay",
    "unsent",
]

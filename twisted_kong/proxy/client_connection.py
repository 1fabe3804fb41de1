"""A client's connection as exchanges see it: reading paused and resumed, deadlines, and a polite end.

A connection that ends while the client may still be sending is closed in two steps – our end first, the rest
after a moment of reading on – since closing at once makes the kernel discard our last answer.
"""

from __future__ import annotations

from math import inf
from typing import Any

from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol
from typing_extensions import override
from zope.interface import implementer

from twisted_kong.core.http1.chunked import ChunkedReader, LengthReader
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.transport import half_close, let_go, no_delay, unsent
from twisted_kong.proxy.wheel import Timed

# Seconds for which a client that is being closed may go on sending.
LINGER = 2.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@implementer(IHandshakeListener)
class ClientConnection(Protocol, Timed):
    """What does not depend on what the client sends.

    :param scheme: ``https`` if it came through TLS.
    :param port: the port that clients know (after ``port_maps``).
    """

    # Values most connections never change are class attributes: an idle connection shall be small.
    transport: Any = None
    peer_ip = ""
    peer_port = 0
    trusted = False
    # The client whom the header of the PROXY protocol names, if that is what counts; only for trusted peers.
    named: tuple[str, int] | None = None
    # What the connection is counted by, if the connections of each client are.
    client_key: str | None = None
    sni: str | None = None
    memo: Any = None
    served = 0
    _buffer = b""
    _body: LengthReader | ChunkedReader | None = None
    _paused = False
    _closing = False
    _continue_due = False
    _tunnel: Any = None
    # Epoch seconds: since when it waits for a request.
    _idle_since = 0.0
    # Bytes that were unsent when the connection was last found closing; None before.
    _left: int | None = None

    def __init__(self, gateway: Gateway, scheme: str, port: int) -> None:
        self.gateway = gateway
        self.scheme = scheme
        self.port = port

    @override
    def connectionMade(self) -> None:
        gateway = self.gateway
        peer = self.transport.getPeer()
        self.peer_ip = getattr(peer, "host", "")
        self.peer_port = getattr(peer, "port", 0)
        if self.peer_ip in gateway.real_ip.trusted:
            self.trusted = True
        no_delay(self.transport)
        if gateway.opened(self):
            now = self._idle_since = gateway.now()
            gateway.wheel.arm(self, now + gateway.settings.header_timeout)
        else:
            self.abort()

    def handshakeCompleted(self) -> None:  # noqa: N802 - Twisted's name
        """TLS is up: the name that the client asked for is known."""
        # OpenSSL would not tell it where a session of TLS 1.2 was resumed.
        self.sni = self.transport.server_name or None

    def want_body(self) -> None:
        """The body is needed: tell a client that waits for 100, and read on."""
        if self._continue_due:
            self._continue_due = False
            self.transport.write(_CONTINUE)
        if self._paused:
            self._resume()
            if self._body is not None:
                gateway = self.gateway
                gateway.wheel.arm(self, gateway.now() + gateway.settings.body_timeout)

    def pause(self) -> None:
        """Read no more for now; the client is not to blame for the wait."""
        if not self._paused and not self._closing:
            self._paused = True
            self.deadline = inf
            self.transport.pauseProducing()

    def _resume(self) -> None:
        self._paused = False
        self.transport.resumeProducing()

    def stalled(self, stalled: bool) -> None:
        """The client does not read what we send, or does again."""
        gateway = self.gateway
        if stalled:
            gateway.wheel.arm(self, gateway.now() + gateway.settings.send_timeout)
        else:
            self.deadline = inf

    def tunnel(self, other: Any) -> None:
        """From now on write every byte to somebody else; the first ones that wait at once."""
        self._tunnel = other
        self.deadline = inf
        if self._buffer:
            other.write(self._buffer)
            self._buffer = b""
        if self._paused:
            self._resume()

    # The end.

    def hang_up(self) -> None:
        """Close a tunnel's end once all is sent; a client that takes too long to read it is cut off."""
        self.transport.unregisterProducer()
        self.transport.loseConnection()
        gateway = self.gateway
        gateway.wheel.arm(self, gateway.now() + gateway.settings.send_timeout)

    def _end(self) -> None:
        """Close in two steps, so that the client can read the last answer."""
        if self._closing:
            return
        self._closing = True
        self._buffer = b""
        if self._paused:
            self._resume()
        gateway = self.gateway
        if half_close(self.transport):
            gateway.wheel.arm(self, gateway.now() + LINGER)
        else:
            self.transport.loseConnection()

    def _leave(self) -> None:
        """Close for good; only a client that has stopped reading what is on its way is cut off."""
        waiting = unsent(self.transport)
        if self._left is not None and waiting >= self._left:
            self.abort()
            return
        self._left = waiting
        let_go(self.transport)
        gateway = self.gateway
        gateway.wheel.arm(self, gateway.now() + gateway.settings.send_timeout)

    def abort(self) -> None:
        """Close now."""
        self._closing = True
        self.transport.abortConnection()

    def drain(self) -> None:
        """Close as soon as no request is in flight."""
        if self._is_idle():
            self._end()

    def spare_since(self) -> float | None:
        """Since when it waits for a request (epoch seconds); None if it must not be closed for another."""
        raise NotImplementedError

    def _is_idle(self) -> bool:
        """Whether no request is in flight."""
        raise NotImplementedError

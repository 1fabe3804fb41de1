"""One connection to a peer: one request at a time, answers framed and handed on as they come."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from twisted_kong.core.http1.chunked import BodyReader, ChunkedReader, CloseReader, LengthReader
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import CHUNKED, UNTIL_CLOSE, ResponseHead
from twisted_kong.core.http1.responses import ResponseReader
from twisted_kong.proxy.interfaces import Fault, ResponseSink
from twisted_kong.proxy.transport import no_delay
from twisted_kong.proxy.verification import trouble_of
from twisted_kong.proxy.wheel import Timed, Wheel

# Interim answers before a final one; more is an attack or a fault.
_INTERIM_LIMIT = 100


Found = tuple[ResponseHead, int]


class Keeper(Protocol):
    """Who looks after connections between requests; implemented by the pool."""

    wheel: Wheel

    def ready(self, connection: Upstream) -> None:
        """A new connection can be used."""
        ...

    def release(self, connection: Upstream, now: float) -> None:
        """A request is done and the connection may serve another."""
        ...

    def lost(self, connection: Upstream) -> None:
        """The connection is gone."""
        ...


@implementer(IHandshakeListener)
class Upstream(TwistedProtocol, Timed):
    """A connection to a peer.

    ``sink`` is whom the current request belongs to, None between requests.  ``served`` counts requests.
    ``read_timeout`` is how many seconds may pass between two reads.  ``incomplete`` is set while a request's
    body is still being sent: an answer that comes before its end makes the connection useless.  ``expired``
    tells that it ended by a timeout, ``trouble`` why TLS came to nothing.
    """

    transport: Any = None
    trouble = ""
    _tunnel_ended: Callable[[bool], object]

    def __init__(self, keeper: Keeper, key: object, secure: bool, now: Any) -> None:
        self.keeper = keeper
        self.key = key
        self.secure = secure
        self.sink: ResponseSink | None = None
        self.served = 0
        self.read_timeout = 60.0
        self.closed = False
        self.expired = False
        self.incomplete = False
        self._now = now
        self._reader = ResponseReader()
        self._buffer = b""
        self._body: BodyReader | None = None
        self._method = b""
        self._interim = 0
        self._keep = False
        self._heard = False
        self._tunnel: Any = None

    @override
    def connectionMade(self) -> None:
        no_delay(self.transport)
        if not self.secure:
            self.keeper.ready(self)

    def handshakeCompleted(self) -> None:  # noqa: N802 - Twisted's name
        """TLS is up: now the connection can be used."""
        self.keeper.ready(self)

    def send(self, sink: ResponseSink, method: bytes, data: bytes, read_timeout: float) -> None:
        """Begin a request with its head and whatever of the body is there."""
        self.sink = sink
        self.served += 1
        self.read_timeout = read_timeout
        self._method = method
        self._heard = False
        self._interim = 0
        self.transport.write(data)

    def more(self, data: bytes) -> None:
        """Send more of the request's body."""
        if self.transport is not None and not self.closed:
            self.transport.write(data)

    def expect(self, timeout: float) -> None:
        """A sign of life is due in so many seconds; infinity while it is not the peer's turn."""
        if not self.closed:
            self.keeper.wheel.arm(self, self._now() + timeout)

    def pause(self, pause: bool) -> None:
        """Read no more of the answer for now, or read on."""
        if self.transport is None or self.closed:
            return
        if pause:
            self.deadline = inf
            self.transport.pauseProducing()
        else:
            self.keeper.wheel.arm(self, self._now() + self.read_timeout)
            self.transport.resumeProducing()

    def abandon(self) -> None:
        """Give the current request up: the connection is closed, its sink hears nothing more."""
        self.sink = None
        self._close()

    def retire(self) -> None:
        """Close a connection that nobody uses."""
        self.closed = True
        self.deadline = inf
        if self.transport is not None:
            self.transport.loseConnection()

    def _close(self) -> None:
        self.closed = True
        self.deadline = inf
        if self.transport is not None:
            self.transport.abortConnection()

    @override
    def dataReceived(self, data: bytes) -> None:
        """Frame what the peer sent."""
        if self._tunnel is not None:
            self.deadline = self._now() + self.read_timeout
            self._tunnel.write(data)
            return
        sink = self.sink
        if sink is None:
            # Nothing was asked: whatever this is, it must not become the answer to the next request.
            self._close()
            return
        self._heard = True
        if self._body is not None:
            self.deadline = self._now() + self.read_timeout
            self._body_received(sink, self._body, data)
            return
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        try:
            self._head_received(sink, data)
        except BadMessage:
            self._fail(Fault.INVALID)

    def _head_received(self, sink: ResponseSink, data: bytes) -> None:
        found = self._reader.read(data)
        if found is not None and found[0].status < 200:
            data, found = self._skip_interim(data, found)
        if found is None:
            self._buffer = data
            self.deadline = self._now() + self.read_timeout
            return
        head, offset = found
        if head.status == 101:
            sink.response_upgraded(head, data[offset:])
            return
        length = 0 if self._method == b"HEAD" else head.length
        self._keep = head.persistent and length != UNTIL_CLOSE
        if length >= 0 and len(data) >= offset + length:
            if len(data) > offset + length:
                # An answer nobody asked for follows; see above.
                self._keep = False
            self.sink = None
            body = data[offset : offset + length] if length else b""
            now = self._now()
            if self._keep and not self.incomplete and not self.closed:
                self.keeper.release(self, now)
            else:
                self.retire()
            sink.response_whole(head, body, now)
            return
        self._body = (
            ChunkedReader() if length == CHUNKED else CloseReader() if length < 0 else LengthReader(length)
        )
        self.deadline = self._now() + self.read_timeout
        sink.response_started(head, length)
        if len(data) > offset and self.sink is sink:
            self._body_received(sink, self._body, data[offset:])

    def _skip_interim(self, data: bytes, found: Found | None) -> tuple[bytes, Found | None]:
        """What follows the interim answers (RFC 9110 §15.2; Kong does not pass them on)."""
        while found is not None and found[0].status < 200 and found[0].status != 101:
            self._interim += 1
            if self._interim > _INTERIM_LIMIT:
                raise BadMessage(502, "too many interim answers")
            data = data[found[1] :]
            found = self._reader.read(data)
        return data, found

    def _body_received(self, sink: ResponseSink, body: BodyReader, data: bytes) -> None:
        try:
            piece = body.feed(data)
        except BadMessage:
            self._fail(Fault.INVALID)
            return
        if piece:
            sink.response_data(piece)
        if body.done and self.sink is sink:
            if body.rest:
                self._keep = False
            self.sink = None
            self._body = None
            self._done(self._now())
            sink.response_ended()

    def _done(self, now: float) -> None:
        if self._keep and not self.incomplete and not self.closed:
            self.keeper.release(self, now)
        else:
            self.retire()

    def _fail(self, fault: Fault) -> None:
        sink, self.sink = self.sink, None
        reused = self.served > 1 and not self._heard
        self._close()
        if sink is not None:
            sink.upstream_failed(fault, reused)

    def tunnel_to(self, other: Any, ended: Callable[[bool], object]) -> None:
        """From now on pass every byte on to another transport.

        :param ended: told once when it is over, and whether because no byte passed for ``read_timeout``,
            either way: each renews nginx's timer too.
        """
        self.sink = None
        self._tunnel = other
        self._tunnel_ended = ended
        self.keeper.wheel.arm(self, self._now() + self.read_timeout)

    def write(self, data: bytes) -> None:
        """Pass on what the client sent through the tunnel."""
        if not self.closed:
            self.deadline = self._now() + self.read_timeout
            self.transport.write(data)

    def _leave_tunnel(self) -> None:
        self._tunnel = None
        self._tunnel_ended(self.expired)

    @override
    def timed_out(self) -> None:
        """Too long without a byte: the answer is late, or the idle time is over."""
        self.expired = True
        if self._tunnel is not None:
            self.transport.unregisterProducer()
            self.retire()
            self._leave_tunnel()
        elif self.sink is None and self.served:
            self.retire()
        else:
            self._fail(Fault.TIMEOUT)

    @override
    def connectionLost(self, reason: Failure | None = None) -> None:
        """The end: of a body that lasts until here, or a failure."""
        self.closed = True
        self.deadline = inf
        if self.secure and not self.served and not self.trouble:
            self.trouble = "timed out" if self.expired else trouble_of(reason)
        self.keeper.lost(self)
        if self._tunnel is not None:
            self._leave_tunnel()
            return
        sink, self.sink = self.sink, None
        if sink is None:
            return
        if isinstance(self._body, CloseReader) and reason is not None and _is_clean(reason):
            sink.response_ended()
        else:
            sink.upstream_failed(Fault.LOST, self.served > 1 and not self._heard)


def _is_clean(reason: Failure) -> bool:
    """Whether a connection ended as it should: only then is a body that lasts until then complete."""
    return reason.check(ConnectionDone) is not None

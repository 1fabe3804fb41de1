"""HTTP/1.1 towards clients of the Admin API: requests in order, one at a time, what comes early waits.

Heads and bodies are read as strictly as the proxy reads them (:mod:`twisted_kong.core.http1`).  A client may
cost so much and no more: a head and a pause between two pieces of a body have a time limit, as has a client
that does not take its answer; no request is begun before the answer to the one before it was taken.

A request that is refused before its body has come ends the connection.  What still comes of the body is read
over for a while: closing at once would reset the connection, and the answer could be lost on its way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.admin.channels import Deadline, Request, Site, expects_continue, fill, is_secure, subject_of
from twisted_kong.core.http1.chunked import ChunkedReader, LengthReader
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import CHUNKED, RequestHead
from twisted_kong.core.http1.requests import RequestReader, without_leading_lines

# Bytes of further requests that may wait while one is served.
PIPELINE_LIMIT = 65536
# How long and how much is read over before a connection is closed on a client that is still sending.
LINGER_SECONDS = 10.0
LINGER_BYTES = 32 << 20
# Seconds that a client has to take the last bytes and to close.
LEAVING_SECONDS = 15.0
# Bytes handed to the transport at once.
PIECE = 65536
_CRLF = b"\r\n"
_LOGGED_LINE = 2048


class Http1Channel(Protocol):
    """One connection of a client; the channel of its requests, one after the other."""

    def __init__(self, site: Site) -> None:
        self.site = self.factory = site
        self._reader = RequestReader(site.limits)
        self._deadline = Deadline(site.reactor, self._late)
        self._buffer = b""
        self._partial = False
        # The request that is being received or answered; its body's reader while that is not complete.
        self._request: Request | None = None
        self._head: RequestHead | None = None
        self._body: ChunkedReader | LengthReader | None = None
        self._out = bytearray()
        self._paused = False
        self._keep = True
        # What is still to be read over of a client that is being left; None before.
        self._linger: int | None = None
        self._leaving = False

    # What the transport says.

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.registerProducer(self, True)
        self._deadline.set(self.site.patience)

    @override
    def dataReceived(self, data: bytes) -> None:
        """Take what the client sent, whatever it belongs to."""
        if self._linger is not None or self._leaving:
            self._read_over(data)
        elif self._body is not None:
            self._take(self._body, data)
        else:
            self._buffer = self._buffer + data if self._buffer else data
            if self._request is None:
                self._serve()
            elif len(self._buffer) > PIPELINE_LIMIT:
                self._hold(True)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._deadline.clear()
        self._leaving = True
        request, self._request = self._request, None
        if request is not None:
            request.connectionLost(reason)

    def pauseProducing(self) -> None:
        """The client takes no more for now."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The client has taken what was sent."""
        self._paused = False
        if self._out and self._request is None:
            self._deadline.set(self.site.patience)
        self._flush()

    def stopProducing(self) -> None:
        """The connection is lost, of which we are told apart."""

    # Requests.

    def _serve(self) -> None:
        """Begin the next request, if its head is there and the last answer was taken."""
        if self._request is not None or self._out or self._paused or self._leaving or not self._buffer:
            return
        data = without_leading_lines(self._buffer) if self._buffer[0] == 13 else self._buffer
        try:
            found = self._reader.read(data)
        except BadMessage as fault:
            self._refuse(fault, data)
            return
        if found is None:
            self._buffer = data
            if not self._partial:
                self._partial = True
                self._deadline.set(self.site.patience)
            return
        self._begin(found[0], data[found[1] :])

    def _begin(self, head: RequestHead, rest: bytes) -> None:
        self._partial = False
        self._head = head
        self._keep = head.persistent and not self.site.draining
        request = self._request = self.site.new_request(self)
        fill(request, head)
        length = head.block.length
        request.gotLength(None if length == CHUNKED else length or 0)
        if not length:
            self._buffer = rest
            self._hand_over(request)
            return
        self._buffer = b""
        self._body = ChunkedReader() if length == CHUNKED else LengthReader(length)
        waits = not rest and head.minor > 0 and expects_continue(head)
        if request.too_large:
            # Nothing has come of it and nothing will, if the client waits for our word.
            self._cut_off(request, 0 if waits else LINGER_BYTES)
            self._read_over(rest)
            return
        if waits:
            self._out += b"HTTP/1.1 100 Continue\r\n\r\n"
            self._flush()
        self._deadline.set(self.site.patience)
        if rest:
            self._take(self._body, rest)

    def _take(self, body: ChunkedReader | LengthReader, data: bytes) -> None:
        """Take a piece of the body."""
        request = self._request
        assert request is not None
        try:
            piece = body.feed(data)
        except BadMessage as fault:
            self._request = None
            self._refuse(fault, self._head.line if self._head is not None else b"")
            return
        self._deadline.set(self.site.patience)
        if piece:
            request.handleContentChunk(piece)
        if body.done:
            self._body = None
            self._buffer = body.rest
            self._hand_over(request)
        elif request.too_large:
            self._cut_off(request, LINGER_BYTES)

    def _hand_over(self, request: Request) -> None:
        assert self._head is not None
        self._deadline.clear()
        version = b"HTTP/1.1" if self._head.minor else b"HTTP/1.0"
        request.requestReceived(self._head.method, self._head.target, version)

    def _cut_off(self, request: Request, linger: int) -> None:
        """Let a request be answered though its body is not complete, and be the last."""
        self._keep = False
        self._linger = linger
        self._hand_over(request)

    def _refuse(self, fault: BadMessage, data: bytes) -> None:
        """Answer what is no request, and end."""
        self._buffer, self._body = b"", None
        self._keep = False
        self._linger = LINGER_BYTES
        request = self._request = self.site.new_request(self)
        request.refuse(fault.status, data[:_LOGGED_LINE].split(b"\n", 1)[0].rstrip(b"\r"), b"HTTP/1.1")

    # What a request asks of its channel.

    def getPeer(self) -> Any:  # noqa: N802 -- twisted.web's name
        """The client's address."""
        return self.transport.getPeer()  # type: ignore[union-attr]

    def getHost(self) -> Any:  # noqa: N802 -- twisted.web's name
        """Our address."""
        return self.transport.getHost()  # type: ignore[union-attr]

    def isSecure(self) -> bool:  # noqa: N802 -- twisted.web's name
        """Whether it is TLS."""
        return is_secure(self.transport)

    def subject(self) -> str | None:
        """Whom the client's verified certificate is for."""
        return subject_of(self.transport)

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Any) -> None:  # noqa: N802
        """Begin an answer; it leaves with what is written next."""
        lines = [b"HTTP/1.1 %b %b" % (code, reason)]
        lines += [
            b"%b: %b" % (name, value) for name, values in headers.getAllRawHeaders() for value in values
        ]
        if not self._keep:
            lines.append(b"Connection: close")
        elif self._head is not None and not self._head.minor:
            lines.append(b"Connection: keep-alive")
        self._out += _CRLF.join((*lines, b"", b""))

    def write(self, data: bytes) -> None:
        """A piece of the answer."""
        self._out += data
        self._flush()

    def writeSequence(self, pieces: Iterable[bytes]) -> None:  # noqa: N802 -- twisted.web's name
        """Several pieces of the answer."""
        self.write(b"".join(pieces))

    def requestDone(self, request: object) -> None:  # noqa: N802 -- twisted.web's name
        """The answer is complete."""
        self._request = None
        if self._keep:
            self._deadline.set(self.site.patience)
            self._hold(False)
        else:
            self._deadline.set(LINGER_SECONDS)
        self._flush()

    def loseConnection(self) -> None:  # noqa: N802 -- twisted.web's name
        """End the connection when what was written is sent."""
        self._keep = False
        self._linger = 0
        self._flush()

    # Sending, and the end.

    def _flush(self) -> None:
        out, transport = self._out, self.transport
        while out and not self._paused and not self._leaving:
            transport.write(bytes(out[:PIECE]))  # type: ignore[union-attr]
            del out[:PIECE]
        if out or self._request is not None:
            return
        if self._keep:
            if self._buffer:
                # In a turn of its own, so that a client with many requests at once does not hold up others.
                self.site.reactor.callLater(0, self._serve)
        elif not self._linger or (isinstance(self._body, LengthReader) and self._body.done):
            self._leave()

    def _read_over(self, data: bytes) -> None:
        """Throw away what comes of a body that nobody wants, up to a limit."""
        if self._linger is None:
            return
        self._linger = max(0, self._linger - len(data))
        if isinstance(self._body, LengthReader):
            self._body.feed(data)
        self._flush()

    def _hold(self, hold: bool) -> None:
        """Read nothing more from the client, or go on reading."""
        transport: Any = self.transport
        if hold:
            transport.pauseProducing()
        else:
            transport.resumeProducing()

    def _leave(self) -> None:
        if not self._leaving:
            self._leaving = True
            self._deadline.set(LEAVING_SECONDS)
            transport: Any = self.transport
            transport.unregisterProducer()
            transport.loseConnection()

    def _late(self) -> None:
        """The client took too long: for a head, a body, the next request, or to read or to leave."""
        if self._leaving or self._out:
            self.transport.abortConnection()  # type: ignore[union-attr]
        elif self._linger is not None:
            self._leave()
        elif self._partial or self._body is not None:
            line = self._head.line if self._body is not None and self._head is not None else self._buffer
            self._request = None
            self._refuse(BadMessage(408, "too slow"), line)
        else:
            self._keep = False
            self._leave()

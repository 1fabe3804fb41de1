"""One request over HTTP/2 with its answer: what a request of twisted.web takes for its channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from twisted.python.failure import Failure

from twisted_kong.admin.channels import Request, Site, expects_continue, fill, is_secure, subject_of
from twisted_kong.core.http1.blocks import frame_request, parse_block
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import RequestHead
from twisted_kong.core.http1.names import REQUEST_NAMES
from twisted_kong.core.http1.requests import Limits, make_head

VERSION = b"HTTP/2.0"
# RFC 9113 §8.2.2: fields that speak of a connection of HTTP/1.
_CONNECTION = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"))
_LOGGED = 2048


class Connection(Protocol):
    """What a stream needs of its connection."""

    site: Site
    transport: Any

    def begin_answer(self, stream: Stream, code: bytes, fields: list[tuple[bytes, bytes]]) -> None:
        """Send the head of an answer."""

    def more(self) -> None:
        """A stream has something to send."""


class Stream:
    """One stream.

    ``complete``: the client has sent all of its request.  ``answered``: nothing will be added to ``out``,
    which is what is still to be sent of the answer's body.
    """

    # Requests of twisted.web look for it, and have no use for it.
    transport = None

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        self.number = number
        self.site = self.factory = connection.site
        self.out = bytearray()
        self.complete = self.answered = False
        # Bytes of the body that are kept for the request, until it is answered.
        self.held = 0
        # The request, until it is answered or lost; handed over to be answered or not.
        self._request: Request | None = None
        self._head: RequestHead | None = None
        self._handed = False

    @property
    def working(self) -> bool:
        """Whether it is for us to do the next thing: the request was handed over, no answer has come yet."""
        return self._handed and self._request is not None

    # What the client says.

    def begin(self, head: RequestHead) -> None:
        """The head has come."""
        self._head = head
        request = self._request = self.site.new_request(self)
        fill(request, head)
        request.gotLength(head.block.length)
        if request.too_large:
            self._hand_over()
        elif expects_continue(head):
            self._connection.begin_answer(self, b"100", [])

    def refuse(self, status: int, fields: Sequence[tuple[bytes, bytes]]) -> None:
        """Answer what is no request."""
        said = dict(fields)
        line = b"%b %b" % (said.get(b":method", b""), said.get(b":path", b""))
        request = self._request = self.site.new_request(self)
        self._handed = True
        request.refuse(status, line[:_LOGGED], VERSION)

    def take(self, data: bytes) -> None:
        """A piece of the body has come."""
        request = self._request
        if request is None or self._handed:
            return
        request.handleContentChunk(data)
        self.held = request.kept
        if request.too_large:
            self._hand_over()

    def end(self) -> None:
        """The client has sent all of it."""
        self.complete = True
        if self._request is not None and not self._handed:
            self._hand_over()

    def lost(self, reason: Failure) -> None:
        """Nobody waits for the answer any more."""
        request, self._request = self._request, None
        if request is not None:
            request.connectionLost(reason)

    def _hand_over(self) -> None:
        assert self._request is not None
        assert self._head is not None
        self._handed = True
        self._request.requestReceived(self._head.method, self._head.target, VERSION)

    # What the request asks of its channel.

    def getPeer(self) -> Any:  # noqa: N802 -- twisted.web's name
        """The client's address."""
        return self._connection.transport.getPeer()

    def getHost(self) -> Any:  # noqa: N802 -- twisted.web's name
        """Our address."""
        return self._connection.transport.getHost()

    def isSecure(self) -> bool:  # noqa: N802 -- twisted.web's name
        """Whether it is TLS."""
        return is_secure(self._connection.transport)

    def subject(self) -> str | None:
        """Whom the client's verified certificate is for."""
        return subject_of(self._connection.transport)

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Any) -> None:  # noqa: N802
        """Begin the answer."""
        fields = [
            (name.lower(), value)
            for name, values in headers.getAllRawHeaders()
            for value in values
            if name.lower() not in _CONNECTION
        ]
        self._connection.begin_answer(self, code, fields)

    def write(self, data: bytes) -> None:
        """A piece of the answer."""
        self.out += data
        self._connection.more()

    def writeSequence(self, pieces: Iterable[bytes]) -> None:  # noqa: N802 -- twisted.web's name
        """Several pieces of the answer."""
        self.write(b"".join(pieces))

    def requestDone(self, request: object) -> None:  # noqa: N802 -- twisted.web's name
        """The answer is complete."""
        self._request = None
        self.held = 0
        self.answered = True
        self._connection.more()

    def loseConnection(self) -> None:  # noqa: N802 -- twisted.web's name
        """End the answer where it is."""
        self.answered = True
        self._connection.more()


def head_of(fields: Sequence[tuple[bytes, bytes]], limits: Limits) -> RequestHead:
    """The head that HTTP/1.1 would have for these fields, judged by its rules.

    :raises BadMessage: with the status that the fault deserves.
    """
    said: dict[bytes, bytes] = {}
    lines = []
    for name, value in fields:
        if b"\r" in value or b"\n" in value:
            raise BadMessage(400, "line end in a field")
        if len(name) + len(value) > limits.field:
            raise BadMessage(414 if name == b":path" else 494, "field is too long")
        if name.startswith(b":"):
            said[name] = value
        elif name != b"host":
            lines.append(b"%b: %b\r\n" % (name, value))
    if len(lines) > limits.fields:
        raise BadMessage(494, "too many fields")
    # h2 has seen to it that a Host field, if there is one, says the same.
    host = said.get(b":authority") or dict(fields).get(b"host")
    if host is not None:
        lines.insert(0, b"host: %b\r\n" % host)
    block = parse_block(b"".join(lines), REQUEST_NAMES)
    frame_request(block)
    return make_head(b"%b %b HTTP/1.1" % (said.get(b":method", b""), said.get(b":path", b"")), block)

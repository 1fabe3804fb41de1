"""What connections to the Admin API have in common, whatever version of HTTP they speak.

twisted.web's own protocols are not used here; Twisted 26.10 was looked at.  Its HTTP/1.1 takes a target in
absolute form for a path, reads a body of any length to its end before it can be refused, and waits for the
rest of a head for as long as there is now and then a byte of it: tried.  Its HTTP/2, by its source, runs in
a circle for as long as a client keeps its window closed, and has a ``KeyError`` for data of a stream that
is answered already.  Only its requests are used, since Klein knows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from cryptography.x509.oid import NameOID
from twisted.internet.interfaces import IDelayedCall, IReactorTime, ISSLTransport

from twisted_kong.core.http1.heads import RequestHead
from twisted_kong.core.http1.requests import Limits


class Request(Protocol):
    """What a channel needs of :class:`twisted_kong.admin.site.BoundedRequest`."""

    method: bytes
    requestHeaders: Any  # noqa: N815 -- twisted.web's name
    too_large: bool

    @property
    def kept(self) -> int:
        """Bytes of the body that are held in memory."""

    def gotLength(self, length: int | None) -> None:  # noqa: N802 -- twisted.web's name
        """The head is complete; length of the body, None if it is not known yet."""

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 -- twisted.web's name
        """A piece of the body has come."""

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """The request is complete, or does not need to be: answer it."""

    def connectionLost(self, reason: Any) -> None:
        """Nobody waits for the answer any more."""

    def refuse(self, status: int, line: bytes, version: bytes) -> None:
        """Answer what is no request that the application could be asked."""


class Site(Protocol):
    """What a channel needs of :class:`twisted_kong.admin.site.BoundedSite`."""

    reactor: IReactorTime
    limits: Limits
    body_limit: int
    # Seconds: between two requests, for a whole head, between two pieces of a body or of an answer taken.
    patience: float
    draining: bool

    def new_request(self, channel: Any) -> Request:
        """A request that comes on a channel."""


class Deadline:
    """One timer that is set, moved and cleared.

    :param late: called when the time is over.
    """

    def __init__(self, clock: IReactorTime, late: Callable[[], None]) -> None:
        self._clock = clock
        self._late = late
        self._call: IDelayedCall | None = None

    def set(self, seconds: float) -> None:
        """Be late in so many seconds from now, whatever was set before."""
        if self._call is None:
            self._call = self._clock.callLater(seconds, self._over)
        else:
            self._call.reset(seconds)

    def clear(self) -> None:
        """Never be late."""
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _over(self) -> None:
        self._call = None
        self._late()


def fill(request: Request, head: RequestHead) -> None:
    """Give a request the method and the fields of its head; Host is what the target says, if it says any.

    RFC 9112 §3.2.2: in absolute form the Host field has no meaning.
    """
    request.method = head.method
    headers = request.requestHeaders
    block = head.block
    for name, value in block.headers.items():
        headers.addRawHeader(name, value)
    if head.host and head.host != block.host:
        headers.setRawHeaders(b"host", [head.host])


def expects_continue(head: RequestHead) -> bool:
    """Whether a client waits for our word before it sends the body (RFC 9110 §10.1.1)."""
    return any(value.lower() == b"100-continue" for value in head.headers.get_all(b"expect"))


def is_secure(transport: Any) -> bool:
    """Whether a connection is one of TLS."""
    return ISSLTransport.providedBy(transport)


def subject_of(transport: Any) -> str | None:
    """Whom the verified certificate of a connection's client is for: its common name, else the whole subject.

    None without TLS or without a certificate.  A listener asks for one only to verify it, so one that is
    there is good.
    """
    if not is_secure(transport):
        return None
    certificate = transport.getPeerCertificate()
    if certificate is None:
        return None
    subject = certificate.to_cryptography().subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else str(subject.rfc4514_string())

"""The HTTP shell of the Admin API over twisted.web: requests whose body is bounded and is not parsed for us.

twisted.web would decode forms by itself (and answer a malformed one with a bare 400), and it would spool a
body of any length to a temporary file.  Here a body is only collected, up to a limit; a request beyond it is
marked, so that the application can answer 413, and its channel hands it over as soon as that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.resource import IResource
from twisted.web.server import Request, Site
from typing_extensions import override

from twisted_kong.admin.access_line import access_line
from twisted_kong.admin.answers import Answer, page, reason
from twisted_kong.admin.channels import Deadline
from twisted_kong.admin.http1 import Http1Channel
from twisted_kong.admin.http2 import Http2Channel
from twisted_kong.admin.masking import NO_SECRETS, Masking
from twisted_kong.admin.turned_away import TurnedAway
from twisted_kong.core.http1.requests import Limits

MEGABYTE = 1024 * 1024
UNLIMITED = 2**63


class BoundedRequest(Request):
    """A request that keeps at most ``site.body_limit`` bytes of its body.

    ``app`` is the application it is for, ``arrived`` when it was complete, on the clock of who measures the
    latency.  ``caller`` is whom the application has found it to be from.  ``subject`` tells from then on whom
    the client's verified certificate is for (mutual TLS), None for a client that showed none.  ``refused`` is
    the answer to a request that its head says enough about: of its body nothing is kept.
    """

    app: Any = None
    caller: Any = None
    arrived = 0.0
    too_large = False
    received = 0
    subject: str | None = None
    refused: Answer | None = None

    def __init__(self, channel: Any, queued: Any = None) -> None:
        super().__init__(channel, queued)
        self.content: BytesIO = BytesIO()

    def body(self) -> bytes:
        """The whole body."""
        return self.content.getvalue()

    @property
    def kept(self) -> int:
        """How many bytes of the body are held in memory."""
        return self.content.getbuffer().nbytes

    def answer_bare(self, answer: Answer) -> bytes:
        """Prepare an answer as nginx gives it to what it does not hand on: without Kong's headers."""
        self.setResponseCode(answer.status, reason(answer.status).encode("ascii"))
        self.responseHeaders.removeHeader("Server")
        self.responseHeaders.setRawHeaders("Content-Type", [answer.content_type or ""])
        self.responseHeaders.setRawHeaders("Content-Length", [str(len(answer.body))])
        return answer.body

    def refuse(self, status: int, line: bytes, version: bytes) -> None:
        """Answer what is no request, as nginx does.

        :param line: its first line, for the access log.
        """
        method, _, target = line.partition(b" ")
        self.method, self.uri, self.clientproto = method, target.rpartition(b" ")[0] or target, version
        # nginx's own number for a head that is too large is shown as 400
        self.write(self.answer_bare(page(400 if status == 494 else status)))
        self.finish()

    def sheltered(self, work: Coroutine[Any, Any, bytes]) -> Deferred[bytes]:
        """The result of some work that goes on to its end even when nobody waits for it any more."""
        waiting: Deferred[bytes] = Deferred()
        done = Deferred.fromCoroutine(work)
        self._site().begun(done)
        done.chainDeferred(waiting)
        return waiting

    @override
    def gotLength(self, length: int | None) -> None:
        """The headers are complete: a declared length beyond the limit makes the body useless at once.

        So does what refuses the request: strangers must not fill our memory.
        """
        self.content = BytesIO()
        self.too_large = length is not None and length > self._limit()
        if length != 0:
            channel: Any = self.channel
            self.subject = channel.subject()
            self.refused = self._site().refusal(self)

    @override
    def handleContentChunk(self, data: bytes) -> None:
        """A piece of the body has come."""
        self.received += len(data)
        self.too_large = self.too_large or self.received > self._limit()
        if self.too_large or self.refused is not None:
            self.content = BytesIO()
        else:
            self.content.write(data)

    @override
    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The request is complete: hand it to the application without looking into its body."""
        self.content.seek(0)
        self.args = {}
        self.method, self.uri, self.clientproto = command, path, version
        self.path = path.split(b"?", 1)[0]
        # the client may be gone by the time that somebody asks
        channel: Any = self.channel
        self.subject = channel.subject()
        finished = self.notifyFinish()
        self._site().begun(finished)
        # that the client has gone is no error
        finished.addErrback(lambda _: None)
        self.process()

    @override
    def getRequestHostname(self) -> bytes:
        """Always the same: paths are not routed by host, and Klein breaks on one that cannot be a name."""
        return b"localhost"

    def _limit(self) -> int:
        return self._site().body_limit

    def _site(self) -> BoundedSite:
        channel: Any = self.channel
        site: BoundedSite = channel.site
        return site


class Negotiated(Protocol):
    """A connection whose version of HTTP is known when its first bytes come: TLS has agreed on it by then."""

    def __init__(self, site: BoundedSite) -> None:
        self._site = site
        self._channel: Http1Channel | Http2Channel | None = None
        self._deadline = Deadline(site.reactor, self._late)

    @override
    def connectionMade(self) -> None:
        self._deadline.set(self._site.patience)

    @override
    def dataReceived(self, data: bytes) -> None:
        """The first bytes decide who is given these and all others."""
        channel = self._channel
        if channel is None:
            self._deadline.clear()
            agreed = getattr(self.transport, "negotiatedProtocol", None)
            channel = self._channel = (Http2Channel if agreed == b"h2" else Http1Channel)(self._site)
            assert self.transport is not None
            channel.makeConnection(self.transport)
        channel.dataReceived(data)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._deadline.clear()
        if self._channel is not None:
            self._channel.connectionLost(reason)
        elif self.transport is not None:
            self._site.turned_away.tell(self.transport.getPeer(), reason)

    def _late(self) -> None:
        """A client that says nothing, or does not end its handshake."""
        self.transport.abortConnection()  # type: ignore[union-attr]


class BoundedSite(Site):
    """A site whose requests are :class:`BoundedRequest`.

    :param reactor: whose clock the timeouts and the access log go by.
    :param body_limit: in bytes, ``nginx_admin_client_max_body_size``; 0 for none.
    :param timeout: seconds after which a connection is closed on which nothing happens, or on which a head
        does not become complete.
    :param access_log: is handed one line, in the combined format, for each answered request.
    :param masking: hides the credentials in what is logged.
    :param limits: how large a head may be.
    :param refusal: the answer to a request that need not be read any further, asked when its head has come.
    """

    noisy = False

    def __init__(
        self,
        resource: IResource,
        reactor: Any,
        *,
        body_limit: int = 10 * MEGABYTE,
        timeout: float = 60,
        access_log: Callable[[str], None] | None = None,
        masking: Masking = NO_SECRETS,
        limits: Limits = Limits(),  # noqa: B008 -- it never changes
        refusal: Callable[[BoundedRequest], Answer | None] = lambda _: None,
    ) -> None:
        super().__init__(resource, requestFactory=BoundedRequest, timeout=timeout, reactor=reactor)
        self.body_limit = body_limit or UNLIMITED
        self.patience = timeout
        self.limits = limits
        self.refusal = refusal
        # Set when the node goes: each connection ends with its next answer.
        self.draining = False
        self._access_log, self._masking = access_log, masking
        self.turned_away = TurnedAway(reactor)
        self._under_way = 0
        self._idle: list[Deferred[None]] = []

    @override
    def buildProtocol(self, addr: IAddress | None) -> Any:
        """The protocol of one connection."""
        return Negotiated(self)

    def new_request(self, channel: Any) -> BoundedRequest:
        """A request that comes on a channel."""
        return BoundedRequest(channel)

    def idle(self) -> Deferred[None]:
        """Fires when no request is under way: each is answered, and its work done if its client has gone."""
        waiter: Deferred[None] = Deferred()
        self._idle.append(waiter)
        self._tell_if_idle()
        return waiter

    def begun(self, what: Deferred[Any]) -> None:
        """Something has begun that has to end before this site is idle: a request, or work done for one."""
        self._under_way += 1
        what.addBoth(self._ended)

    @override
    def startFactory(self) -> None:
        """Listening has begun; twisted.web's timer for the date of its own log is not wanted."""

    @override
    def stopFactory(self) -> None:
        """Listening has ended."""

    def _ended(self, result: Any) -> Any:
        self._under_way -= 1
        self._tell_if_idle()
        return result

    def _tell_if_idle(self) -> None:
        if not self._under_way:
            waiting, self._idle = self._idle, []
            for waiter in waiting:
                waiter.callback(None)

    @override
    def log(self, request: Any) -> None:
        """A request was answered: write its line of the access log."""
        if self._access_log is not None:
            self._access_log(access_line(request, self._masking, self.reactor.seconds()))

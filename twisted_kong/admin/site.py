"""The HTTP shell of the Admin API over twisted.web: requests whose body is bounded and is not parsed for us.

twisted.web would decode forms by itself (and answer a malformed one with a bare 400), and it would spool a
body of any length to a temporary file.  Here a body is only collected, up to a limit; beyond it the rest is
thrown away as it comes and the request is marked, so that the application can answer 413.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.http import combinedLogFormatter, datetimeToLogString
from twisted.web.resource import IResource
from twisted.web.server import Request, Site
from typing_extensions import override

MEGABYTE = 1024 * 1024
UNLIMITED = 2**63


class BoundedRequest(Request):
    """A request that keeps at most ``site.body_limit`` bytes of its body.

    ``app`` is the application it is for, ``arrived`` when it was complete, on the clock of who measures the
    latency.
    """

    app: Any = None
    arrived = 0.0
    too_large = False
    received = 0

    def __init__(self, channel: Any, queued: Any = None) -> None:
        super().__init__(channel, queued)
        self.content: BytesIO = BytesIO()

    def body(self) -> bytes:
        """The whole body."""
        return self.content.getvalue()

    @override
    def gotLength(self, length: int | None) -> None:
        """The headers are complete: a declared length beyond the limit makes the body useless at once."""
        self.content = BytesIO()
        self.too_large = length is not None and length > self._limit()

    @override
    def handleContentChunk(self, data: bytes) -> None:
        """A piece of the body has come."""
        self.received += len(data)
        self.too_large = self.too_large or self.received > self._limit()
        if self.too_large:
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
        self._site().begun(self)
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


class BoundedSite(Site):
    """A site whose requests are :class:`BoundedRequest`.

    :param reactor: whose clock the timeouts and the access log go by.
    :param body_limit: in bytes, ``nginx_admin_client_max_body_size``; 0 for none.
    :param timeout: seconds after which an idle connection is closed.
    :param access_log: is handed one line, in the combined format, for each answered request.
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
    ) -> None:
        super().__init__(resource, requestFactory=BoundedRequest, timeout=timeout, reactor=reactor)
        self.body_limit = body_limit or UNLIMITED
        self._access_log = access_log
        self._under_way: set[BoundedRequest] = set()
        self._idle: list[Deferred[None]] = []

    def idle(self) -> Deferred[None]:
        """Fires when no request is under way: each is answered, or its client has gone."""
        waiter: Deferred[None] = Deferred()
        self._idle.append(waiter)
        self._tell_if_idle()
        return waiter

    def begun(self, request: BoundedRequest) -> None:
        """A request is complete and on its way to the application."""
        self._under_way.add(request)
        request.notifyFinish().addBoth(lambda _: self._ended(request))

    @override
    def startFactory(self) -> None:
        """Listening has begun; twisted.web's timer for the date of its own log is not wanted."""

    @override
    def stopFactory(self) -> None:
        """Listening has ended."""

    def _ended(self, request: BoundedRequest) -> None:
        self._under_way.discard(request)
        self._tell_if_idle()

    def _tell_if_idle(self) -> None:
        if not self._under_way:
            waiting, self._idle = self._idle, []
            for waiter in waiting:
                waiter.callback(None)

    @override
    def log(self, request: Any) -> None:
        """A request was answered: write its line of the access log."""
        if self._access_log is not None:
            self._access_log(combinedLogFormatter(datetimeToLogString(self.reactor.seconds()), request))

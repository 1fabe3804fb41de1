"""The body of one request between the client and whoever wants it.

It is kept until there is more than ``body_buffer_size`` of it: then it is streamed, and the client is paused
while nobody can take it.  A plugin that wants the whole may have up to ``plugin_body_size``.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from twisted_kong.core.context import BodyTooLarge
from twisted_kong.core.http1.chunked import LAST_CHUNK, chunk
from twisted_kong.core.http1.heads import CHUNKED
from twisted_kong.proxy.interfaces import Client
from twisted_kong.proxy.upstream import Upstream


@implementer(IPushProducer)
class RequestBody:
    """What has arrived of a body, and where it goes; also the producer that the Service's transport pauses.

    ``complete`` tells that all of it has arrived.  ``replayable`` that all that was ever sent is still kept.

    :param length: as announced, or ``CHUNKED``.
    :param limit: how much is kept before it is streamed.
    :param changed: called when a waiting request may go on: the body is complete or more than the limit.
    """

    __slots__ = (
        "_changed",
        "_client",
        "_connection",
        "_kept",
        "_limit",
        "_plugin_limit",
        "_timeout",
        "_waiter",
        "_wanted",
        "chunked",
        "complete",
        "length",
        "size",
        "spilled",
    )

    def __init__(
        self, client: Client, length: int, limit: int, plugin_limit: int, changed: Callable[[], None]
    ) -> None:
        self.length = length
        self.size = 0
        self.complete = False
        self.spilled = False
        self.chunked = False
        self._client = client
        self._limit = limit
        self._plugin_limit = plugin_limit
        self._changed = changed
        self._kept: list[bytes] = []
        self._connection: Upstream | None = None
        self._waiter: Deferred[bytes] | None = None
        self._wanted = False
        self._timeout = 60.0

    @property
    def replayable(self) -> bool:
        """Whether a retry could send it all again."""
        return not self.spilled

    def want(self) -> None:
        """Somebody needs the body: let the client send it."""
        if not self._wanted and not self.complete:
            self._wanted = True
            self._client.want_body()

    def whole(self) -> Deferred[bytes]:
        """The whole body, for a plugin."""
        if self.spilled or self.size > self._plugin_limit or self.length > self._plugin_limit:
            return fail(BodyTooLarge())
        if self.complete:
            return succeed(b"".join(self._kept))
        self._limit = max(self._limit, self._plugin_limit)
        if self._waiter is not None:
            # Two plugins at once cannot be: phases run one after the other.
            return fail(BodyTooLarge())
        self._waiter = Deferred()
        self.want()
        self._client.want_body()
        return self._waiter

    def received(self, data: bytes) -> None:
        """A piece has arrived."""
        self.size += len(data)
        connection = self._connection
        if connection is not None:
            connection.more(chunk(data) if self.chunked else data)
            return
        self._kept.append(data)
        if self.size <= self._limit:
            return
        self._client.pause()
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.errback(BodyTooLarge())
        else:
            self._changed()

    def ended(self) -> None:
        """All of it has arrived."""
        self.complete = True
        connection, self._connection = self._connection, None
        if connection is not None:
            if self.chunked:
                connection.more(LAST_CHUNK)
            self._release(connection)
            connection.expect(connection.read_timeout)
            return
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.callback(b"".join(self._kept))
        else:
            self._changed()

    @property
    def ready(self) -> bool:
        """Whether a request that buffers its body can go on: all is there, or more than is kept."""
        return self.complete or self.size > self._limit

    def framing(self) -> int:
        """How to frame it for the Service: its length where that is known, else ``CHUNKED``."""
        if self.complete and not self.spilled:
            return self.size
        return self.length

    def first(self) -> bytes:
        """What is there, as it is sent behind the head."""
        data = b"".join(self._kept)
        self.chunked = self.framing() == CHUNKED
        if not self.chunked:
            return data
        return (chunk(data) if data else b"") + (LAST_CHUNK if self.complete else b"")

    def stream_to(self, connection: Upstream, timeout: float) -> None:
        """Send whatever still comes to this connection, which has been given what was there.

        ``timeout`` is how many seconds the Service may take none of it (``write_timeout``).
        """
        if self.complete:
            return
        self.spilled = True
        self._kept.clear()
        self._connection = connection
        self._timeout = timeout
        connection.incomplete = True
        # It is the client's turn; a Service is late only once it does not take what is there.
        connection.expect(inf)
        connection.transport.registerProducer(self, True)
        self._wanted = True
        self._client.want_body()

    def detach(self) -> None:
        """The Service wants no more of it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._release(connection, complete=False)
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.errback(BodyTooLarge())

    @staticmethod
    def _release(connection: Upstream, complete: bool = True) -> None:
        if complete:
            connection.incomplete = False
        if connection.transport is not None and not connection.closed:
            connection.transport.unregisterProducer()

    def pauseProducing(self) -> None:
        """The Service is slow: let the client wait, but not for ever."""
        if self._connection is not None:
            self._connection.expect(self._timeout)
        self._client.pause()

    def resumeProducing(self) -> None:
        """The Service has read."""
        if self._connection is not None:
            self._connection.expect(inf)
        self._client.want_body()

    def stopProducing(self) -> None:
        """The connection to the Service is gone; the exchange hears of it from there."""

"""The second half of a request's life: an answer, the Service's or our own, on its way to the client.

Without plugins that look at it, an answer that arrived whole leaves in one write.  Otherwise it takes the
long way: its fields become a :class:`Response`, ``header_filter`` may wait (what arrives meanwhile is held,
the Service paused), ``body_filter`` sees every piece, ``response`` the whole.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_kong.core.context import Answer, RequestContext
from twisted_kong.core.http1.chunked import LAST_CHUNK, chunk
from twisted_kong.core.http1.heads import ResponseHead
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.interfaces import NOTHING, Client, Needs
from twisted_kong.proxy.response_heads import BODILESS, CLOSE, KEEP, framing_of
from twisted_kong.proxy.upstream import Upstream


@implementer(IPushProducer)
class Relaying:
    """Sends one answer; also the producer that the client's transport pauses.

    ``answered`` tells that the head of an answer is on its way, ``over`` that nothing is left to do.
    """

    # Class attributes, for the reason given in RequestContext.
    gateway: Gateway
    client: Client
    ctx: RequestContext
    needs: Needs = NOTHING
    answered = False
    over = False
    _connection: Upstream | None = None
    _keep = True
    _chunking = False
    _registered = False
    _held: list[bytes | None] | None = None
    _collected: list[bytes] | None = None
    _size = 0
    # Nothing could be read of the request: no plugin sees it.
    is_bare = False
    _log = Logger()

    # The Service's answer, as the upstream connection tells it.

    def response_whole(self, head: ResponseHead, body: bytes, now: float) -> None:
        """An answer that arrived at once."""
        ctx = self.ctx
        gateway = self.gateway
        self._connection = None
        ctx.answered_at = now
        ctx.status = head.status
        if self.needs is not NOTHING and self._is_looked_at():
            ctx.response = gateway.response_heads.response(ctx, head)
            if self._wants_whole():
                self._whole(body)
            else:
                self._deliver(body, head.block.length)
            return
        self.answered = True
        keep = self._keep = self.client.keeps()
        sent = gateway.response_heads.whole(ctx, head, len(body), keep) + body
        ctx.bytes_sent = len(body)
        ctx.response_size = len(sent)
        self.client.transport.write(sent)
        self._finish(now)

    def response_started(self, head: ResponseHead, length: int) -> None:
        """The head of an answer whose body follows; never one without a body."""
        ctx = self.ctx
        gateway = self.gateway
        ctx.answered_at = gateway.now()
        ctx.status = head.status
        if self.needs is not NOTHING and self._is_looked_at():
            ctx.response = gateway.response_heads.response(ctx, head)
            if self._wants_whole():
                self._collected = []
                self._size = 0
                return
            self._held = []
            waiting = gateway.phases.header_filter(ctx) if self.needs.has_header_filter else None
            if waiting is not None:
                self._pause_service(True)
                waiting.addErrback(self._log_failure)
                waiting.addCallback(self._release_held, length)
            else:
                self._release_held(None, length)
            return
        framing = self._stream_framing(length)
        self._begin_stream(gateway.response_heads.of_service(ctx, head, framing))

    def _is_looked_at(self) -> bool:
        needs = self.needs
        return needs.has_header_filter or needs.has_body_filter or needs.has_log or self._wants_whole()

    def _wants_whole(self) -> bool:
        return self.needs.has_response or self.ctx.buffer_response

    def response_data(self, data: bytes) -> None:
        """A piece of the body."""
        if self._collected is not None:
            self._size += len(data)
            if self._size > self.gateway.settings.plugin_body_size:
                self._log.error("an answer is too long for the plugin that wants it as a whole")
                self._drop_service()
                self.fail(502)
                return
            self._collected.append(data)
        elif self._held is not None:
            self._held.append(data)
        else:
            self._relay(data, last=False)

    def response_ended(self) -> None:
        """The body is complete."""
        self._connection = None
        if self._collected is not None:
            body, self._collected = b"".join(self._collected), None
            self._whole(body)
        elif self._held is not None:
            self._held.append(None)
        else:
            self._relay(b"", last=True)

    # A stream, piece by piece.

    def _stream_framing(self, length: int) -> bytes:
        """How a body that follows is framed for this client; also whether the connection can stay."""
        keep = self.client.keeps()
        if length >= 0 and not self.needs.has_body_filter:
            self._keep = keep
            return b"Content-Length: %d\r\n%b" % (length, KEEP if keep else CLOSE)
        if self.ctx.head.minor == 0:
            # HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
            self._keep = False
            return CLOSE
        self._keep = keep
        self._chunking = True
        return b"Transfer-Encoding: chunked\r\n%b" % (KEEP if keep else CLOSE)

    def _begin_stream(self, head: bytes) -> None:
        self.answered = True
        self.ctx.response_size = len(head)
        transport = self.client.transport
        transport.write(head)
        self._registered = True
        transport.registerProducer(self, True)

    def _release_held(self, _: None, length: int) -> None:
        """The fields are final: send the head and what has arrived since."""
        response = self.ctx.response
        if self.over or response is None:
            return
        framing = self._stream_framing(length)
        self.ctx.status = response.status
        self._begin_stream(self.gateway.response_heads.serialise(response, framing))
        held, self._held = self._held or [], None
        self._pause_service(False)
        for piece in held:
            if not self.over:
                self._relay(piece or b"", last=piece is None)

    def _relay(self, data: bytes, *, last: bool) -> None:
        if self.needs.has_body_filter:
            data = self.gateway.phases.body_filter(self.ctx, data, last)
        if data:
            self.ctx.bytes_sent += len(data)
            if self._chunking:
                data = chunk(data)
            self.ctx.response_size += len(data)
            self.client.transport.write(data)
        if last and not self.over:
            if self._chunking:
                self.client.transport.write(LAST_CHUNK)
            self._finish(self.gateway.now())

    # An answer that is there as a whole.

    def _whole(self, body: bytes) -> None:
        response = self.ctx.response
        assert response is not None
        response.body = body
        result = self.gateway.phases.response(self.ctx) if self.needs.has_response else None
        if isinstance(result, Deferred):
            result.addErrback(self._log_failure)
            result.addCallback(self._responded)
        else:
            self._responded(result)

    def _responded(self, result: Answer | None) -> None:
        response = self.ctx.response
        if self.over or response is None:
            return
        if result is not None:
            self.answer(result)
        else:
            self._deliver(response.body or b"", None)

    def answer(self, answer: Answer) -> None:
        """Answer instead of the Service."""
        ctx = self.ctx
        if self.needs is NOTHING and not self.is_bare:
            # No Route: what is bound to nothing takes part.
            self.needs = self.gateway.phases.needs(ctx)
        ctx.status = answer.status
        ctx.source = answer.source
        ctx.response = self.gateway.response_heads.answer(ctx, answer)
        self._deliver(answer.body, None)

    def fail(self, status: int) -> None:
        """Answer an error of the HTTP layer; once an answer has begun, cut it off instead."""
        if self.over:
            return
        if self.answered:
            self._cut_off()
            return
        ctx = self.ctx
        headers = ctx.head.headers
        self.answer(
            self.gateway.replies.http_error(
                status,
                request_id=ctx.request_id,
                accept=headers.get(b"accept"),
                content_type=headers.get(b"content-type"),
            )
        )

    def _deliver(self, body: bytes, length: int | None) -> None:
        """Let plugins see the head, then send all; ``length`` is what HEAD is told if there is no body."""
        waiting = self.gateway.phases.header_filter(self.ctx) if self.needs.has_header_filter else None
        if waiting is not None:
            waiting.addErrback(self._log_failure)
            waiting.addCallback(lambda _: self._send_whole(body, length))
        else:
            self._send_whole(body, length)

    def _send_whole(self, body: bytes, length: int | None) -> None:
        ctx = self.ctx
        response = ctx.response
        if self.over or response is None:
            return
        if self.needs.has_body_filter:
            body = self.gateway.phases.body_filter(ctx, body, True)
        self.answered = True
        keep = self._keep = self._keep and self.client.keeps()
        ctx.status = response.status
        if ctx.head.method != b"HEAD":
            length = len(body)
        elif body:
            length, body = len(body), b""
        elif length is None and response.source != "service":
            length = 0
        if response.status in BODILESS:
            body = b""
        head = self.gateway.response_heads.serialise(response, framing_of(response.status, length, keep))
        ctx.bytes_sent = len(body)
        ctx.response_size = len(head) + len(body)
        self.client.transport.write(head + body)
        self._finish(self.gateway.now())

    # The end.

    def _finish(self, now: float) -> None:
        self.over = True
        if self._registered:
            self._registered = False
            self.client.transport.unregisterProducer()
        self._log_request()
        self.client.finished(self._keep, now)

    def _log_request(self) -> None:
        gateway = self.gateway
        ctx = self.ctx
        if self.needs.has_log:
            gateway.phases.log(ctx)
        if gateway.log is not None:
            gateway.log(ctx)
        # A finished request refers to nothing that refers to it: no work for the garbage collector.
        del ctx.io
        if ctx.plan is not None:
            ctx.plan = None

    def _cut_off(self) -> None:
        """End an answer that cannot be completed, so that the client notices."""
        self.over = True
        self._drop_service()
        if self._registered:
            self._registered = False
            self.client.transport.unregisterProducer()
        self._log_request()
        self.client.abort()

    def _drop_service(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abandon()

    def _pause_service(self, pause: bool) -> None:
        connection = self._connection
        if connection is not None:
            connection.pause(pause)

    def _log_failure(self, failure: Failure) -> None:
        self._log.failure("a plugin failed", failure)

    # The client's transport, when it has too much or enough room.

    def pauseProducing(self) -> None:
        """The client is slow: let the Service wait."""
        self.client.stalled(True)
        self._pause_service(True)

    def resumeProducing(self) -> None:
        """The client has read."""
        self.client.stalled(False)
        self._pause_service(False)

    def stopProducing(self) -> None:
        """The client is gone; ``connectionLost`` says so too."""

"""A Service's answer on its way to the client.

Without plugins that look at it, an answer that arrived whole leaves in one write.  Otherwise it takes the
long way: its fields become a :class:`Response`, ``header_filter`` may wait (what arrives meanwhile is held,
the Service paused), ``body_filter`` sees every piece, ``response`` the whole.
"""

from __future__ import annotations

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from twisted_kong.core.context import Try
from twisted_kong.core.http1.chunked import LAST_CHUNK, chunk
from twisted_kong.core.http1.heads import ResponseHead
from twisted_kong.node.balancing import Peer
from twisted_kong.proxy.answering import Answering
from twisted_kong.proxy.response_heads import BODILESS, CLOSE, KEEP


@implementer(IPushProducer)
class Relaying(Answering):
    """Passes a Service's answer on; also the producer that the client's transport pauses."""

    _held: list[bytes | None] | None = None
    _collected: list[bytes] | None = None
    _chunking = False
    _size = 0
    _peer: Peer | None = None

    # The Service's answer, as the upstream connection tells it.

    def response_whole(self, head: ResponseHead, body: bytes, now: float) -> None:
        """An answer that arrived at once."""
        ctx = self.ctx
        gateway = self.gateway
        self._connection = None
        ctx.answered_at = now
        ctx.status = head.status
        if self.needs.has_later or ctx.buffer_response:
            self._record_answer()
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
        if self.needs.has_later or ctx.buffer_response:
            self._record_answer()
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

    def _record_answer(self) -> None:
        """Note the try that led to an answer, for the plugins that log it."""
        peer = self._peer
        if peer is not None:
            self.ctx.tries = [*self.ctx.tries, Try(peer.ip, peer.port, self._try_began)]

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
        if response.body is not None or response.status in BODILESS:
            # A plugin has put another body into the place of this one, or a status that can have none.
            self._held = None
            self._drop_service()
            self._send_whole(b"", None)
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

    def _pause_service(self, pause: bool) -> None:
        connection = self._connection
        if connection is not None:
            connection.pause(pause)

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

"""The end of every request: an answer that is there as a whole, the log, and the connection's further fate.

Most answers of this kind are our own (no Route, a plugin's refusal, a Service that failed); a Service's
answer comes here when a plugin wanted all of it.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.balancer.outcomes import Outcome
from twisted_kong.core.context import Answer, RequestContext
from twisted_kong.node.balancing import Peer
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.interfaces import NOTHING, Client, Needs
from twisted_kong.proxy.request_body import RequestBody
from twisted_kong.proxy.response_heads import BODILESS, framing_of
from twisted_kong.proxy.upstream import Upstream


class Answering:
    """Answers one request.

    ``answered`` tells that the head of an answer is on its way, ``over`` that nothing is left to do.
    """

    # Class attributes, for the reason given in RequestContext.
    gateway: Gateway
    client: Client
    ctx: RequestContext
    needs: Needs = NOTHING
    body: RequestBody | None = None
    answered = False
    over = False
    _connection: Upstream | None = None
    # The Target's address that is being tried, as long as the balancer counts the try.
    _target: Peer | None = None
    _try_began = 0.0
    _keep = True
    _registered = False
    # Nothing could be read of the request: no plugin sees it.
    is_bare = False
    _log = Logger()

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
        if not self.is_bare:
            # Without a Route what is bound to nothing takes part; and the Consumer may have become known just
            # before the request was refused, for whom other plugins take part.
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
        if response.body is not None:
            # A plugin may have put it into the place of the other.
            body = response.body
        if self.needs.has_body_filter:
            body = self.gateway.phases.body_filter(ctx, body, True)
        self.answered = True
        # After what is no final answer nobody could tell which the next one belongs to.
        keep = self._keep = self._keep and self.client.keeps() and response.status >= 200
        ctx.status = response.status
        if ctx.head.method != b"HEAD":
            length = len(body)
        elif body:
            length, body = len(body), b""
        elif response.source != "service":
            length = 0
        if response.status in BODILESS:
            body = b""
        head = self.gateway.response_heads.serialise(response, framing_of(response.status, length, keep))
        ctx.bytes_sent = len(body)
        ctx.response_size = len(head) + len(body)
        self.client.transport.write(head + body)
        self._finish(self.gateway.now())

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
        if self._target is not None:
            # Kong: the status that the client saw, unless a plugin answered instead of the Service.
            self._let_go(ctx.status if ctx.answered_at and ctx.source == "service" else None)
        if self.needs.has_log:
            head, body = ctx.head, self.body
            # The request line has two spaces, the version and its end, the block another end.
            ctx.request_size = len(head.method) + len(head.target) + len(head.block.raw) + 14
            ctx.request_size += 0 if body is None else body.size
            gateway.phases.log(ctx)
        if gateway.log is not None:
            gateway.log(ctx)
        # A finished request refers to nothing that refers to it: no work for the garbage collector.
        del ctx.io
        if ctx.plan is not None:
            ctx.plan = None

    def _let_go(self, outcome: Outcome | None) -> None:
        """Tell the balancer that the try which it counts is over, and what came of it."""
        peer, self._target = self._target, None
        if peer is not None:
            until = self.ctx.answered_at or self.gateway.now()
            self.gateway.balancer.ended(peer, outcome, until - self._try_began)

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

    def _log_failure(self, failure: Failure) -> None:
        self._log.failure("a plugin failed", failure)

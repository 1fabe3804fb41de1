"""One request's life: rewrite → match → access → balance → send → answer → log.

Each step is a plain call of the next.  Only where a plugin or a lookup really waits is there a Deferred, and
the step after it is then resumed from its callback.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.python.failure import Failure

from twisted_kong.core.context import Answer, RequestContext
from twisted_kong.core.http1.heads import RequestHead
from twisted_kong.core.replies import redirect
from twisted_kong.proxy.forwarding import Forwarding, sound
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.interfaces import NOTHING, Answering, Client, Needs
from twisted_kong.proxy.plan import Plan, make_plan
from twisted_kong.proxy.request_body import RequestBody

NO_ROUTE = "no Route matched with those values"
NO_SERVICE = "no Service found with those values"
NOT_GRPC = "Non-gRPC request matched gRPC route"
USE_HTTP2 = "Please use HTTP2 protocol"
USE_HTTPS = "Please use HTTPS protocol"


class Exchange(Forwarding):
    """One request of one client's connection."""

    _waiting = False
    _waits_for: Deferred[Answer | None] | None = None

    def __init__(self, gateway: Gateway, client: Client, head: RequestHead) -> None:
        # Written out for speed: this runs for every request.
        self.gateway = gateway
        self.client = client
        # What is asked more than once before it changes is found faster here than in the class.
        self.body = None
        self.needs: Needs = NOTHING
        self._prompt = True
        self._registered = False
        ctx = self.ctx = RequestContext()
        ctx.response_edits = ctx.response = ctx.consumer = ctx.chain = ctx.plan = None
        ctx.balanced_at = 0.0
        ctx.head = head
        ctx.io = self
        ctx.scheme = client.scheme
        ctx.peer_ip = ctx.client_ip = client.peer_ip
        ctx.peer_port = ctx.client_port = client.peer_port
        ctx.listener_port = client.port
        ctx.trusted = client.trusted
        gateway.requests += 1
        ctx.request_id = next(gateway.ids)
        ctx.started = gateway.now()
        if client.sni is not None:
            ctx.sni = client.sni
        if client.trusted:
            named = client.named or gateway.real_ip.client_of(head.block)
            if named is not None:
                ctx.client_ip, ctx.client_port = named

    def begin(self) -> None:
        """Take the first step; the body, if there is one, follows by ``body.received``."""
        length = self.ctx.head.block.length
        if length:
            settings = self.gateway.settings
            if settings.max_body_size and length > settings.max_body_size:
                self.fail(413)
                return
            self.body = RequestBody(
                self.client, length, settings.body_buffer_size, settings.plugin_body_size, self._body_changed
            )
        answer = self.gateway.phases.rewrite(self.ctx)
        if answer is None:
            self._route()
        else:
            self._prompt = False
            self._continue(answer, self._route)

    def refuse(self, status: int) -> None:
        """Answer a request that could not be read; the connection ends with it."""
        self._keep = False
        self.fail(status)

    def refuse_head(self, status: int) -> None:
        """Answer what is no request at all."""
        self.is_bare = True
        self.refuse(status)

    def _continue(self, result: Answering, then: Callable[[], None]) -> None:
        """Go on after a phase: to the next step, to an answer, or later."""
        if isinstance(result, Deferred):
            self._waits_for = result
            result.addCallback(self._resumed, then)
            result.addErrback(self._crashed)
        elif result is None:
            then()
        else:
            self.answer(result)

    def _resumed(self, result: Answer | None, then: Callable[[], None]) -> None:
        if not self.over:
            self._continue(result, then)

    def _crashed(self, failure: Failure) -> None:
        if self.over and failure.check(CancelledError):
            return
        self._log.failure("a request could not be served", failure)
        self.crash()

    def crash(self) -> None:
        """Something of ours broke: the client gets an error, nothing stays behind."""
        if not self.over:
            self.drop()
            self.fail(500)

    def _route(self) -> None:
        ctx = self.ctx
        head = ctx.head
        query = head.memo
        if query is None:
            query = head.memo = self.gateway.query_of(self.client, head, ctx)
        ctx.path = head.normal
        gateway = self.gateway
        match = gateway.routing.match(query)
        if match is None:
            self._refuse(404, NO_ROUTE)
            return
        ctx.match = match
        route = ctx.route = match.route
        plan = match.memo
        if plan is None:
            service = gateway.routing.service_of(route)
            handling = gateway.settings.path_handling
            plan = make_plan(match, service, query.path, gateway.balancer, path_handling=handling)
        self.plan = plan
        ctx.service = plan.service
        if (plan.needs_https or plan.grpc) and self._wrong_protocol(plan):
            return
        if gateway.settings.allow_debug_header:
            self._debug(plan)
        needs = gateway.phases.needs(ctx)
        if needs.has_work:
            self._access(plan, needs)
        else:
            if plan.service is not None:
                ctx.upstream = plan.shared_way(head.method, head.query)
            self._proxy(plan)

    def _access(self, plan: Plan, needs: Needs) -> None:
        ctx = self.ctx
        self.needs = needs
        if plan.service is not None:
            ctx.upstream = plan.way(ctx.head.method, ctx.head.query)
        answer = self.gateway.phases.access(ctx, needs)
        if answer is None and ctx.chain is not None and ctx.plan is None:
            # Only shortcuts were taken, which touch nothing but fields: it goes where its Service does.
            self.needs = ctx.chain
            self._proxy(plan)
            return
        self._prompt = False
        if answer is None:
            self._accessed()
        else:
            self._continue(answer, self._accessed)

    def _scheme(self) -> str:
        """The scheme that the client used, as far as we are told by somebody we trust."""
        ctx = self.ctx
        if ctx.trusted:
            values = ctx.head.block.special.get(b"x-forwarded-proto")
            if values:
                return values[0].decode("latin-1")
        return ctx.scheme

    def _wrong_protocol(self, plan: Plan) -> bool:
        """Answer a request whose protocol is not the Route's; whether it was one."""
        ctx = self.ctx
        if plan.grpc:
            kind = ctx.head.headers.get(b"content-type", b"") or b""
            if not kind.startswith(b"application/grpc"):
                self._refuse(415, NOT_GRPC)
            else:
                answer = self._error(426, USE_HTTP2)
                answer.headers += [(b"connection", b"Upgrade"), (b"upgrade", b"HTTP/2")]
                self.answer(answer)
            return True
        if self._scheme() == "https":
            return False
        host = ctx.head.name
        if ctx.trusted:
            values = ctx.head.block.special.get(b"x-forwarded-host")
            host = values[0] if values and values[0] else host
        # HTTP/1.0 may come without a Host: then there is nowhere to be sent.
        if plan.redirect_status == 426 or not host:
            answer = self._error(426, USE_HTTPS)
            answer.headers += [(b"Connection", b"Upgrade"), (b"Upgrade", b"TLS/1.2, HTTP/1.1")]
            self.answer(answer)
        else:
            self.answer(redirect(plan.redirect_status, b"https://" + host + ctx.head.target))
        return True

    def _debug(self, plan: Plan) -> None:
        """Name Route and Service to a client that asks (``allow_debug_header``)."""
        if b"kong-debug" not in self.ctx.head.headers:
            return
        edits = self.ctx.change_response()
        for entity, kind in ((plan.route, b"Route"), (plan.service, b"Service")):
            for field, name in (("id", b"Id"), ("name", b"Name")):
                if entity is not None and entity.get(field):
                    edits.set(b"Kong-%b-%b" % (kind, name), entity[field].encode())

    def _accessed(self) -> None:
        plan = self.plan
        assert plan is not None
        ctx = self.ctx
        self.needs = ctx.chain or self.gateway.phases.needs(ctx)
        way = ctx.upstream
        if way is not None and not (plan.made(way, ctx.head) or sound(way)):
            self._log.error("a plugin made a request that cannot be sent")
            self._refuse(500, "An unexpected error occurred")
        elif way is not None and plan.peer is not None and self.body is None and plan.leads(way):
            # Plugins have looked at it, and left it on its way: the balancer would say the same (1 µs).
            self._connect(way, plan.peer)
        else:
            self._proxy(plan)

    def _proxy(self, plan: Plan) -> None:
        if plan.service is None:
            self._refuse(503, NO_SERVICE)
            return
        body = self.body
        if body is not None and plan.buffer_request and not body.ready:
            self._waiting = True
            self._prompt = False
            body.want()
        elif plan.peer is not None and self._prompt and self.ctx.upstream is not None:
            # No plugin has looked at it, so it goes where its Service always goes.
            self._connect(self.ctx.upstream, plan.peer)
        else:
            self.balance()

    def _body_changed(self) -> None:
        """The body is complete, or more than is kept."""
        if self._waiting and not self.over:
            self._waiting = False
            self.balance()

    def request_body(self) -> Deferred[bytes]:
        """The whole body, for a plugin."""
        if self.over:
            return fail(RuntimeError("the request is over"))
        return succeed(b"") if self.body is None else self.body.whole()

    def response_body(self) -> Deferred[bytes]:
        """The whole body of the answer, for a plugin of the ``response`` phase."""
        response = self.ctx.response
        if response is None or response.body is None:
            return fail(RuntimeError("the answer is not buffered"))
        return succeed(response.body)

    def client_gone(self) -> None:
        """The client has left: nothing is worth waiting for."""
        if self.over:
            return
        self.over = True
        self._registered = False
        waits_for, self._waits_for = self._waits_for, None
        if waits_for is not None:
            # A plugin that waits is told so, before the request that it works for is taken down.
            waits_for.cancel()
        self.drop()
        if not self.ctx.status:
            self.ctx.status = 499
        self._log_request()

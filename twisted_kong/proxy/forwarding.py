"""The middle of a request's life: a peer is chosen, the request sent, and sent again where that is safe.

Retries follow Kong (nginx's ``error timeout``): connection failures and time-outs are tried again, at another
peer if there is one, up to ``retries`` times; never once the client has seen a byte, never an invalid answer,
and POST, LOCK and PATCH not after they were sent.  A kept connection that turns out to be dead costs no
retry.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twisted_kong.core.balancer.outcomes import Failure as Failed
from twisted_kong.core.balancer.outcomes import Outcome
from twisted_kong.core.context import Answer, Try
from twisted_kong.core.context import Upstream as Way
from twisted_kong.core.headers import is_value
from twisted_kong.core.http1.heads import ResponseHead
from twisted_kong.node.balancing import NoPeer, Peer
from twisted_kong.node.dns import NameFailure
from twisted_kong.proxy.interfaces import Fault
from twisted_kong.proxy.plan import Plan, is_secure
from twisted_kong.proxy.pool import Attempt, Pool, Secure
from twisted_kong.proxy.relaying import Relaying
from twisted_kong.proxy.request_heads import host_header, lines_of
from twisted_kong.proxy.upstream import Upstream

_NOT_REPEATED = frozenset((b"POST", b"LOCK", b"PATCH"))
# What a try that came to nothing tells of a Target. Kong: a bad answer counts as nginx's own 502.
_OUTCOMES: dict[Fault, Outcome] = {
    Fault.CONNECT: Failed.CONNECT,
    Fault.LOST: Failed.CONNECT,
    Fault.TIMEOUT: Failed.TIMEOUT,
    Fault.INVALID: 502,
}


class Forwarding(Relaying):
    """Brings one request to the Service."""

    plan: Plan | None = None
    _attempt: Attempt | None = None
    _sent = False
    _failures = 0
    _prompt = True
    _tried: list[Peer] | tuple[()] = ()

    def balance(self) -> None:
        """Choose a peer and go there."""
        ctx = self.ctx
        way = ctx.upstream
        assert way is not None
        try:
            peer = self.gateway.balancer.pick(way.host, way.port, self._tried, ctx)
        except (NoPeer, NameFailure) as error:
            self._no_peer(error)
            return
        if isinstance(peer, Deferred):
            self._prompt = False
            peer.addCallbacks(self._chosen, self._not_chosen)
        else:
            self._go_to(way, peer)

    def _chosen(self, peer: Peer) -> None:
        if not self.over and self.ctx.upstream is not None:
            self._go_to(self.ctx.upstream, peer)

    def _go_to(self, way: Way, peer: Peer) -> None:
        if peer.upstream_id is not None:
            self._target = peer
            self.gateway.balancer.started(peer)
        self._connect(way, peer)

    def _not_chosen(self, failure: Failure) -> None:
        if not self.over:
            self._no_peer(failure.value or RuntimeError(str(failure)))

    def _no_peer(self, error: BaseException) -> None:
        """Answer that there is nobody to ask; the last failure says more once a peer was tried."""
        way = self.ctx.upstream
        host = "" if way is None else way.host
        if isinstance(error, NoPeer):
            self._complain(f"no Target of the Upstream {host} can be used")
        elif isinstance(error, NameFailure):
            self._complain(f"the name {host} leads to no address")
        if self._failures:
            self.fail(502)
        elif isinstance(error, NoPeer):
            self._refuse(503, "failure to get a peer from the ring-balancer")
        elif isinstance(error, NameFailure) and error.missing:
            self._refuse(503, "name resolution failed")
        elif isinstance(error, NameFailure):
            text = f"failed the initial dns/balancer resolve for '{error.host}' with: no name server answered"
            self._refuse(500, text)
        else:
            self._log.error("the balancer failed: {error}", error=error)
            self._refuse(500, "An unexpected error occurred")

    def _error(self, status: int, message: str) -> Answer:
        ctx = self.ctx
        accept = ctx.head.headers.get(b"accept")
        return self.gateway.replies.error(status, message, request_id=ctx.request_id, accept=accept)

    def _refuse(self, status: int, message: str) -> None:
        self.answer(self._error(status, message))

    def _connect(self, way: Way, peer: Peer) -> None:
        gateway = self.gateway
        ctx = self.ctx
        plan = self.plan
        assert plan is not None
        self._peer = peer
        if not ctx.balanced_at:
            # Nothing but our own few steps has happened since, unless there was something to wait for.
            now = ctx.started if self._prompt else gateway.now()
            ctx.balanced_at = now
        else:
            now = gateway.now()
        self._try_began = now
        if plan.host is not None and peer is plan.peer and way.host_header is None:
            host = plan.host
        else:
            host = host_header(ctx, plan, way, peer)
        key: object = peer.key
        secure = None
        if way.scheme != "http" and is_secure(way.scheme):
            secure = self._secure(way, host)
            if secure is None:
                return
            key = Pool.key(peer, secure)
        pool = gateway.pool
        connection = pool.take(key)
        if connection is not None:
            self._send(connection, host, now)
        else:
            self._attempt = pool.connect(peer, key, secure, way.connect_timeout / 1000, self)

    def _secure(self, way: Way, host: bytes) -> Secure | None:
        """How to speak TLS to the Service; None if it cannot be done, which then is answered."""
        tls, service, peer = self.gateway.tls, self.ctx.service, self._peer
        if tls is not None and service is not None:
            if peer is not None and peer.client_certificate and service.get("client_certificate") is None:
                service = {**service, "client_certificate": peer.client_certificate}
            try:
                return tls.secure(service, host.decode("latin-1"))
            except Exception as error:
                # A certificate that is missing or cannot be used: the Service cannot be reached.
                self._log.error("no TLS to {host}: {error}", host=way.host, error=error)
        self.fail(502)
        return None

    def connected(self, connection: Upstream) -> None:
        """A new connection is there."""
        self._attempt = None
        ctx = self.ctx
        if self.over or self.plan is None or ctx.upstream is None or self._peer is None:
            connection.abandon()
            return
        host = host_header(ctx, self.plan, ctx.upstream, self._peer)
        self._send(connection, host, self.gateway.now())

    def _send(self, connection: Upstream, host: bytes, now: float) -> None:
        ctx = self.ctx
        way = ctx.upstream
        plan = self.plan
        assert way is not None
        assert plan is not None
        gateway = self.gateway
        self._connection = connection
        self._sent = True
        body = self.body
        timeout = way.read_timeout / 1000
        build = gateway.request_heads.build
        client = self.client
        if body is None and way.body is None:
            data = build(client, ctx, plan, way, host, ctx.head.block.length)
        elif way.body is not None:
            data = build(client, ctx, plan, way, host, len(way.body)) + way.body
        elif body is not None:
            data = build(client, ctx, plan, way, host, body.framing()) + body.first()
        connection.send(self, way.method, data, timeout)
        deadline = now + timeout
        if connection.slot and connection.slot_time <= deadline:
            connection.deadline = deadline
        else:
            gateway.wheel.arm(connection, deadline)
        if body is not None and way.body is None and self._connection is connection:
            body.stream_to(connection, way.write_timeout / 1000)

    def upstream_failed(self, fault: Fault, reused: bool) -> None:
        """A try came to nothing: try again if that is safe, else tell the client."""
        attempt, self._attempt = self._attempt, None
        self._connection = None
        if self.over:
            return
        was_dead = reused and fault is Fault.LOST
        if self._target is not None and not self.ctx.answered_at:
            self._let_go(None if was_dead else _OUTCOMES[fault])
        way = self.ctx.upstream
        peer = self._peer
        if self.answered or way is None or peer is None or self.ctx.answered_at:
            self._complain(f"{fault.value} in the middle of an answer")
            self.fail(502)
            return
        again = self._may_repeat(way, fault)
        if not (again and was_dead):
            self._complain(fault.value if attempt is None else attempt.trouble or fault.value)
        self._record(peer, fault, again)
        if self.body is not None:
            self.body.detach()
        if again and was_dead:
            self.balance()
        elif again and self._failures < way.retries:
            self._failures += 1
            self._tried = [*self._tried, peer]
            self._sent = False
            self.balance()
        else:
            self._failures += 1
            self.fail(504 if fault is Fault.TIMEOUT else 502)

    def _may_repeat(self, way: Way, fault: Fault) -> bool:
        if fault is Fault.INVALID:
            return False
        if self._sent and way.method in _NOT_REPEATED:
            return False
        return self.body is None or self.body.replayable or way.body is not None

    def _record(self, peer: Peer, fault: Fault, again: bool) -> None:
        attempt = Try(peer.ip, peer.port, self._try_began)
        attempt.ended = self.gateway.now()
        attempt.state = "next" if again else "failed"
        attempt.code = 504 if fault is Fault.TIMEOUT else 502
        self.ctx.tries = [*self.ctx.tries, attempt]

    def _complain(self, what: str) -> None:
        """Tell the error log what went wrong with the Service, with what nginx tells of the request."""
        ctx, peer, way = self.ctx, self._peer, self.ctx.upstream
        self._log.error(
            '{what}, client: {client}, request: "{line}", upstream: "{upstream}", request_id: "{id}"',
            what=what,
            client=ctx.client_ip,
            line=ctx.head.line.decode("latin-1"),
            upstream="" if way is None or peer is None else f"{way.scheme}://{peer.ip}:{peer.port}",
            id=ctx.request_id,
        )

    def response_upgraded(self, head: ResponseHead, rest: bytes) -> None:
        """The Service has changed the protocol: from here on, bytes."""
        connection = self._connection
        ctx = self.ctx
        if connection is None or not lines_of(self.client, ctx.head.block).websocket:
            self._drop_service()
            self.fail(502)
            return
        gateway = self.gateway
        ctx.status = 101
        ctx.answered_at = gateway.now()
        self.answered = True
        self._keep = False
        client = self.client.transport
        service = connection.transport
        fields = b"Connection: upgrade\r\nUpgrade: websocket\r\n"
        client.write(gateway.response_heads.of_service(ctx, head, fields) + rest)
        connection.tunnel_to(client, self._tunnel_ended)
        client.registerProducer(service, True)
        service.registerProducer(client, True)
        self.client.tunnel(connection)

    def _tunnel_ended(self, idle: bool) -> None:
        """The Service's end of the tunnel is over: so is the client's."""
        if not self.over:
            if idle:
                self._complain(f"{Fault.TIMEOUT.value}: nothing passed through the tunnel")
            self.client.hang_up()

    def drop(self) -> None:
        """Forget the Service: nobody wants its answer any more."""
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.cancel()
        if self.body is not None:
            self.body.detach()
        self._drop_service()


def sound(way: Way) -> bool:
    """Whether what plugins made of a request can be sent as one (no way to split it in two)."""
    # One look at all of it together: this runs for every request that a plugin has seen.
    whole = b"%b%b%b%b" % (way.method, way.path, way.query or b"", way.host_header or b"")
    return is_value(whole) and b" " not in whole and b"\t" not in whole

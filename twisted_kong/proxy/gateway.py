"""What every connection of one node shares: the parts of the data path, put together once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import RequestContext
from twisted_kong.core.replies import Replies
from twisted_kong.proxy.admission import Admission, Admitted
from twisted_kong.proxy.interfaces import Balancer, Phases, Routing
from twisted_kong.proxy.pool import Pool, Secure
from twisted_kong.proxy.queries import QueryMaker, plain_query
from twisted_kong.proxy.real_ip import RealIp
from twisted_kong.proxy.request_heads import RequestHeads
from twisted_kong.proxy.response_heads import ResponseHeads
from twisted_kong.proxy.settings import Settings
from twisted_kong.proxy.wheel import Wheel


class Drainable(Admitted, Protocol):
    """A client's connection, as the gateway sees it."""

    def drain(self) -> None:
        """Close as soon as no request is in flight."""
        ...


class UpstreamTls(Protocol):
    """Knows how to speak TLS to the peers of a Service."""

    def secure(self, service: Entity, server_name: str) -> Secure:
        """For connections on which this Host is sent."""
        ...


class Gateway:
    """The data path of one node.

    :param ids: an endless supply of request ids.
    :param log: told of every finished request (the access log), None for none.
    :param tls: for Services of https; without it they cannot be reached.
    :param query_of: makes what the router is asked by.
    :param admission: limits how many connections there may be; None for any number.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        routing: Routing,
        phases: Phases,
        balancer: Balancer,
        pool: Pool,
        wheel: Wheel,
        real_ip: RealIp,
        replies: Replies,
        now: Callable[[], float],
        ids: Iterator[str],
        log: Callable[[RequestContext], None] | None = None,
        tls: UpstreamTls | None = None,
        query_of: QueryMaker = plain_query,
        admission: Admission | None = None,
    ) -> None:
        self.settings = settings
        self.routing = routing
        self.phases = phases
        self.balancer = balancer
        self.pool = pool
        self.wheel = wheel
        self.real_ip = real_ip
        self.replies = replies
        self.now = now
        self.ids = ids
        self.log = log
        self.tls = tls
        self.query_of = query_of
        self.admission = admission
        self.request_heads = RequestHeads(settings)
        self.response_heads = ResponseHeads(settings, now)
        self.connections: set[Drainable] = set()
        # Since the start, for ``/status``.
        self.accepted = 0
        self.requests = 0
        # Connections closed unserved: too many (``node``, ``client``), no header (``proxy_protocol``).
        self.refused: Counter[str] = Counter()
        self.draining = False
        self._drained: list[Deferred[None]] = []

    def opened(self, connection: Drainable) -> bool:
        """A client has connected; False if it must be closed at once, since there are too many."""
        self.accepted += 1
        if self.admission is not None:
            refusal = self.admission.refusal(connection, self.connections)
            if refusal is not None:
                self.refused[refusal] += 1
                return False
        self.connections.add(connection)
        return True

    def replaced(self, connection: Drainable) -> None:
        """Another object takes a connection over, and will say that it has opened; both count as one."""
        self.accepted -= 1
        self.closed(connection)

    def closed(self, connection: Drainable) -> None:
        """A client's connection is gone."""
        self.connections.discard(connection)
        if self.admission is not None:
            self.admission.left(connection)
        if self._drained and not self.connections:
            waiting, self._drained = self._drained, []
            for waiter in waiting:
                waiter.callback(None)

    def drain(self, clock: Any, timeout: float) -> Deferred[None]:
        """Finish what is in flight, for at most ``timeout`` seconds, then close whatever is left.

        The listeners must have stopped before.  Fires when no connection remains.
        """
        self.draining = True
        self.pool.close()
        for connection in list(self.connections):
            connection.drain()
        done: Deferred[None] = Deferred()
        if not self.connections:
            done.callback(None)
            return done
        self._drained.append(done)
        late = clock.callLater(timeout, self._abort_all)

        def stop(_: None) -> None:
            if late.active():
                late.cancel()

        return done.addCallback(stop)

    def _abort_all(self) -> None:
        for connection in list(self.connections):
            connection.abort()

"""Connections to peers, kept between requests per peer and TLS identity.

Settings: ``upstream_keepalive_pool_size`` (idle connections per peer), ``upstream_keepalive_max_requests``,
``upstream_keepalive_idle_timeout``.  The connection used last is used first: the others may grow old and go.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Protocol

from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.protocol import ClientFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.node.balancing import Peer
from twisted_kong.proxy.interfaces import Fault
from twisted_kong.proxy.transport import connect
from twisted_kong.proxy.upstream import Upstream
from twisted_kong.proxy.wheel import Wheel


class Secure(Protocol):
    """How to speak TLS to a peer; ``identity`` tells which connections may be shared."""

    @property
    def identity(self) -> object:
        """Server name, verification and client certificate, in something that compares."""
        ...

    def creator(self) -> IOpenSSLClientConnectionCreator:
        """Makes the TLS side of one connection."""
        ...


class Waiter(Protocol):
    """Who asked for a connection; implemented by the exchange."""

    def connected(self, connection: Upstream) -> None:
        """Here it is."""
        ...

    def upstream_failed(self, fault: Fault, reused: bool) -> None:
        """There is none."""
        ...


class Attempt:
    """A connection being made; the waiter may lose interest.

    ``trouble`` says more than the fault where more is known, in words for the error log.
    """

    __slots__ = ("_connector", "_host", "trouble", "waiter")

    def __init__(self, waiter: Waiter, host: str) -> None:
        self.waiter: Waiter | None = waiter
        self.trouble = ""
        self._host = host
        self._connector: Any = None

    def started(self, connector: Any) -> None:
        """Remember how to stop it."""
        if self.waiter is None:
            connector.disconnect()
        else:
            self._connector = connector

    def cancel(self) -> None:
        """Nobody waits any more."""
        self.waiter = None
        if self._connector is not None:
            self._connector.disconnect()

    def lost(self, connection: Upstream) -> None:
        """TLS came to nothing."""
        if connection.trouble:
            self.trouble = f"TLS handshake with {self._host} failed: {connection.trouble}"
        self.fail(Fault.TIMEOUT if connection.expired else Fault.CONNECT)

    def fail(self, fault: Fault) -> None:
        """Tell the waiter, once, and stop."""
        waiter = self.waiter
        self.cancel()
        if waiter is not None:
            waiter.upstream_failed(fault, False)


class _Factory(ClientFactory):
    """Makes the protocol of one connection."""

    noisy = False

    def __init__(self, pool: Pool, attempt: Attempt, key: object, handshake: float | None) -> None:
        self._pool = pool
        self._attempt = attempt
        self._key = key
        self._handshake = handshake

    @override
    def buildProtocol(self, addr: Any) -> Upstream:
        pool = self._pool
        connection = Upstream(pool, self._key, self._handshake is not None, pool.now)
        pool.attempts[connection] = self._attempt
        if self._handshake is not None:
            pool.wheel.arm(connection, pool.now() + self._handshake)
        return connection

    @override
    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:
        late = reason.check(ConnectTimeout) is not None
        self._attempt.fail(Fault.TIMEOUT if late else Fault.CONNECT)


class Pool:
    """All connections to peers of one node.

    :param now: the clock's seconds, as cheap as can be: asked for every request.
    """

    def __init__(
        self,
        reactor: Any,
        wheel: Wheel,
        now: Callable[[], float],
        *,
        size: int = 512,
        max_requests: int = 10_000,
        idle_timeout: float = 60.0,
    ) -> None:
        self.now = now
        self.attempts: dict[Upstream, Attempt] = {}
        self._reactor = reactor
        self.wheel = wheel
        self._size = size
        self._max_requests = max_requests or inf
        self._idle_timeout = idle_timeout or inf
        self._idle: dict[object, list[Upstream]] = {}
        self._closing = False

    @staticmethod
    def key(peer: Peer, secure: Secure | None) -> object:
        """What connections must have in common to be shared."""
        return (peer.ip, peer.port) if secure is None else (peer.ip, peer.port, secure.identity)

    def take(self, key: object) -> Upstream | None:
        """An idle connection, if there is one."""
        idle = self._idle.get(key)
        if not idle:
            return None
        connection = idle.pop()
        connection.deadline = inf
        return connection

    def connect(
        self, peer: Peer, key: object, secure: Secure | None, timeout: float, waiter: Waiter
    ) -> Attempt:
        """Make a new connection; ``timeout`` in seconds, for TCP and for TLS each."""
        attempt = Attempt(waiter, peer.name)
        factory: Any = _Factory(self, attempt, key, None if secure is None else timeout)
        if secure is not None:
            factory = TLSMemoryBIOFactory(secure.creator(), True, factory, self._reactor)
            factory.noisy = False
        attempt.started(connect(self._reactor, peer.ip, peer.port, factory, timeout))
        return attempt

    def ready(self, connection: Upstream) -> None:
        """A new connection can be used."""
        attempt = self.attempts.pop(connection, None)
        if attempt is None or attempt.waiter is None:
            connection.abandon()
            return
        waiter, attempt.waiter = attempt.waiter, None
        waiter.connected(connection)

    def release(self, connection: Upstream, now: float) -> None:
        """Keep a connection for the next request, or close it."""
        idle = self._idle.get(connection.key)
        if idle is None:
            idle = self._idle[connection.key] = []
        if self._closing or connection.served >= self._max_requests or len(idle) >= self._size:
            connection.retire()
            return
        idle.append(connection)
        deadline = now + self._idle_timeout
        if connection.slot and connection.slot_time <= deadline:
            connection.deadline = deadline
        else:
            self.wheel.arm(connection, deadline)

    def lost(self, connection: Upstream) -> None:
        """A connection is gone."""
        self.wheel.disarm(connection)
        attempt = self.attempts.pop(connection, None)
        if attempt is not None:
            attempt.lost(connection)
        idle = self._idle.get(connection.key)
        if idle is not None:
            if connection in idle:
                idle.remove(connection)
            if not idle:
                del self._idle[connection.key]

    def close(self) -> None:
        """Close what is idle now, and what becomes idle later at once."""
        self._closing = True
        for idle in list(self._idle.values()):
            for connection in list(idle):
                connection.retire()
        self._idle.clear()

    def idle_count(self) -> int:
        """How many connections wait for requests."""
        return sum(map(len, self._idle.values()))

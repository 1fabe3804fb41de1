"""Connections kept between requests."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionRefusedError, TimeoutError
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from tests.kit.proxies import Wire, lose
from twisted_kong.node.balancing import Peer
from twisted_kong.proxy.interfaces import Fault
from twisted_kong.proxy.pool import Pool
from twisted_kong.proxy.upstream import Upstream
from twisted_kong.proxy.wheel import Wheel

PEER = Peer("10.0.0.1", 80, "a")


class Waiter:
    """Notes what it gets."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    def connected(self, connection: Upstream) -> None:
        self.got.append(connection)

    def upstream_failed(self, fault: Fault, reused: bool) -> None:
        self.got.append((fault, reused))


class Connector:
    """Notes that it was stopped."""

    def __init__(self) -> None:
        self.stopped = False

    def disconnect(self) -> None:
        self.stopped = True


def world(**options: Any) -> tuple[MemoryReactorClock, Pool]:
    """A reactor in memory and a pool on it."""
    reactor = MemoryReactorClock()
    return reactor, Pool(reactor, Wheel(reactor), reactor.seconds, **options)


def make(reactor: MemoryReactorClock, pool: Pool) -> tuple[Upstream, Wire]:
    """A connection that was asked for and made."""
    waiter = Waiter()
    pool.connect(PEER, PEER.key, None, 3.0, waiter)
    host, port, factory, timeout, _ = reactor.tcpClients[-1]
    assert (host, port, timeout) == ("10.0.0.1", 80, 3.0)
    connection = factory.buildProtocol(None)
    wire = Wire()
    connection.makeConnection(wire)
    assert waiter.got == [connection]
    return connection, wire


def test_the_last_used_is_used_first() -> None:
    """And none is handed out twice."""
    reactor, pool = world()
    one, two = make(reactor, pool)[0], make(reactor, pool)[0]
    pool.release(one, 0.0)
    pool.release(two, 0.0)
    assert pool.idle_count() == 2
    assert [pool.take(PEER.key), pool.take(PEER.key), pool.take(PEER.key)] == [two, one, None]
    assert pool.take("other") is None


def test_no_more_than_size_are_kept() -> None:
    """The rest are closed; 0 keeps none."""
    for size, closed in ((1, [False, True]), (0, [True, True])):
        reactor, pool = world(size=size)
        made = [make(reactor, pool) for _ in range(2)]
        for connection, _ in made:
            pool.release(connection, 0.0)
        assert [wire.disconnecting for _, wire in made] == closed


def test_idle_connections_are_closed_after_a_while() -> None:
    """upstream_keepalive_idle_timeout."""
    reactor, pool = world(idle_timeout=10.0)
    connection, wire = make(reactor, pool)
    connection.served = 1
    pool.release(connection, 0.0)
    reactor.advance(9.9)
    assert not wire.disconnecting
    reactor.advance(0.2)
    assert wire.disconnecting


def test_a_connection_serves_so_many_requests() -> None:
    """upstream_keepalive_max_requests; 0 is no limit."""
    reactor, pool = world(max_requests=2)
    connection, wire = make(reactor, pool)
    connection.served = 1
    pool.release(connection, 0.0)
    assert pool.take(PEER.key) is connection
    connection.served = 2
    pool.release(connection, 0.0)
    assert wire.disconnecting
    reactor, pool = world(max_requests=0)
    connection, wire = make(reactor, pool)
    connection.served = 10**9
    pool.release(connection, 0.0)
    assert not wire.disconnecting


def test_lost_connections_are_forgotten() -> None:
    """A request never gets one that is known to be dead."""
    reactor, pool = world()
    connection, _ = make(reactor, pool)
    pool.release(connection, 0.0)
    lose(connection)
    assert pool.take(PEER.key) is None
    assert pool.idle_count() == 0


def test_failures_are_told_apart() -> None:
    """Refused, or too late."""
    for error, fault in ((ConnectionRefusedError(), Fault.CONNECT), (TimeoutError(), Fault.TIMEOUT)):
        reactor, pool = world()
        waiter = Waiter()
        attempt = pool.connect(PEER, PEER.key, None, 3.0, waiter)
        attempt.started(Connector())
        reactor.tcpClients[-1][2].clientConnectionFailed(Connector(), Failure(error))
        assert waiter.got == [(fault, False)]


def test_an_attempt_can_be_given_up() -> None:
    """Whoever lost interest hears nothing; a connection made nevertheless is closed."""
    reactor, pool = world()
    waiter = Waiter()
    attempt = pool.connect(PEER, PEER.key, None, 3.0, waiter)
    connector = Connector()
    attempt.started(connector)
    attempt.cancel()
    assert connector.stopped
    connection = reactor.tcpClients[-1][2].buildProtocol(None)
    wire = Wire()
    connection.makeConnection(wire)
    assert wire.aborted
    assert waiter.got == []


def test_closing_ends_idle_connections_now_and_others_when_they_come_back() -> None:
    """A node that stops keeps nothing open."""
    reactor, pool = world()
    idle, idle_wire = make(reactor, pool)
    busy, busy_wire = make(reactor, pool)
    pool.release(idle, 0.0)
    pool.close()
    assert idle_wire.disconnecting
    pool.release(busy, 0.0)
    assert busy_wire.disconnecting


def test_tls_identity_is_part_of_the_key() -> None:
    """A connection verified for one name is not used for another."""

    class Secure:
        def __init__(self, identity: object) -> None:
            self.identity = identity

        def creator(self) -> Any:
            raise NotImplementedError

    assert Pool.key(PEER, None) == PEER.key
    assert Pool.key(PEER, Secure("a")) != Pool.key(PEER, Secure("b"))
    assert Pool.key(PEER, Secure("a")) == Pool.key(PEER, Secure("a"))

"""How many connections there may be."""

from __future__ import annotations

import pytest
from typing_extensions import override

from tests.kit.proxies import Wire, World, get, lose, ok
from twisted_kong.proxy.admission import Admission, key_of
from twisted_kong.proxy.downstream import Downstream
from twisted_kong.proxy.real_ip import RealIp, TrustedIps

PEER = "192.0.2.1"


def limited(most: int = 0, most_per_client: int = 0, *trusted: str) -> tuple[World, Admission]:
    """A gateway with limits."""
    world = World()
    world.gateway.real_ip = RealIp(TrustedIps(trusted), b"proxy_protocol", False)
    admission = Admission(most, most_per_client, world.reactor.seconds)
    world.gateway.admission = admission
    return world, admission


def connected(world: World, ip: str = PEER, named: tuple[str, int] | None = None) -> tuple[Downstream, Wire]:
    """A connection from an address."""
    wire = Wire((ip, 4000))
    connection = Downstream(world.gateway, "http", 8000)
    connection.named = named
    connection.makeConnection(wire)
    return connection, wire


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::1", True),
    ],
)
def test_who_is_one_client(one: str, other: str, same: bool) -> None:
    """An IPv4 address, or what a household has of IPv6."""
    assert (key_of(one) == key_of(other)) is same


def test_a_client_has_so_many_connections_and_no_more() -> None:
    """Others are not concerned, and what is closed makes room; nothing is kept of who has gone."""
    world, admission = limited(0, 2)
    first, wire = connected(world)
    second, _ = connected(world)
    _, refused = connected(world)
    assert refused.aborted
    assert not wire.aborted
    other, wire = connected(world, "192.0.2.2")
    assert not wire.aborted
    lose(first)
    third, wire = connected(world)
    assert not wire.aborted
    assert world.gateway.refused == {"client": 1}
    assert (world.gateway.accepted, len(world.gateway.connections)) == (5, 3)
    for connection in (second, third, other):
        lose(connection)
        admission.left(connection)
    assert admission.clients == 0


def test_a_refused_connection_counts_for_nobody() -> None:
    """Its end takes nothing from those that stayed, and what it still sends is not served."""
    world, admission = limited(0, 1)
    connected(world)
    for _ in range(2):
        connection, wire = connected(world)
        connection.dataReceived(get())
        lose(connection)
        assert wire.aborted
        assert not wire.take()
    assert (admission.clients, world.gateway.requests) == (1, 0)


def test_trusted_peers_stand_for_many() -> None:
    """Only clients that they introduce are told apart, and limited."""
    world, _ = limited(0, 1, PEER)
    for number in range(3):
        assert not connected(world)[1].aborted
        assert not connected(world, PEER, (f"198.51.100.{number}", 1))[1].aborted
    assert connected(world, PEER, ("198.51.100.1", 2))[1].aborted


def test_where_the_node_is_full_who_waits_longest_makes_room() -> None:
    """Not one with a request under way or half a head, and none that has only just come."""
    world, admission = limited(3)
    busy, waiting = connected(world), connected(world)
    busy[0].dataReceived(get())
    world.advance(1)
    younger = connected(world)
    world.advance(2.5)
    newcomer = connected(world)
    assert waiting[1].aborted
    lose(waiting[0])
    assert not newcomer[1].aborted
    # The next finds the other that has waited, and the third nobody: the newcomer has just come.
    world.advance(1)
    assert not connected(world)[1].aborted
    assert younger[1].aborted
    lose(younger[0])
    assert connected(world)[1].aborted
    assert not busy[1].aborted
    assert world.gateway.refused == {"node": 1}
    assert admission.replaced == 2
    assert len(world.gateway.connections) == 3


def test_a_connection_that_works_again_makes_no_room() -> None:
    """What was found waiting is looked at again before it is closed."""
    world, _ = limited(2)
    first, second = connected(world), connected(world)
    world.advance(3)
    connected(world)
    assert first[1].aborted ^ second[1].aborted
    aborted, left = (first, second) if first[1].aborted else (second, first)
    lose(aborted[0])
    left[0].dataReceived(get())
    assert connected(world)[1].aborted
    connection, _ = world.service()
    connection.dataReceived(ok())
    assert connected(world)[1].aborted
    assert not left[1].aborted


def test_a_flood_is_looked_at_once_a_second() -> None:
    """Refusing is cheap, however many connections there are."""
    world, _ = limited(20)
    looks = 0

    class Counting(Downstream):
        @override
        def spare_since(self) -> float | None:
            nonlocal looks
            looks += 1
            return None

    for _ in range(1000):
        connection = Counting(world.gateway, "http", 8000)
        connection.makeConnection(Wire())
        if connection not in world.gateway.connections:
            lose(connection)
    assert looks == 20
    assert len(world.gateway.connections) == 20
    assert world.gateway.refused == {"node": 980}

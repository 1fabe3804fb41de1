from __future__ import annotations

from collections.abc import Iterable

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.logs import caught_failures
from twisted_kong.core.health.standing import Address
from twisted_kong.node.health.rounds import Rounds

A, B, C = (Address("t", f"192.0.2.{number}", 80) for number in (1, 2, 3))


class Hosts:
    """A source whose probes end when the test says so."""

    def __init__(self, *addresses: Address) -> None:
        self.addresses = list(addresses)
        self.begun: list[Address] = []
        self.under_way: dict[Address, Deferred[None]] = {}
        self.cancelled: list[Address] = []

    def due(self) -> Iterable[Address]:
        return tuple(self.addresses)

    def wanted(self, address: Address) -> bool:
        return address in self.addresses

    async def probe(self, address: Address) -> None:
        self.begun.append(address)
        self.under_way[address] = done = Deferred(lambda _: self.cancelled.append(address))
        try:
            await done
        finally:
            del self.under_way[address]

    def end(self, *addresses: Address) -> None:
        for address in addresses:
            self.under_way[address].callback(None)


def rounds(hosts: Hosts, clock: Clock, *, concurrency: int = 10, chance: float = 0.0) -> Rounds:
    """Rounds of ten seconds, started."""
    made = Rounds(hosts, 10, concurrency, clock, lambda: chance)
    made.start()
    return made


def test_the_first_round_comes_after_an_interval() -> None:
    """As with Kong: what has just been configured is taken for healthy first."""
    clock, hosts = Clock(), Hosts(A, B)
    rounds(hosts, clock)
    clock.advance(9.9)
    assert hosts.begun == []
    clock.advance(0.1)
    assert hosts.begun == [A, B]


def test_rounds_begin_at_every_interval() -> None:
    """From beginning to beginning, however long they take within it."""
    clock, hosts = Clock(), Hosts(A)
    rounds(hosts, clock)
    clock.advance(10)
    clock.advance(4)
    hosts.end(A)
    clock.advance(5.9)
    assert hosts.begun == [A]
    clock.advance(0.1)
    assert hosts.begun == [A, A]


def test_no_interval_keeps_the_node_from_all_else() -> None:
    """As with Kong there are at most ten rounds a second."""
    clock, hosts = Clock(), Hosts()
    made = Rounds(hosts, 1e-9, 10, clock, lambda: 0.0)
    made.start()
    assert clock.getDelayedCalls()[0].getTime() == pytest.approx(0.1)
    clock.advance(0.1)
    assert clock.getDelayedCalls()[0].getTime() == pytest.approx(0.2)


def test_first_rounds_come_a_little_early_by_chance() -> None:
    """So that the probes of many Upstreams are not all made at once."""
    clock, hosts = Clock(), Hosts(A)
    rounds(hosts, clock, chance=0.5)
    clock.advance(9.5)
    assert hosts.begun == [A]


def test_rounds_do_not_overlap() -> None:
    """One that takes longer than the interval delays the next to the next beat."""
    clock, hosts = Clock(), Hosts(A)
    rounds(hosts, clock)
    clock.advance(10)
    clock.advance(12)
    assert hosts.begun == [A]
    hosts.end(A)
    clock.advance(7.9)
    assert hosts.begun == [A]
    clock.advance(0.1)
    assert hosts.begun == [A, A]


def test_no_more_probes_at_a_time_than_allowed() -> None:
    """The next begins when one has ended."""
    clock, hosts = Clock(), Hosts(A, B, C)
    rounds(hosts, clock, concurrency=2)
    clock.advance(10)
    assert hosts.begun == [A, B]
    hosts.end(B)
    assert hosts.begun == [A, B, C]


def test_what_is_no_longer_wanted_is_not_probed() -> None:
    """Neither what waits for its turn, nor what is under way: that is broken off at once."""
    clock, hosts = Clock(), Hosts(A, B, C)
    made = rounds(hosts, clock, concurrency=1)
    clock.advance(10)
    hosts.addresses = [C]
    made.prune()
    assert hosts.cancelled == [A]
    assert hosts.begun == [A, C]
    hosts.end(C)
    clock.advance(10)
    assert hosts.begun == [A, C, C]


def test_stopping_leaves_nothing_behind() -> None:
    """No timer, no probe, no round later."""
    clock, hosts = Clock(), Hosts(A, B, C)
    made = rounds(hosts, clock, concurrency=2)
    clock.advance(10)
    with caught_failures() as failures:
        made.stop()
    assert failures == []
    assert hosts.cancelled == [A, B]
    assert clock.getDelayedCalls() == []
    clock.advance(100)
    assert hosts.begun == [A, B]


def test_stopping_before_the_first_round() -> None:
    """Its timer is gone."""
    clock = Clock()
    rounds(Hosts(A), clock).stop()
    assert clock.getDelayedCalls() == []


def test_a_probe_that_fails_fails_nothing_else() -> None:
    """It is logged, and the round and those after it go on."""
    clock, hosts = Clock(), Hosts(A, B)
    rounds(hosts, clock, concurrency=1)
    clock.advance(10)
    with caught_failures() as failures:
        hosts.under_way[A].errback(ValueError("odd"))
    assert failures == ["odd"]
    assert hosts.begun == [A, B]
    hosts.end(B)
    clock.advance(10)
    assert hosts.begun == [A, B, A]


def test_a_round_that_cannot_begin_is_not_the_last() -> None:
    """Whatever its source fails with is logged, and the next comes as if nothing had been."""
    clock, hosts = Clock(), Hosts(A)

    def fail() -> Iterable[Address]:
        raise ValueError("odd")

    usual, hosts.due = hosts.due, fail  # type: ignore[method-assign]
    rounds(hosts, clock)
    with caught_failures() as failures:
        clock.advance(10)
    assert failures == ["odd"]
    hosts.due = usual  # type: ignore[method-assign]
    clock.advance(10)
    assert hosts.begun == [A]

"""Connections that nobody uses."""

from __future__ import annotations

from tests.kit.deferreds import success_of
from tests.kit.postgres_driver import FakeDriver, FakeServer, PostgresClock
from twisted_kong.db.strategies.postgres.connection import Connection
from twisted_kong.db.strategies.postgres.idle import Idle
from twisted_kong.db.strategies.postgres.settings import Settings

SETTINGS = Settings(hosts=(("10.0.0.1", 5432),))


def opened(server: FakeServer, clock: PostgresClock) -> tuple[Connection, FakeDriver]:
    """An open connection and its driver."""
    driver = server.make()
    connection = Connection(driver, clock, SETTINGS, "10.0.0.1:5432")
    success_of(connection.open({"host": "10.0.0.1"}, 5.0))
    return connection, driver


def test_the_least_used_grow_old() -> None:
    """The connection that was used last is lent first, so that those not needed are closed in time."""
    clock, server = PostgresClock(), FakeServer()
    idle = Idle(clock, 60.0)
    (first, old), (second, young) = opened(server, clock), opened(server, clock)
    idle.keep(first)
    clock.advance(1)
    idle.keep(second)
    clock.advance(50)
    assert idle.take() is second
    assert not second.is_proven
    idle.keep(second)
    clock.advance(9)
    assert (old.closed, young.closed, len(idle)) == (True, False, 1)
    clock.advance(51)
    assert (young.closed, len(idle)) == (True, 0)
    assert clock.getDelayedCalls() == []


def test_looks_are_apart() -> None:
    """A time that is up but for the last digit is not looked at again and again."""
    clock = PostgresClock()
    idle = Idle(clock, 0.001)
    connection, driver = opened(FakeServer(), clock)
    idle.keep(connection)
    [look] = clock.getDelayedCalls()
    assert look.getTime() == 0.1
    clock.advance(0.1)
    assert driver.closed


def test_without_a_limit() -> None:
    """0 keeps them for ever."""
    clock = PostgresClock()
    idle = Idle(clock, 0.0)
    connection, _ = opened(FakeServer(), clock)
    idle.keep(connection)
    assert clock.getDelayedCalls() == []


def test_one_that_ends_is_forgotten() -> None:
    """What the server has closed is never lent."""
    clock = PostgresClock()
    idle = Idle(clock, 60.0)
    connection, driver = opened(FakeServer(), clock)
    idle.keep(connection)
    driver.die()
    assert len(idle) == 0
    idle.close()
    assert clock.getDelayedCalls() == []


def test_close() -> None:
    """All of them are closed, and nothing is left that would look after them."""
    clock, server = PostgresClock(), FakeServer()
    idle = Idle(clock, 60.0)
    for _ in range(3):
        idle.keep(opened(server, clock)[0])
    idle.close()
    assert (server.open, len(idle), clock.getDelayedCalls()) == ([], 0, [])

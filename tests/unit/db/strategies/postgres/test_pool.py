"""The pool: who gets a connection, who waits, who is told why not."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.postgres_driver import FakeServer, PostgresClock, server_error
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.strategies.postgres.errors import Refusal
from twisted_kong.db.strategies.postgres.health import LONGEST_REFUSED_PAUSE
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings

REFUSED = server_error(None, "connection refused")


class Pooled:
    """A pool over a server of the imagination."""

    def __init__(self, *, writable: bool = True, **settings: Any) -> None:
        self.clock, self.server = PostgresClock(), FakeServer()
        hosts = {"hosts": (("10.0.0.1", 5432), ("10.0.0.2", 5432)), "timeout": 5.0, "pool_size": 2}
        self.pool = Pool(
            Settings(**(hosts | settings)), self.clock, writable=writable, make_driver=self.server.make
        )

    def run(self, query: str = "select 1") -> Deferred[Any]:
        """A statement, begun."""
        return started(self.pool.run(query))

    def done(self, query: str = "select 1") -> None:
        """A statement, answered."""
        asked = self.run(query)
        self.server.answer()
        success_of(asked)


def test_connections_are_made_when_wanted() -> None:
    """None at first, one more for each query that would have to wait, and never more than the size."""
    pooled = Pooled()
    assert pooled.pool.statistics.open == 0
    asked = [pooled.run() for _ in range(3)]
    assert pooled.pool.statistics.open == 2
    assert pooled.pool.statistics.waiting == 1
    for each in asked:
        pooled.server.answer([(1,)])
        assert success_of(each) == [(1,)]
    assert len(pooled.server.drivers) == 2
    pooled.done()
    assert len(pooled.server.drivers) == 2


def test_first_come_first_served() -> None:
    """Who comes while others wait does not overtake them, even if a connection has just become free."""
    pooled = Pooled(pool_size=1)
    order: list[int] = []
    for number in range(3):
        pooled.run(f"select {number}").addCallback(lambda _, number=number: order.append(number))
    for _ in range(3):
        pooled.server.answer()
    assert order == [0, 1, 2]


def test_a_full_queue_refuses() -> None:
    """More than pg_backlog do not wait."""
    pooled = Pooled(pool_size=1, backlog=1)
    first, second = pooled.run(), pooled.run()
    error = failure_of(pooled.run(), DatabaseUnavailable)
    assert str(error) == "PostgreSQL does not keep up: 1 queries are waiting"
    pooled.server.answer()
    pooled.server.answer()
    success_of(first)
    success_of(second)


def test_no_backlog_is_no_ban() -> None:
    """With pg_backlog = 0 nobody waits for others, but a connection may still be made."""
    pooled = Pooled(pool_size=1, backlog=0)
    pooled.done()
    asked = pooled.run()
    failure_of(pooled.run(), DatabaseUnavailable)
    pooled.server.answer()
    success_of(asked)


def test_who_waits_for_nobody_is_not_in_the_queue() -> None:
    """Not all connections are made at once, but whoever will have one of them is not refused."""
    pooled = Pooled(pool_size=6, backlog=1)
    pooled.server.silent = lambda _: True
    waiting = [pooled.run() for _ in range(7)]
    assert len(pooled.server.drivers) == 3
    for each in waiting:
        no_result(each)
    failure_of(pooled.run(), DatabaseUnavailable)
    success_of(pooled.pool.close())
    for each in waiting:
        failure_of(each, DatabaseUnavailable)


def test_waiting_ends() -> None:
    """After pg_semaphore_timeout there is an error."""
    pooled = Pooled(pool_size=1, timeout=50.0, acquire_timeout=2.0)
    first, second = pooled.run(), pooled.run()
    pooled.clock.advance(2.0)
    failure_of(second, DatabaseUnavailable)
    pooled.server.answer()
    success_of(first)


def test_a_tiny_time_to_wait_keeps_nobody_from_a_server() -> None:
    """The time of pg_semaphore_timeout is for those that others use, and not for what is being made."""
    pooled = Pooled(pool_size=1, timeout=5.0, acquire_timeout=0.001)
    pooled.server.silent = lambda _: True
    first, second = pooled.run(), pooled.run()
    pooled.clock.advance(0.001)
    failure_of(second, DatabaseUnavailable)
    pooled.clock.advance(1.0)
    no_result(first)
    success_of(pooled.pool.close())
    failure_of(first, DatabaseUnavailable)


def test_waiters_may_give_up() -> None:
    """The next one is served in their place."""
    pooled = Pooled(pool_size=1)
    first, second, third = pooled.run("a"), pooled.run("b"), pooled.run("c")
    second.cancel()
    failure_of(second, CancelledError)
    pooled.server.answer()
    success_of(first)
    assert pooled.server.drivers[0].query == "c"
    pooled.server.answer()
    success_of(third)


def test_a_query_given_up_costs_its_connection_only() -> None:
    """Others go on, and a new connection takes its place."""
    pooled = Pooled()
    first, second = pooled.run(), pooled.run()
    first.cancel()
    failure_of(first, CancelledError)
    assert pooled.pool.unreachable_since is None
    pooled.server.answer()
    success_of(second)
    pooled.done()


def test_nobody_there() -> None:
    """All who wait are told why, at once, and for a moment nobody tries again."""
    pooled = Pooled()
    pooled.server.refusal = lambda _: REFUSED
    reason = (
        "PostgreSQL at 10.0.0.1:5432: connection refused; PostgreSQL at 10.0.0.2:5432: connection refused"
    )
    assert str(failure_of(pooled.run(), DatabaseUnavailable)) == reason
    attempts = len(pooled.server.drivers)
    first = failure_of(pooled.run(), DatabaseUnavailable)
    assert str(first) == reason
    assert first is not failure_of(pooled.run(), DatabaseUnavailable)
    assert len(pooled.server.drivers) == attempts
    assert pooled.pool.unreachable_since == 0
    pooled.clock.advance(0.05)
    pooled.server.refusal = lambda _: None
    pooled.done()
    assert (pooled.pool.unreachable_since, pooled.pool.last_error) == (None, None)


def test_a_wrong_password_is_not_tried_hot() -> None:
    """However often it is asked, the server sees an attempt every few seconds."""
    pooled = Pooled(hosts=(("10.0.0.1", 5432),))
    pooled.server.refusal = lambda _: server_error(None, "FATAL:  password authentication failed")
    for _ in range(3000):
        error = failure_of(pooled.run(), DatabaseError)
        assert type(error) is Refusal
        pooled.clock.advance(0.01)
    assert len(pooled.server.drivers) <= 8 + 30 / LONGEST_REFUSED_PAUSE


def test_while_it_is_away_one_connection_is_tried_at_a_time() -> None:
    """A server that does not answer gets one attempt however many wait; those share its end."""
    pooled = Pooled(hosts=(("10.0.0.1", 5432),))
    pooled.server.silent = lambda _: True
    waiting = [pooled.run() for _ in range(5)]
    assert len(pooled.server.drivers) == 2
    pooled.clock.advance(5.0)
    for each in waiting:
        failure_of(each, DatabaseUnavailable)
    pooled.clock.advance(1.0)
    waiting = [pooled.run() for _ in range(5)]
    assert len(pooled.server.drivers) == 3
    pooled.clock.advance(5.0)
    for each in waiting:
        failure_of(each, DatabaseUnavailable)
    assert pooled.clock.getDelayedCalls() == []


def test_too_many_connections_elsewhere() -> None:
    """When the server has none left for us, those that we have are shared."""
    pooled = Pooled()
    first = pooled.run("a")
    pooled.server.refusal = lambda _: server_error(None, "FATAL:  sorry, too many clients already")
    second = pooled.run("b")
    no_result(second)
    pooled.server.answer()
    success_of(first)
    pooled.server.answer()
    success_of(second)


def test_nobody_waits_for_a_connection_that_does_not_come() -> None:
    """When the last one that was at work dies within a pause, those who wait are told."""
    pooled = Pooled()
    first = pooled.run("a")
    pooled.server.refusal = lambda _: REFUSED
    second = pooled.run("b")
    no_result(second)
    pooled.server.drivers[0].die()
    failure_of(first, DatabaseUnavailable)
    failure_of(second, DatabaseUnavailable)
    assert pooled.clock.getDelayedCalls() == []


def test_died_in_the_pool() -> None:
    """A connection that turns out to be dead costs no error: the statement is sent once more on a new one."""
    pooled = Pooled()
    pooled.done()
    asked = pooled.run("again")
    pooled.server.drivers[0].die()
    assert pooled.server.drivers[1].query == "again"
    pooled.server.drivers[1].die()
    failure_of(asked, DatabaseUnavailable)
    assert pooled.server.open == []


def test_one_that_dies_takes_the_idle_ones_along() -> None:
    """They led to the same server."""
    pooled = Pooled()
    first, second = pooled.run(), pooled.run()
    pooled.server.answer()
    success_of(first)
    assert len(pooled.server.open) == 2
    pooled.server.asked[0].die()
    failure_of(second, DatabaseUnavailable)
    assert pooled.server.open == []


def test_silence_is_not_asked_twice() -> None:
    """A deadline is an answer: who waited that long does not wait once more."""
    pooled = Pooled()
    pooled.done()
    asked = pooled.run()
    pooled.clock.advance(5.0)
    failure_of(asked, DatabaseUnavailable)
    assert pooled.pool.unreachable_since == 5.0
    assert len(pooled.server.drivers) == 1


@pytest.mark.parametrize("sqlstate", ["55P03", "40001", "57014", "53200", "22012"])
def test_a_healthy_connection_is_kept(sqlstate: str) -> None:
    """What is wrong with a query is not wrong with its connection, nor with the server."""
    pooled = Pooled()
    asked = pooled.run()
    pooled.server.asked[0].refuse(server_error(sqlstate))
    failure_of(asked, DatabaseError)
    assert pooled.pool.unreachable_since is None
    pooled.done()
    assert len(pooled.server.drivers) == 1


@pytest.mark.parametrize("sqlstate", ["57P01", "08006", "25P03"])
def test_a_server_that_says_goodbye_is_believed(sqlstate: str) -> None:
    """Its connection is closed before its end is seen."""
    pooled = Pooled()
    asked = pooled.run()
    pooled.server.asked[0].refuse(server_error(sqlstate))
    failure_of(asked, DatabaseUnavailable)
    assert pooled.server.open == []


def test_a_primary_that_takes_no_writes_any_longer() -> None:
    """All connections to it go, those in use when they come back, the listening one at once."""
    pooled = Pooled(pool_size=4)
    first, second, third = pooled.run(), pooled.run(), pooled.run()
    for _ in range(3):
        pooled.server.answer()
    for each in (first, second, third):
        success_of(each)
    reserved = success_of(pooled.pool.reserve())
    writing, reading = pooled.run(), pooled.run()
    pooled.server.asked[0].refuse(server_error("25006"))
    failure_of(writing, DatabaseUnavailable)
    assert reserved.closed
    assert len(pooled.server.open) == 1
    pooled.server.answer()
    success_of(reading)
    assert pooled.server.open == []
    pooled.pool.release(reserved)


def test_another_server_took_over() -> None:
    """Once a connection leads to another one, none is kept to the one before."""
    pooled = Pooled(pool_size=3)
    first = pooled.run("a")
    listening = success_of(pooled.pool.reserve())
    pooled.server.refusal = lambda address: REFUSED if address == "10.0.0.1" else None
    second = pooled.run("b")
    assert pooled.server.drivers[-1].parameters["hostaddr"] == "10.0.0.2"
    assert listening.closed
    pooled.pool.release(listening)
    pooled.server.answer()
    success_of(first)
    assert [driver.parameters["hostaddr"] for driver in pooled.server.open] == ["10.0.0.2"]
    pooled.server.answer()
    success_of(second)


def test_replicas_may_take_turns() -> None:
    """For reading it does not matter which of them answers."""
    pooled = Pooled(writable=False)
    first = pooled.run("a")
    pooled.server.refusal = lambda address: REFUSED if address == "10.0.0.1" else None
    second = pooled.run("b")
    pooled.server.answer()
    pooled.server.answer()
    success_of(first)
    success_of(second)
    assert len(pooled.server.open) == 2


def test_one_in_the_middle_of_something_is_not_kept() -> None:
    """Whoever leaves a connection within a transaction loses it for everybody."""
    pooled = Pooled()
    connection = success_of(pooled.pool.acquire())
    pooled.server.drivers[0].in_transaction = True
    pooled.pool.release(connection)
    assert pooled.server.open == []


def test_close_waits_for_what_is_under_way() -> None:
    """Idle ones and the listening one are closed, waiters refused, and who is at work may finish."""
    pooled = Pooled(pool_size=3)
    pooled.done()
    success_of(pooled.pool.reserve())
    first, second = pooled.run(), pooled.run()
    waiting = pooled.run()
    closing = started(pooled.pool.close())
    failure_of(waiting, DatabaseUnavailable)
    no_result(closing)
    pooled.server.answer()
    pooled.server.answer()
    success_of(first)
    success_of(second)
    success_of(closing)
    assert (pooled.server.open, pooled.clock.getDelayedCalls()) == ([], [])
    assert str(failure_of(pooled.run(), DatabaseUnavailable)) == "the connections to PostgreSQL are closed"


def test_close_does_not_wait_for_ever() -> None:
    """What holds a connection longer than a query may take loses it."""
    pooled = Pooled()
    connection = success_of(pooled.pool.acquire())
    closing = started(pooled.pool.close())
    pooled.clock.advance(5.0)
    success_of(closing)
    assert connection.closed
    assert pooled.clock.getDelayedCalls() == []


def test_close_while_connecting() -> None:
    """An attempt that is under way is given up."""
    pooled = Pooled()
    pooled.server.silent = lambda _: True
    asked = pooled.run()
    success_of(pooled.pool.close())
    failure_of(asked, DatabaseUnavailable)
    assert pooled.clock.getDelayedCalls() == []

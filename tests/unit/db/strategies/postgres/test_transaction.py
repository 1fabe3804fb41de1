"""All or nothing on one connection."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from tests.kit.deferreds import failure_of, started, success_of
from tests.kit.postgres_driver import FakeServer, PostgresClock, server_error
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable, OutcomeUnknown
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings

SETTINGS = Settings(hosts=(("10.0.0.1", 5432),), timeout=5.0)


@pytest.fixture
def clock() -> PostgresClock:
    """The time."""
    return PostgresClock()


@pytest.fixture
def server() -> FakeServer:
    """The server."""
    return FakeServer()


def write(clock: PostgresClock, server: FakeServer) -> Deferred[Any]:
    """Two statements and a commit, begun."""
    pool = Pool(SETTINGS, clock, writable=True, make_driver=server.make)

    async def work() -> Any:
        async with pool.transaction() as transaction:
            await transaction.run("select 1 for update")
            return await transaction.finish("insert; commit; select 2", (7,))

    return started(work())


def test_two_messages(clock: PostgresClock, server: FakeServer) -> None:
    """The first begins and the last commits; the connection is as good as new."""
    writing = write(clock, server)
    [driver] = server.drivers
    assert driver.query == "begin; select 1 for update"
    driver.answer()
    assert driver.queries[-1] == ("insert; commit; select 2", (7,))
    driver.answer([(2,)])
    assert success_of(writing) == [(2,)]
    assert driver.is_idle


def test_an_error_rolls_back(clock: PostgresClock, server: FakeServer) -> None:
    """What was asked is refused as what it is, and nothing stays locked."""
    writing = write(clock, server)
    [driver] = server.drivers
    driver.answer()
    driver.refuse(server_error("23505"))
    assert driver.query == "rollback"
    driver.answer()
    failure_of(writing, LostRace)
    assert driver.is_idle


def test_a_rollback_that_is_not_answered(clock: PostgresClock, server: FakeServer) -> None:
    """The connection goes; who wrote hears the first error."""
    writing = write(clock, server)
    [driver] = server.drivers
    driver.refuse(server_error("53200"))
    clock.advance(5.0)
    failure_of(writing, DatabaseUnavailable)
    assert driver.closed


@pytest.mark.parametrize("silent", [True, False])
def test_lost_before_the_commit_was_sent(clock: PostgresClock, server: FakeServer, silent: bool) -> None:
    """Nothing can have been written then."""
    writing = write(clock, server)
    if silent:
        clock.advance(5.0)
    else:
        server.drivers[0].die()
    assert type(failure_of(writing, DatabaseError)) is not OutcomeUnknown


@pytest.mark.parametrize("silent", [True, False])
def test_lost_at_the_commit(clock: PostgresClock, server: FakeServer, silent: bool) -> None:
    """Whether it happened is not known, and said."""
    writing = write(clock, server)
    server.answer()
    if silent:
        clock.advance(5.0)
    else:
        server.drivers[0].die()
    failure_of(writing, OutcomeUnknown)
    assert server.open == []


def test_an_error_after_the_commit(clock: PostgresClock, server: FakeServer) -> None:
    """An error on a connection that is outside of the transaction may have come after the commit."""
    writing = write(clock, server)
    [driver] = server.drivers
    driver.answer()
    driver.in_transaction = False
    driver.refuse(server_error("57014"))
    failure_of(writing, OutcomeUnknown)


def test_given_up(clock: PostgresClock, server: FakeServer) -> None:
    """Who cancels leaves no open transaction behind."""
    writing = write(clock, server)
    writing.cancel()
    failure_of(writing, CancelledError)
    assert server.open == []
    assert clock.getDelayedCalls() == []


def test_left_without_a_commit(clock: PostgresClock, server: FakeServer) -> None:
    """What was only looked at is rolled back; who asked nothing took no connection."""
    pool = Pool(SETTINGS, clock, writable=True, make_driver=server.make)

    async def look(query: str | None) -> None:
        async with pool.transaction() as transaction:
            if query is not None:
                await transaction.run(query)

    success_of(look(None))
    assert server.drivers == []
    looking = started(look("select 1"))
    server.answer()
    assert server.drivers[0].query == "rollback"
    server.answer()
    success_of(looking)


def test_only_a_commit(clock: PostgresClock, server: FakeServer) -> None:
    """A transaction of one message has a beginning, too."""
    pool = Pool(SETTINGS, clock, writable=True, make_driver=server.make)

    async def work() -> Any:
        async with pool.transaction() as transaction:
            return await transaction.finish("insert; commit")

    writing = started(work())
    assert server.drivers[0].query == "begin; insert; commit"
    server.answer()
    assert success_of(writing) == []


def test_lost_between_two_messages(clock: PostgresClock, server: FakeServer) -> None:
    """What was never sent cannot have been committed."""
    pool = Pool(SETTINGS, clock, writable=True, make_driver=server.make)

    async def work() -> None:
        async with pool.transaction() as transaction:
            await transaction.run("select 1")
            server.drivers[0].die()
            await transaction.finish("commit")

    writing = started(work())
    server.answer()
    assert type(failure_of(writing, DatabaseUnavailable)) is DatabaseUnavailable

"""One process at a time at work on the layout; real processes are the integration tests'."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from tests.kit.deferreds import failure_of, started, success_of
from tests.kit.postgres_driver import FakeServer, PostgresClock, server_error
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.strategies.postgres.exclusive import LayoutBusy, exclusively
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.strategies.postgres.transaction import Transaction

LOCKED = server_error("55P03", "canceling statement due to lock timeout")


@pytest.fixture
def server() -> FakeServer:
    """The server."""
    return FakeServer()


def work(server: FakeServer, seconds: float) -> Deferred[str]:
    """Some work, begun."""
    settings = Settings(hosts=(("10.0.0.1", 5432),), timeout=4.0, schema="own")
    pool = Pool(settings, PostgresClock(), writable=True, make_driver=server.make)

    async def change(transaction: Transaction) -> str:
        await transaction.run("alter table")
        return "done"

    return started(exclusively(pool, change, seconds))


def test_lock_work_and_commit(server: FakeServer) -> None:
    """All in one transaction, whose lock is the schema's; the wait is a part of the time for an answer."""
    working = work(server, 60.0)
    query, parameters = server.drivers[0].queries[-1]
    assert query.startswith("begin;")
    assert "pg_advisory_xact_lock" in query
    assert (parameters[0], parameters[2]) == ("2000ms", "own")
    server.answer()
    assert server.drivers[0].query == "alter table"
    server.answer()
    assert server.drivers[0].query == "commit"
    server.answer()
    assert success_of(working) == "done"


def test_who_waits_asks_again_until_the_time_is_over(server: FakeServer) -> None:
    """Each time in a new transaction; then it is told that another process is at work."""
    working = work(server, 6.0)
    for _ in range(3):
        assert server.asked[0].query.startswith("begin;")
        server.asked[0].refuse(LOCKED)
        while server.asked and server.asked[0].query == "rollback":
            server.answer()
    error = failure_of(working, LayoutBusy)
    assert "another node is performing database changes" in error.message


def test_any_other_error_ends_it(server: FakeServer) -> None:
    """Nothing is tried again that has failed by itself."""
    working = work(server, 60.0)
    server.answer()
    server.asked[0].refuse(server_error("42501", "permission denied"))
    while server.asked:
        server.answer()
    failure_of(working, DatabaseError)

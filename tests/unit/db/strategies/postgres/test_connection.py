"""One connection and its deadlines."""

from __future__ import annotations

import psycopg2
import pytest
from twisted.internet.defer import CancelledError

from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.postgres_driver import FakeDriver, FakeServer, PostgresClock, server_error
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.strategies.postgres.connection import Connection, NoAnswer, session_query
from twisted_kong.db.strategies.postgres.settings import Settings

SETTINGS = Settings(hosts=(("10.0.0.1", 5432),), timeout=5.0)


@pytest.fixture
def clock() -> PostgresClock:
    """The time."""
    return PostgresClock()


def opened(clock: PostgresClock) -> tuple[Connection, FakeDriver]:
    """An open connection and its driver."""
    driver = FakeServer().make()
    connection = Connection(driver, clock, SETTINGS, "db:5432")
    success_of(connection.open({"host": "10.0.0.1"}, 5.0))
    return connection, driver


def test_query(clock: PostgresClock) -> None:
    """An answer in time is the answer, and leaves no timer behind."""
    connection, driver = opened(clock)
    asked = connection.run("select %s", (1,))
    assert driver.queries[-1] == ("select %s", (1,))
    clock.advance(4.9)
    driver.answer([(1,)])
    assert success_of(asked) == [(1,)]
    assert clock.getDelayedCalls() == []
    asked = connection.run("select 1/0")
    driver.refuse(server_error("22012"))
    failure_of(asked, psycopg2.Error)
    assert not connection.closed


def test_one_thing_at_a_time(clock: PostgresClock) -> None:
    """Who asks while something is under way is told, and whose answer comes gets it."""
    connection, driver = opened(clock)
    asked = connection.run("select 1")
    failure_of(connection.run("select 2"), RuntimeError)
    driver.answer([(1,)])
    assert success_of(asked) == [(1,)]


def test_a_query_past_its_deadline(clock: PostgresClock) -> None:
    """Nothing is cancelled on the server: the connection is closed, and the error says who is silent."""
    connection, driver = opened(clock)
    asked = connection.run("select 1")
    clock.advance(5.0)
    assert str(failure_of(asked, NoAnswer)) == "PostgreSQL at db:5432 did not answer within 5.0 seconds"
    assert driver.closed


def test_a_short_deadline_is_told_in_milliseconds(clock: PostgresClock) -> None:
    """The whole of it, also where the rest was used up by what went before."""
    server = FakeServer()
    driver = server.make()
    server.silent = lambda _: True
    opening = started(Connection(driver, clock, SETTINGS, "db:5432").open({"host": "10.0.0.1"}, 0.001))
    clock.advance(0.001)
    assert str(failure_of(opening, NoAnswer)) == "PostgreSQL at db:5432 did not answer within 1 milliseconds"


def test_connecting_past_the_deadline(clock: PostgresClock) -> None:
    """A server that accepts and says nothing is given up, however much of the time was used for what."""
    server = FakeServer()
    server.silent = lambda _: True
    connection = Connection(server.make(), clock, SETTINGS, "db:5432")
    opening = started(connection.open({"host": "10.0.0.1"}, 2.0))
    clock.advance(1.9)
    no_result(opening)
    clock.advance(0.1)
    failure_of(opening, NoAnswer)
    assert clock.getDelayedCalls() == []


def test_who_gives_up_closes(clock: PostgresClock) -> None:
    """The answer to a question that nobody waits for must not be taken for that of the next."""
    connection, driver = opened(clock)
    asked = connection.run("select 1")
    asked.cancel()
    failure_of(asked, CancelledError)
    assert driver.closed
    assert clock.getDelayedCalls() == []


def test_closing_tells_who_waits(clock: PostgresClock) -> None:
    """Whoever asked gets an error, once."""
    connection, driver = opened(clock)
    asked = connection.run("select 1")
    connection.close()
    failure_of(asked, DatabaseUnavailable)
    assert driver.closed
    assert clock.getDelayedCalls() == []


def test_lost_while_idle(clock: PostgresClock) -> None:
    """That it ended is told once, to whom asked last."""
    connection, driver = opened(clock)
    told: list[str] = []
    connection.on_lost(lambda: told.append("first"))
    connection.on_lost(lambda: told.append("second"))
    driver.die()
    connection.close()
    assert told == ["second"]
    assert connection.closed


def test_notified(clock: PostgresClock) -> None:
    """Payloads are handed over as they come."""
    connection, driver = opened(clock)
    heard: list[str] = []
    connection.on_notified(heard.append)
    driver.notified("1")
    driver.notified("2")
    assert heard == ["1", "2"]


def test_session() -> None:
    """The server gives up before we do, and looks whether we are there where it can."""
    query, values = session_query(SETTINGS, 140000)
    isolation = "begin; set default_transaction_isolation to 'read committed'; commit;"
    assert query.startswith(f"{isolation} select pg_is_in_recovery(), set_config(%s, %s, false)")
    pairs = dict(zip(values[::2], values[1::2], strict=True))
    assert pairs == {
        "statement_timeout": "4500",
        "idle_in_transaction_session_timeout": "4500",
        "lock_timeout": "0",
        "timezone": "UTC",
        "client_connection_check_interval": "500",
    }
    query, values = session_query(Settings(hosts=(), schema='a"b'), 130009)
    assert "client_connection_check_interval" not in values
    assert query.endswith("set_config('search_path', quote_ident(%s), false)")
    assert values[-1] == 'a"b'


def test_a_server_that_cannot_look_after_its_clients(clock: PostgresClock) -> None:
    """Some systems have no means for it; the other settings are made all the same."""
    server = FakeServer()
    server.invalid_setting = "client_connection_check_interval"
    driver = server.make()
    connection = Connection(driver, clock, SETTINGS, "db:5432")
    success_of(connection.open({"host": "10.0.0.1"}, 5.0))
    assert "client_connection_check_interval" not in driver.queries[-1][1]
    server.invalid_setting = "statement_timeout"
    failure_of(Connection(server.make(), clock, SETTINGS, "db:5432").open({"host": "x"}, 5.0), psycopg2.Error)


def test_standby(clock: PostgresClock) -> None:
    """What kind of server it is, is known from the start."""
    server = FakeServer()
    server.standbys.add("10.0.0.1")
    connection = Connection(server.make(), clock, SETTINGS, "db:5432")
    success_of(connection.open({"host": "10.0.0.1"}, 5.0))
    assert connection.is_standby

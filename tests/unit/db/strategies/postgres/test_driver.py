"""txpostgres, kept from its traps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE, TRANSACTION_STATUS_IDLE
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from tests.kit.deferreds import failure_of, no_result, success_of
from twisted_kong.db.strategies.postgres.driver import Driver

GONE = psycopg2.OperationalError("server closed the connection unexpectedly")


class Socket:
    """A connection of psycopg2: what ``poll`` shall say next is written in ``states``."""

    def __init__(self, reactor: MemoryReactorClock) -> None:
        self.closed = 0
        self.states: list[Any] = []
        self.notifies: list[Any] = []
        self.rows: list[tuple[Any, ...]] | None = [(1,)]
        self.asked: list[tuple[str, Any]] = []
        self.server_version = 150004
        self._reactor = reactor

    def poll(self) -> Any:
        """The next state."""
        state = self.states.pop(0)
        if isinstance(state, Exception):
            self.closed = 2
            raise state
        return state

    def fileno(self) -> int:
        """Some number."""
        return 7

    def cursor(self) -> Any:
        """A cursor with the rows; an error on a closed connection."""
        if self.closed:
            raise psycopg2.InterfaceError("connection already closed")
        return SimpleNamespace(
            execute=lambda query, values: self.asked.append((query, values)),
            fetchall=lambda: self.rows,
            description=None if self.rows is None else [("?",)],
        )

    def cancel(self) -> None:
        """What opens one more connection and waits for the server."""
        pytest.fail("cancel blocks")

    def get_transaction_status(self) -> int:
        """Outside of a transaction."""
        return TRANSACTION_STATUS_IDLE

    def close(self) -> None:
        """Close it; who still watches the number would watch the next socket that gets it."""
        assert not self._reactor.readers
        assert not self._reactor.writers
        self.closed = 1


class Driven:
    """A driver that is connected, on a reactor in which nothing happens by itself."""

    def __init__(self) -> None:
        self.reactor = MemoryReactorClock()
        self.reactor.readers, self.reactor.writers = set(), set()  # type: ignore[assignment]
        self.reactor.addReader = self.reactor.readers.add  # type: ignore[method-assign]
        self.reactor.removeReader = self.reactor.readers.discard  # type: ignore[attr-defined]
        self.reactor.addWriter = self.reactor.writers.add  # type: ignore[method-assign]
        self.reactor.removeWriter = self.reactor.writers.discard  # type: ignore[attr-defined]
        self.socket = Socket(self.reactor)
        self.driver = Driver(self.reactor)
        self.driver.connectionFactory = lambda **_: self.socket
        self.lost: list[BaseException] = []
        self.heard: list[str] = []
        self.driver.lost = self.lost.append
        self.driver.notified = self.heard.append

    def connected(self) -> Driven:
        """Connect at once."""
        self.socket.states = [POLL_OK]
        connecting = self.driver.connect(dbname="kong")
        self.reactor.advance(0)
        success_of(connecting)
        return self

    def readable(self) -> None:
        """There is something to read for who watches."""
        for each in list(self.reactor.readers):
            each.doRead()
        self.reactor.advance(0)


def test_connects() -> None:
    """As long as it connects it is watched for what it wants, and for nothing else."""
    driven = Driven()
    assert driven.driver.closed
    driven.socket.states = [POLL_WRITE, POLL_READ, POLL_WRITE, POLL_OK]
    connecting = driven.driver.connect(dbname="kong")
    assert (len(driven.reactor.readers), len(driven.reactor.writers)) == (0, 1)
    driven.driver.doWrite()
    assert (len(driven.reactor.readers), len(driven.reactor.writers)) == (1, 0)
    driven.driver.doRead()
    assert (len(driven.reactor.readers), len(driven.reactor.writers)) == (0, 1)
    driven.driver.doWrite()
    driven.reactor.advance(0)
    success_of(connecting)
    assert driven.driver.is_idle
    assert driven.driver.server_version == 150004
    driven.driver.close()


def test_is_refused() -> None:
    """Who cannot connect hears why."""
    driven = Driven()
    driven.socket.states = [POLL_READ, GONE]
    connecting = driven.driver.connect(dbname="kong")
    driven.driver.doRead()
    driven.reactor.advance(0)
    assert failure_of(connecting, psycopg2.OperationalError) is GONE
    assert driven.lost == []
    driven.driver.close()


def test_asks() -> None:
    """The rows of the last statement; nothing is interpolated where there are no values."""
    driven = Driven().connected()
    driven.socket.states = [POLL_READ, POLL_OK]
    asked = driven.driver.execute("select '%'", ())
    assert driven.socket.asked == [("select '%'", None)]
    no_result(asked)
    driven.readable()
    assert success_of(asked) == [(1,)]
    driven.socket.rows, driven.socket.states = None, [POLL_OK]
    asked = driven.driver.execute("delete from t where a = %s", (1,))
    driven.reactor.advance(0)
    assert success_of(asked) == []
    driven.driver.close()


def test_what_the_server_ended_was_cancelled_by_nobody() -> None:
    """A statement that took too long is PostgreSQL's error, not Twisted's ``CancelledError``."""
    driven = Driven().connected()
    late = psycopg2.extensions.QueryCanceledError("canceling statement due to statement timeout")
    driven.socket.states = [POLL_READ, late]
    asked = driven.driver.execute("select pg_sleep(9)", ())
    driven.readable()
    assert failure_of(asked, psycopg2.Error) is late
    driven.driver.close()


def test_closes_under_way() -> None:
    """Nothing is cancelled, nothing stays watched, and who waits hears of it."""
    driven = Driven().connected()
    driven.socket.states = [POLL_READ]
    asked = driven.driver.execute("select 1", ())
    driven.driver.close()
    failure_of(asked)
    assert (driven.driver.closed, driven.driver.is_idle, driven.lost) == (True, False, [])
    failure_of(driven.driver.execute("select 1", ()), psycopg2.InterfaceError)
    driven.driver.close()


def test_hears_in_order() -> None:
    """What comes in one burst is handed over before anything else happens, first come, first heard."""
    driven = Driven().connected()
    for burst in (["1", "2", "3"], ["4", "5"]):
        driven.socket.states = [POLL_OK]
        driven.socket.notifies += [SimpleNamespace(payload=each) for each in burst]
        driven.readable()
    assert driven.heard == ["1", "2", "3", "4", "5"]
    assert driven.socket.notifies == []
    driven.driver.close()


def test_hears_what_came_with_an_answer() -> None:
    """Notifications may arrive while something is asked."""
    driven = Driven().connected()
    driven.socket.states = [POLL_READ, POLL_OK]
    asked = driven.driver.execute("select 1", ())
    driven.socket.notifies.append(SimpleNamespace(payload="1"))
    driven.readable()
    success_of(asked)
    assert driven.heard == ["1"]
    driven.driver.close()


def test_ends_while_idle() -> None:
    """The end is told, once, and not thrown into the reactor."""
    driven = Driven().connected()
    driven.socket.states = [GONE]
    driven.readable()
    assert driven.lost == [GONE]
    assert driven.reactor.readers == set()
    driven.driver.close()
    assert driven.lost == [GONE]


def test_the_reactor_sees_the_end_first() -> None:
    """A hang-up without anything to read is an end as well."""
    driven = Driven().connected()
    driven.socket.states = [GONE]
    driven.reactor.readers.clear()
    reason = Failure(ConnectionLost())
    driven.driver.connectionLost(reason)
    assert driven.lost == [reason.value]
    driven.driver.close()


def test_may_be_closed_by_who_hears() -> None:
    """Whoever is notified, or told of the end, may close it."""
    driven = Driven().connected()
    driven.driver.notified = lambda _: driven.driver.close()
    driven.socket.states = [POLL_OK]
    driven.socket.notifies += [SimpleNamespace(payload="1")]
    driven.readable()
    assert driven.reactor.readers == set()


def test_closed_before_it_was_opened() -> None:
    """Closing what was never connected does nothing."""
    driver = Driver(MemoryReactorClock())
    driver.close()
    assert driver.closed

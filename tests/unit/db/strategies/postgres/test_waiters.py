"""The queue for a connection."""

from __future__ import annotations

from typing import cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import failure_of, no_result, success_of
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.strategies.postgres.connection import Connection
from twisted_kong.db.strategies.postgres.waiters import Waiters

CONNECTION = cast(Connection, object())


def test_first_come_first_served() -> None:
    """Nobody overtakes."""
    clock = Clock()
    waiters = Waiters(clock, 5.0)
    first, second = waiters.join(), waiters.join()
    waiters.serve(CONNECTION)
    assert success_of(first) is CONNECTION
    no_result(second)
    waiters.serve(CONNECTION)
    assert success_of(second) is CONNECTION
    assert clock.getDelayedCalls() == []


def test_nobody_waits_for_ever() -> None:
    """Each has a time of its own, after which there is an error."""
    clock = Clock()
    waiters = Waiters(clock, 5.0)
    first = waiters.join()
    clock.advance(3)
    second = waiters.join()
    clock.advance(2)
    error = failure_of(first, DatabaseUnavailable)
    assert str(error) == "no connection to PostgreSQL became free within 5 seconds"
    assert len(waiters) == 1
    clock.advance(3)
    failure_of(second, DatabaseUnavailable)


def test_who_gives_up_leaves_the_queue() -> None:
    """The next one does not wait for somebody who has gone."""
    clock = Clock()
    waiters = Waiters(clock, 5.0)
    first, second = waiters.join(), waiters.join()
    first.cancel()
    failure_of(first, CancelledError)
    waiters.serve(CONNECTION)
    assert success_of(second) is CONNECTION
    assert clock.getDelayedCalls() == []


def test_all_are_sent_away() -> None:
    """With errors of their own, also when one of them makes another one leave."""
    clock = Clock()
    waiters = Waiters(clock, 5.0)
    first, second, third = waiters.join(), waiters.join(), waiters.join()
    seen: list[BaseException | None] = []

    def leave(failure: object) -> None:
        seen.append(getattr(failure, "value", None))
        second.cancel()

    first.addErrback(leave)
    waiters.refuse(DatabaseUnavailable("away"))
    failure_of(second, CancelledError)
    assert failure_of(third, DatabaseUnavailable) is not seen[0]
    assert isinstance(seen[0], DatabaseUnavailable)
    assert clock.getDelayedCalls() == []


def test_who_comes_back_at_once_waits() -> None:
    """Sending all away ends, whatever they do next."""
    clock = Clock()
    waiters = Waiters(clock, 5.0)
    again: list[Deferred[Connection]] = []
    waiters.join().addErrback(lambda _: again.append(waiters.join()))
    waiters.refuse(DatabaseUnavailable("away"))
    no_result(again[0])
    again[0].addErrback(lambda _: None)
    again[0].cancel()


def test_waiting_for_one_that_is_being_made_is_no_waiting_for_others() -> None:
    """However short the time is, the first have what it takes to make so many, and not for ever."""
    clock, coming = Clock(), [1]
    waiters = Waiters(clock, 0.001, lambda: coming[0], 5.0)
    first, second = waiters.join(), waiters.join()
    clock.advance(0.001)
    failure_of(second, DatabaseUnavailable)
    clock.advance(2)
    no_result(first)
    waiters.serve(CONNECTION)
    assert success_of(first) is CONNECTION
    third = waiters.join()
    clock.advance(0.01)
    coming[0] = 0
    clock.advance(0.1)
    failure_of(third, DatabaseUnavailable)
    coming[0] = 1
    fourth = waiters.join()
    clock.pump([0.1] * 52)
    failure_of(fourth, DatabaseUnavailable)
    assert clock.getDelayedCalls() == []

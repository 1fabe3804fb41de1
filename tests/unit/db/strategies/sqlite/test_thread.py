"""The database's thread: order, bound, deadline, end."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, get_ident

import pytest

from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.thread_clock import PATIENCE, ThreadClock
from twisted_kong.core.errors import DatabaseUnavailable, OutcomeUnknown
from twisted_kong.db.strategies.sqlite.thread import DatabaseThread


@pytest.fixture
def clock() -> ThreadClock:
    """The reactor's place is taken by this."""
    return ThreadClock()


@pytest.fixture
def thread(clock: ThreadClock) -> Iterator[DatabaseThread]:
    """A thread with room for three requests and ten seconds for each."""
    thread = DatabaseThread(clock, "the file", limit=3, deadline=10.0)
    thread.start()
    yield thread
    stopped = started(thread.stop())
    if not stopped.called:
        clock.turn()
    assert clock.getDelayedCalls() == []


class Stuck:
    """Work that does not end until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = Event(), Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.go.wait(PATIENCE)
        return "done"


def test_results_come_back(clock: ThreadClock, thread: DatabaseThread) -> None:
    """Work is done in the one thread, in order, and results arrive through the reactor."""
    seen: list[int] = []
    asked = [thread.run(lambda n=n: seen.append(n) or get_ident()) for n in range(3)]
    clock.turn(3)
    idents = {success_of(each) for each in asked}
    assert seen == [0, 1, 2]
    assert len(idents) == 1
    assert get_ident() not in idents
    assert clock.getDelayedCalls() == []


def test_errors_come_back(clock: ThreadClock, thread: DatabaseThread) -> None:
    """What work raises is what who asked for it gets, and the thread goes on."""
    asked = thread.run(lambda: {}["x"])
    clock.turn()
    failure_of(asked, KeyError)
    again = thread.run(lambda: 1)
    clock.turn()
    assert success_of(again) == 1


def test_a_bound(clock: ThreadClock, thread: DatabaseThread) -> None:
    """More requests than the limit are refused at once, until there is room again."""
    stuck = Stuck()
    waiting = [thread.run(stuck), thread.run(lambda: 1), thread.run(lambda: 2)]
    error = failure_of(thread.run(lambda: 3), DatabaseUnavailable)
    assert str(error) == "the file does not keep up: 3 requests are waiting"
    stuck.go.set()
    clock.turn(3)
    assert [success_of(each) for each in waiting] == ["done", 1, 2]
    again = thread.run(lambda: 4)
    clock.turn()
    assert success_of(again) == 4


def test_a_deadline_of_work_under_way(clock: ThreadClock, thread: DatabaseThread) -> None:
    """Who waits for stuck work is told in time that nobody knows its outcome; that comes too late for him."""
    stuck = Stuck()
    asked = thread.run(stuck)
    assert stuck.begun.wait(PATIENCE)
    clock.advance(9.9)
    no_result(asked)
    clock.advance(0.2)
    error = failure_of(asked, OutcomeUnknown)
    assert str(error) == "the file did not answer within 10 seconds; it may still take effect"
    stuck.go.set()
    clock.turn()


def test_a_deadline_of_work_not_begun(clock: ThreadClock, thread: DatabaseThread) -> None:
    """Work that waits for longer than its deadline is never begun."""
    stuck, done = Stuck(), []
    first = thread.run(stuck, 100.0)
    assert stuck.begun.wait(PATIENCE)
    second = thread.run(lambda: done.append(1))
    clock.advance(10.1)
    error = failure_of(second, DatabaseUnavailable)
    assert str(error) == "the file did not answer within 10 seconds; it was not begun"
    stuck.go.set()
    clock.turn(2)
    assert success_of(first) == "done"
    assert done == []


def test_abandoned_work_is_not_begun(clock: ThreadClock, thread: DatabaseThread) -> None:
    """Work whose Deferred is cancelled before its turn is left out."""
    stuck, done = Stuck(), []
    thread.run(stuck)
    second = thread.run(lambda: done.append(1))
    second.addErrback(lambda failure: None)
    second.cancel()
    stuck.go.set()
    clock.turn(2)
    assert done == []


def test_stop_waits_for_what_was_asked(clock: ThreadClock) -> None:
    """A thread ends after the work asked for so far; later requests are refused."""
    thread = DatabaseThread(clock, "the file")
    thread.start()
    done: list[int] = []
    asked = thread.run(lambda: done.append(1))
    stopped = started(thread.stop())
    failure_of(thread.run(lambda: done.append(2)), DatabaseUnavailable)
    clock.turn(2)
    success_of(asked)
    success_of(stopped)
    assert done == [1]


def test_stop_does_not_wait_for_ever(clock: ThreadClock) -> None:
    """A stuck thread is left behind at the deadline."""
    thread = DatabaseThread(clock, "the file", deadline=10.0)
    thread.start()
    stuck = Stuck()
    asked = thread.run(stuck)
    stopped = started(thread.stop())
    no_result(stopped)
    clock.advance(10.1)
    failure_of(asked, DatabaseUnavailable)
    success_of(stopped)
    stuck.go.set()


def test_never_started(clock: ThreadClock) -> None:
    """What was never started refuses work and can be stopped."""
    thread = DatabaseThread(clock, "the file")
    failure_of(thread.run(lambda: 1), DatabaseUnavailable)
    success_of(thread.stop())

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.rows import FakeRows
from twisted_kong.node.reading import SLICE_STEPS, Reading


class Ticking(Clock):
    """A clock whose time goes on a millisecond whenever it is asked."""

    def seconds(self) -> float:
        self.rightNow += 0.001
        return self.rightNow


def test_rows_are_read_at_once_and_an_error_spoils_only_its_own() -> None:
    """What could be read is there; the first error is told beside it."""
    rows = FakeRows({"id": "1"})
    rows.broken.add("2")
    reading = Reading({"k": rows}, Clock())
    found, failure = success_of(reading.select([("k", "1"), ("k", "2"), ("k", "3")]))
    assert found == [(("k", "1"), {"id": "1"}), (("k", "3"), None)]
    assert failure is not None
    assert failure.getErrorMessage() == "cannot read 2"


def test_a_page_is_given_up_after_a_while() -> None:
    """A frozen database ends no worker."""
    clock, rows = Clock(), FakeRows()
    rows.held = True
    page = started(Reading({"k": rows}, clock, patience=30).page("k", 10, None))
    clock.advance(29)
    no_result(page)
    clock.advance(1)
    failure_of(page)
    assert clock.getDelayedCalls() == []


def test_stopping_ends_what_is_waited_for() -> None:
    """Nothing is left waiting, and nothing more is waited for until it is started again."""
    clock, rows = Clock(), FakeRows()
    rows.held = True
    reading = Reading({"k": rows}, clock)
    page = started(reading.page("k", 10, None))
    reading.stop()
    failure_of(page, CancelledError)
    rows.held = False
    failure_of(reading.page("k", 10, None), CancelledError)
    reading.start()
    success_of(reading.page("k", 10, None))
    assert clock.getDelayedCalls() == []


def test_an_answer_after_the_stop_is_refused() -> None:
    """A store that does not let itself be cancelled changes nothing."""
    clock = Clock()

    class Stubborn(FakeRows):
        async def select(self, pk: object) -> dict[str, str]:
            answer: Deferred[None] = Deferred(lambda d: d.callback(None))
            await answer
            return {"id": "1"}

    reading = Reading({"k": Stubborn()}, clock)
    select = started(reading.select([("k", "1")]))
    reading.stop()
    failure_of(select, CancelledError)


def test_many_steps_let_the_reactor_have_its_turn() -> None:
    """By count, should the clock be too coarse to tell."""
    clock = Clock()
    done: list[int] = []

    def steps() -> Iterator[None]:
        for number in range(SLICE_STEPS * 2):
            done.append(number)
            yield

    work = started(Reading({}, clock).in_slices(steps()))
    assert len(done) == SLICE_STEPS
    clock.advance(0)
    assert len(done) == SLICE_STEPS * 2
    clock.advance(0)
    success_of(work)


def test_slow_steps_let_the_reactor_have_its_turn_after_milliseconds() -> None:
    """The event loop is never held for long."""
    clock = Ticking()
    done: list[int] = []

    def steps() -> Iterator[None]:
        for number in range(10):
            done.append(number)
            yield

    started(Reading({}, clock).in_slices(steps()))
    assert len(done) == 2


@pytest.mark.parametrize("wake", [True, False])
def test_a_rest_ends_in_time_or_when_something_new_happens(wake: bool) -> None:
    """Back-off is cut short by new work: perhaps the database is back."""
    clock = Clock()
    reading = Reading({}, clock)
    rest = started(reading.rest(10))
    if wake:
        reading.wake()
    else:
        no_result(rest)
        clock.advance(10)
    success_of(rest)
    assert clock.getDelayedCalls() == []

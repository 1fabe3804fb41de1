"""Long work lets others have their turn."""

from __future__ import annotations

from collections.abc import Generator

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import no_result, success_of
from twisted_kong.db.turns import SLICE, Turns


def test_short_work_is_not_interrupted() -> None:
    """It would only take longer."""

    def work() -> Generator[None, None, str]:
        yield
        yield
        return "done"

    assert success_of(Turns(Clock()).finish(work())) == "done"


def test_after_a_few_milliseconds_others_have_their_turn() -> None:
    """Then it goes on."""
    clock = Clock()

    def work() -> Generator[None, None, int]:
        for _ in range(3):
            clock.rightNow += 2 * SLICE
            yield
        return 3

    done = Deferred.fromCoroutine(Turns(clock).finish(work()))
    no_result(done)
    clock.advance(0)
    assert success_of(done) == 3


def test_a_clock_that_was_set_back_keeps_nobody_waiting() -> None:
    """It is as good as one that went on."""
    clock = Clock()
    clock.advance(100)
    turns = Turns(clock)
    clock.rightNow = 0.0
    done = Deferred.fromCoroutine(turns.pause())
    no_result(done)
    clock.advance(0)
    assert success_of(done) is None

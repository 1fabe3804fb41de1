from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.kit.deferreds import failure_of, no_result, success_of
from twisted_kong.node.applying import Applier


class Acts:
    """Acts that tell when they began and end when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ends: dict[str, Deferred[None]] = {}

    def make(self, name: str) -> Any:
        async def act() -> None:
            self.begun.append(name)
            self.ends[name] = Deferred()
            await self.ends[name]

        return act

    def end(self, name: str) -> None:
        self.ends[name].callback(None)


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    assert clock.getDelayedCalls() == [], "timers left behind"


def ignore(failure: Failure) -> None:
    raise AssertionError(failure.getTraceback())


async def at_once() -> None:
    """An act that settles without waiting."""


def test_without_delay_a_batch_is_begun_at_once(clock: Clock) -> None:
    """db_update_propagation = 0 acts in the same step."""
    applier, acts = Applier(clock, 0, ignore), Acts()
    applier.hand_over(1, 0.0, acts.make("a"))
    assert acts.begun == ["a"]
    assert applier.applied is None
    acts.end("a")
    assert applier.applied == 1


def test_with_delay_a_batch_is_begun_then_and_not_before(clock: Clock) -> None:
    """db_update_propagation = 2 purges after two seconds, never before."""
    applier, acts = Applier(clock, 2, ignore), Acts()
    applier.hand_over(1, 0.0, acts.make("a"))
    clock.advance(1.99)
    assert acts.begun == []
    clock.advance(0.01)
    assert acts.begun == ["a"]


def test_delayed_batches_keep_their_order(clock: Clock) -> None:
    """The order of commits is kept, also among batches due at the same moment."""
    applier, acts = Applier(clock, 2, ignore), Acts()
    for number, name in enumerate("abc"):
        applier.hand_over(number, None, acts.make(name))
    clock.advance(2)
    assert acts.begun == ["a", "b", "c"]


def test_a_slow_batch_holds_up_the_position_but_not_the_next(clock: Clock) -> None:
    """A holder that waits for the database keeps no other purge waiting, yet nothing is claimed too early."""
    applier, acts = Applier(clock, 0, ignore), Acts()
    applier.hand_over(1, 1.0, acts.make("a"))
    applier.hand_over(2, 2.0, acts.make("b"))
    assert acts.begun == ["a", "b"]
    acts.end("b")
    assert applier.applied is None
    assert applier.pending == 2
    acts.end("a")
    assert (applier.applied, applier.as_of, applier.pending) == (2, 2.0, 0)


def test_a_poll_without_changes_advances_what_is_applied(clock: Clock) -> None:
    """An idle cluster is known to be current."""
    applier = Applier(clock, 0, ignore)
    applier.nothing_new(5, 10.0)
    assert (applier.applied, applier.as_of) == (5, 10.0)


def test_a_poll_without_changes_waits_for_what_is_under_way(clock: Clock) -> None:
    """The node is as new as the poll only once earlier batches have settled."""
    applier, acts = Applier(clock, 0, ignore), Acts()
    applier.hand_over(1, 1.0, acts.make("a"))
    applier.nothing_new(1, 9.0)
    assert applier.as_of is None
    acts.end("a")
    assert applier.as_of == 9.0


def test_a_failed_batch_is_reported_and_nothing_counts_beyond_it(clock: Clock) -> None:
    """What may not have been applied is never claimed to have been."""
    failures: list[Failure] = []
    applier, acts = Applier(clock, 0, failures.append), Acts()
    applier.hand_over(1, 1.0, acts.make("a"))
    acts.ends["a"].errback(RuntimeError("bug"))
    applier.hand_over(2, 2.0, at_once)
    assert [failure.type for failure in failures] == [RuntimeError]
    assert applier.applied is None


def test_starting_over_forgets_what_was_handed_over(clock: Clock) -> None:
    """Dropping everything covers whatever was still to be applied."""
    applier, acts = Applier(clock, 0, ignore), Acts()
    applier.hand_over(1, 1.0, acts.make("a"))
    applier.start_over(7, 2.0, at_once)
    assert applier.applied == 7
    acts.end("a")
    assert applier.applied == 7


def test_starting_over_with_delay_drops_now_and_again_later(clock: Clock) -> None:
    """What is loaded at once may come from a store that lags by the propagation time."""
    applier, acts = Applier(clock, 2, ignore), Acts()
    applier.start_over(7, 0.0, acts.make("drop"))
    acts.end("drop")
    assert (acts.begun, applier.applied) == (["drop"], None)
    clock.advance(2)
    acts.end("drop")
    assert (acts.begun, applier.applied) == (["drop", "drop"], 7)


def test_waiting_for_a_position(clock: Clock) -> None:
    """True at once when it was applied before, true when it comes, false when the time is over."""
    applier, acts = Applier(clock, 0, ignore), Acts()
    applier.nothing_new(1, 0.0)
    assert success_of(applier.reached(1, 10)) is True
    waiter, late = applier.reached(2, 10), applier.reached(3, 10)
    applier.hand_over(2, 0.0, acts.make("a"))
    no_result(waiter)
    acts.end("a")
    assert success_of(waiter) is True
    no_result(late)
    clock.advance(10)
    assert success_of(late) is False


def test_a_cancelled_wait_leaves_no_timer(clock: Clock) -> None:
    """A client that goes away leaves nothing behind."""
    waiter = Applier(clock, 0, ignore).reached(1, 10)
    waiter.cancel()
    failure_of(waiter, CancelledError)


def test_stopping_cancels_what_is_put_off_and_answers_all(clock: Clock) -> None:
    """A node that goes has nothing left to purge, and keeps nobody waiting."""
    applier, acts = Applier(clock, 2, ignore), Acts()
    applier.hand_over(1, 0.0, acts.make("a"))
    waiter = applier.reached(1, 10)
    applier.stop()
    assert success_of(waiter) is False
    assert acts.begun == []

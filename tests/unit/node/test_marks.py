from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from tests.kit.deferreds import failure_of, no_result, success_of
from twisted_kong.node.marks import Marks, all_of


def test_who_waits_is_answered_when_the_read_was_applied() -> None:
    """Several changes before the read share its answer."""
    marks: Marks[str] = Marks()
    waits = [marks.set("a").wait() for _ in range(2)]
    mark = marks.begin("a")
    no_result(waits[0])
    marks.finish("a", mark)
    for wait in waits:
        success_of(wait)
    assert len(marks) == 0


def test_a_change_during_the_read_needs_another_read() -> None:
    """The read may have missed it; who marked it before is content."""
    marks: Marks[str] = Marks()
    first = marks.set("a").wait()
    mark = marks.begin("a")
    second = marks.set("a").wait()
    marks.finish("a", mark)
    success_of(first)
    no_result(second)
    assert list(marks) == ["a"]
    marks.finish("a", marks.begin("a"))
    success_of(second)


def test_a_failed_read_leaves_all_waiting_for_the_next() -> None:
    """Also those whose mark was followed by another during the read."""
    marks: Marks[str] = Marks()
    first = marks.set("a").wait()
    mark = marks.begin("a")
    second = marks.set("a").wait()
    marks.give_back("a", mark)
    no_result(first)
    marks.finish("a", marks.begin("a"))
    success_of(first)
    success_of(second)


def test_a_failed_read_can_be_begun_again() -> None:
    """A change after the failure is covered by the next read, with the same mark."""
    marks: Marks[str] = Marks()
    marks.set("a")
    mark = marks.begin("a")
    marks.give_back("a", mark)
    assert marks.set("a") is mark


def test_a_waiter_may_go_away() -> None:
    """Before its mark is read, and after it was handed on to another mark."""
    marks: Marks[str] = Marks()
    first = marks.set("a").wait()
    mark = marks.begin("a")
    marks.set("a")
    marks.give_back("a", mark)
    first.cancel()
    failure_of(first, CancelledError)
    marks.finish("a", marks.begin("a"))


def test_cancelling_answers_all_and_keeps_the_marks() -> None:
    """A holder that stops keeps nobody waiting, and knows what to read should it start again."""
    marks: Marks[str] = Marks()
    wait = marks.set("a").wait()
    marks.cancel()
    failure_of(wait, CancelledError)
    assert list(marks) == ["a"]


def test_all_of_waits_for_all_and_raises_the_first_error() -> None:
    """One error does not answer before the others have ended."""
    first: Deferred[None] = Deferred()
    second: Deferred[None] = Deferred()
    both = all_of([first, second])
    first.errback(Failure(ValueError("x")))
    no_result(both)
    second.callback(None)
    failure_of(both, ValueError)
    success_of(all_of([]))


@pytest.mark.parametrize("count", [1, 3])
def test_cancelling_all_of_cancels_each(count: int) -> None:
    """A writer that has waited long enough leaves no waiter behind."""
    marks: Marks[int] = Marks()
    both = all_of([marks.set(number).wait() for number in range(count)])
    both.cancel()
    failure_of(both, CancelledError)
    assert all(not marks.set(number).waiters for number in range(count))

"""Slow work beside the reactor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.kit.deferreds import failure_of, success_of
from twisted_kong.core.changes import Entity
from twisted_kong.db.aside import at_once, in_thread


class Threads:
    """A reactor with a pool in which work is done when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Callable[[], None]] = []

    def getThreadPool(self) -> Threads:  # noqa: N802 -- Twisted's name
        return self

    def callInThreadWithCallback(  # noqa: N802 -- Twisted's name
        self, told: Callable[[bool, Any], None], work: Callable[..., Any], *arguments: Any, **named: Any
    ) -> None:
        def do() -> None:
            try:
                done, result = True, work(*arguments, **named)
            except Exception as error:
                done, result = False, error
            told(done, result)

        self.asked.append(do)

    def callFromThread(self, call: Callable[..., Any], *arguments: Any) -> None:  # noqa: N802
        call(*arguments)


def fail() -> Entity:
    raise ZeroDivisionError


def test_at_once() -> None:
    """Where nothing else is to be done nobody waits."""
    assert success_of(at_once(lambda: {"a": 1})) == {"a": 1}


def test_one_piece_after_the_other() -> None:
    """The second begins when the first has ended, even if that went wrong."""
    from twisted.internet.defer import Deferred

    threads = Threads()
    aside = in_thread(threads)
    first, second = (Deferred.fromCoroutine(aside(work)) for work in (fail, lambda: {"b": 2}))
    assert len(threads.asked) == 1
    threads.asked.pop()()
    failure_of(first, ZeroDivisionError)
    assert len(threads.asked) == 1
    threads.asked.pop()()
    assert success_of(second) == {"b": 2}

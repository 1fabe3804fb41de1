"""What the operating system gives a process: timers, two clocks, and now and then no time at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock


class Process:
    """A reactor on a clock of its own, which the world takes along – unless the process is stopped.

    A stopped process (SIGSTOP) gets neither timers nor answers; when it goes on all that is due happens at
    once, late.
    """

    def __init__(self, now: float) -> None:
        self.clock = Clock()
        self.clock.rightNow = now
        self.stopped = False
        self._inbox: list[Callable[[], Any]] = []
        # By how much the wall clock is wrong; it may be set at any time.
        self.offset = 0.0

    def seconds(self) -> float:
        """The wall clock."""
        return self.clock.rightNow + self.offset

    def steady_seconds(self) -> float:
        """The clock that nobody sets."""
        return self.clock.rightNow

    def callLater(self, delay: float, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: N802
        """As a reactor does."""
        return self.clock.callLater(delay, function, *args, **kwargs)

    def getDelayedCalls(self) -> Any:  # noqa: N802 - Twisted's name
        """As a reactor does."""
        return self.clock.getDelayedCalls()

    @property
    def due(self) -> float:
        """When something happens next if nothing comes from outside."""
        return due(self.clock) if not self.stopped else float("inf")

    def tell(self, now: float) -> None:
        """Let the clocks go on up to a moment before which nothing is due."""
        if not self.stopped:
            self.clock.rightNow = now

    def come_to(self, now: float) -> None:
        """Let time pass and happen what is due; what has come meanwhile is looked at after the timers."""
        if not self.stopped:
            self.clock.advance(now - self.clock.rightNow)
            inbox, self._inbox = self._inbox, []
            for receive in inbox:
                receive()

    def receive(self, now: float, function: Callable[[], Any]) -> None:
        """Something comes from outside; a stopped process finds it when it goes on."""
        if self.stopped:
            self._inbox.append(function)
        else:
            self.tell(now)
            function()


def due(clock: Clock) -> float:
    """When the next call of a clock is due."""
    return clock.calls[0].getTime() if clock.calls else float("inf")

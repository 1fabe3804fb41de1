"""Long work in pieces: after a few milliseconds of it the reactor has its turn."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

T = TypeVar("T")

# Seconds of work after which others have their turn.
SLICE = 0.003


class Turns:
    """The turns of one piece of work.

    :param clock: tells how long it has worked, and gives turns.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._begun = clock.seconds()

    async def pause(self) -> None:
        """Let the reactor do what else there is, if it was kept from it for long enough."""
        # a clock that was set back must not keep anybody waiting either
        if abs(self._clock.seconds() - self._begun) >= SLICE:
            await deferLater(self._clock, 0, lambda: None)
            self._begun = self._clock.seconds()

    async def finish(self, work: Generator[None, None, T]) -> T:
        """Run through some work that yields wherever it may rest; what it returns."""
        while True:
            try:
                next(work)
            except StopIteration as done:
                result: T = done.value
                return result
            await self.pause()

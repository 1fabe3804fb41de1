"""A clock for tests of what works in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from queue import Queue
from typing import Any

from twisted.internet.task import Clock

# Seconds after which a thread that should have done something is given up.
PATIENCE = 10.0


class ThreadClock(Clock):
    """A clock to which a thread can hand work; the test does that work when it wants it done."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: Queue[tuple[Callable[..., Any], tuple[Any, ...]]] = Queue()

    def callFromThread(self, callable: Callable[..., Any], *args: Any) -> None:  # noqa: N802
        """Keep a call for :meth:`turn`."""
        self._calls.put((callable, args))

    def turn(self, count: int = 1) -> None:
        """Do as many calls as the thread hands over, waiting for each."""
        for _ in range(count):
            function, args = self._calls.get(timeout=PATIENCE)
            function(*args)

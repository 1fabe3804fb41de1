"""The way between a node and the servers of the database: slow, broken, cut; answers may come very late."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.model.process import Process
from twisted_kong.core.errors import DatabaseError

T = TypeVar("T")

# Seconds after which a query is given up, and its answer no longer wanted.
DEADLINE = 5.0


class Weather:
    """How the network is at the moment, for all nodes.

    :param slowest: seconds that a query takes at most, unless the primary is frozen.
    """

    def __init__(self, clock: Clock, chance: Random, slowest: float) -> None:
        self.clock, self.chance, self.slowest = clock, chance, slowest
        self.stormy = False
        # The primary is frozen, and answers nothing before.
        self.frozen_until = -1e9

    def fails(self) -> bool:
        """Whether something breaks just now."""
        return self.stormy and self.chance.random() < 0.1

    def delay(self) -> float:
        """How long one way takes; often nothing."""
        return self.chance.random() * self.slowest / 2 if self.chance.random() < 0.6 else 0.0


class Wire:
    """The way of one node; ``trouble_at`` is when a query of it has failed last."""

    def __init__(self, weather: Weather, process: Process) -> None:
        self._weather, self._process = weather, process
        self.cut_until = self.trouble_at = -1e9

    async def ask(self, question: Callable[[float], T], *, primary: bool, takes: float = 0.0) -> T:
        """Have a question answered at the moment at which it gets to the server.

        :param takes: seconds that the server keeps the answer back.
        """
        weather = self._weather
        now = weather.clock.seconds()
        if now < self.cut_until or weather.fails():
            raise self._failure("cannot connect")
        delay = max(weather.delay(), weather.frozen_until - now if primary else 0.0)
        answered: Deferred[Any] = Deferred()
        if delay > 0:
            weather.clock.callLater(delay, self._get_there, answered, question, takes)
        else:
            self._get_there(answered, question, takes)
        if not answered.called:
            answered.addTimeout(DEADLINE, self._process.clock)
        try:
            answer: T = await answered
        except Exception:
            raise self._failure("no answer") from None
        if weather.fails():
            raise self._failure("the answer was lost")
        return answer

    def _get_there(self, answered: Deferred[Any], question: Callable[[float], Any], takes: float) -> None:
        clock = self._weather.clock
        try:
            answer = question(clock.seconds())
        except DatabaseError:
            answer = Failure()
        delay = takes + self._weather.delay()
        if delay > 0:
            # On its own from now on: the server may be gone, and the node stopped, when it comes.
            clock.callLater(delay, self._come_back, answered, answer)
        else:
            self._come_back(answered, answer)

    def _come_back(self, answered: Deferred[Any], answer: Any) -> None:
        def receive() -> None:
            if not answered.called:
                answered.callback(answer)

        self._process.receive(self._weather.clock.seconds(), receive)

    def _failure(self, reason: str) -> DatabaseError:
        self.trouble_at = self._weather.clock.seconds()
        return DatabaseError(reason)

"""Random histories of a pool: whatever the server and its users do, everybody gets an answer in time."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from tests.kit.deferreds import started
from tests.kit.postgres_driver import FakeServer, PostgresClock, server_error
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.strategies.postgres.listener import Listener
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings

HISTORIES = 200
STEPS = 80
TIMEOUT = 2.0
ACQUIRE = 3.0
# What a statement may take: twice to wait, twice to be answered, and to be rolled back.
LONGEST = 2 * ACQUIRE + 3 * TIMEOUT
STATES = ("23505", "25006", "40001", "53300", "55P03", "57014", "57P01", "57P03", "42601", None)


class Question:
    """A statement or a transaction that was begun, and what came of it."""

    def __init__(self, deferred: Deferred[Any], at: float) -> None:
        self.at = at
        self.outcome: Any = None
        self.deferred = deferred.addBoth(self._ended)

    def _ended(self, outcome: Any) -> None:
        self.outcome = outcome if outcome is not None else "done"


class History:
    """A pool of two servers, with a listener, and a seeded chance that does things to it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock, self.server = PostgresClock(), FakeServer()
        self.settings = Settings(
            hosts=(("10.0.0.1", 1), ("10.0.0.2", 1)),
            timeout=TIMEOUT,
            acquire_timeout=ACQUIRE,
            pool_size=self.chance.randint(1, 4),
            backlog=self.chance.randint(0, 6),
            idle_timeout=self.chance.choice((0.0, 1.0)),
        )
        self.pool = Pool(self.settings, self.clock, writable=True, make_driver=self.server.make)
        self.listener = Listener(self.pool, "c", lambda _: None, self.clock)
        self.listener.start()
        self.questions: list[Question] = []

    def step(self) -> None:
        """Let something happen, and look whether the pool keeps to its promises."""
        self.chance.choice(self._events)()
        use = self.pool.statistics
        assert len(self.server.open) <= self.settings.pool_size
        assert use.open <= self.settings.pool_size
        for question in self.questions:
            assert question.outcome is not None or self.clock.seconds() <= question.at + LONGEST + 0.001

    @property
    def _events(self) -> list[Callable[[], object]]:
        return [
            self._run, self._run, self._write, self._write, self._cancel,
            self._answer, self._answer, self._answer, self._answer,
            self._refuse, self._die, self._wait, self._wait, self._network, self._promote,
        ]  # fmt: skip

    def _run(self) -> None:
        self._begun(started(self.pool.run("select 1")))

    def _write(self) -> None:
        async def work() -> None:
            async with self.pool.transaction() as transaction:
                await transaction.run("select 1")
                await transaction.finish("commit")

        self._begun(started(work()))

    def _begun(self, deferred: Deferred[Any]) -> None:
        self.questions.append(Question(deferred, self.clock.seconds()))

    def _cancel(self) -> None:
        waiting = [question for question in self.questions if question.outcome is None]
        if waiting:
            self.chance.choice(waiting).deferred.cancel()

    def _answer(self) -> None:
        if self.server.asked and not self.server.asked[0].closed:
            self.server.answer([])

    def _refuse(self) -> None:
        open_ones = [each for each in self.server.asked if not each.closed]
        if open_ones:
            self.chance.choice(open_ones).refuse(server_error(self.chance.choice(STATES)))

    def _die(self) -> None:
        if self.server.open:
            self.chance.choice(self.server.open).die()

    def _wait(self) -> None:
        for _ in range(self.chance.randint(1, 20)):
            self.clock.advance(0.05)

    def _network(self) -> None:
        refusing = set(self.chance.sample(("10.0.0.1", "10.0.0.2"), self.chance.randint(0, 2)))
        silent = set(self.chance.sample(("10.0.0.1", "10.0.0.2"), self.chance.randint(0, 2)))
        refused = server_error(None, "connection refused")
        self.server.refusal = lambda address: refused if address in refusing else None
        self.server.silent = lambda address: address in silent

    def _promote(self) -> None:
        self.server.standbys = set(self.chance.sample(("10.0.0.1", "10.0.0.2"), self.chance.randint(0, 1)))

    def end(self) -> None:
        """Let all end, and look whether anything is left."""
        for _ in range(int(LONGEST / 0.05) + 1):
            self.clock.advance(0.05)
        for question in self.questions:
            assert question.outcome is not None
            if isinstance(question.outcome, Failure):
                question.outcome.trap(DatabaseError, LostRace, CancelledError)
        started(self.listener.stop())
        started(self.pool.close())
        self.clock.advance(TIMEOUT)
        assert self.server.open == []
        assert self.clock.getDelayedCalls() == []


@pytest.mark.parametrize("start", range(0, HISTORIES, 50))
def test_everybody_gets_an_answer(start: int) -> None:
    """No statement is forgotten, no connection is one too many, and nothing is left behind."""
    for seed in range(start, start + 50):
        history = History(seed)
        try:
            for _ in range(STEPS):
                history.step()
            history.end()
        except Exception as error:
            raise AssertionError(f"history {seed}") from error

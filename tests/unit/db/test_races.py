"""Tests of what those do who have lost a race."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from tests.kit.deferreds import failure_of, no_result, success_of
from twisted_kong.core.errors import DatabaseUnavailable, UniqueViolation
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.races import ATTEMPTS, Races

TAKEN = UniqueViolation("it is taken")


class Attempts:
    """Attempts that are overtaken so often, each with a cause or without one."""

    def __init__(self, lost: int, cause: Exception | None = None) -> None:
        self._lost, self._cause = lost, cause
        self.count = 0

    async def __call__(self) -> int:
        """Which attempt it is that was not overtaken."""
        self.count += 1
        if self.count <= self._lost:
            raise LostRace("x") from self._cause
        return self.count


def test_the_first_attempt_that_is_not_overtaken_counts() -> None:
    """Be it the first of all, or the last that there may be."""
    for lost in (0, 1, ATTEMPTS):
        attempts = Attempts(lost)
        assert success_of(Deferred.fromCoroutine(Races().until_won(attempts, attempts))) == lost + 1


def test_an_end_comes() -> None:
    """However often others are faster; what was in the way last is told, if that is known."""
    attempts = Attempts(1000)
    error = failure_of(Deferred.fromCoroutine(Races().until_won(attempts, attempts)), DatabaseUnavailable)
    assert "others kept changing x" in str(error)
    assert attempts.count == ATTEMPTS + 1
    attempts = Attempts(1000, TAKEN)
    work = Deferred.fromCoroutine(Races().until_won(attempts, attempts))
    assert failure_of(work, UniqueViolation) is TAKEN


def test_losers_go_one_after_the_other() -> None:
    """A second one begins when the first has won or has given up."""
    races, begun = Races(), list[Deferred[int]]()

    def wait() -> Deferred[int]:
        begun.append(Deferred())
        return begun[-1]

    def lose(again: Callable[[], Deferred[int]]) -> Deferred[int]:
        return Deferred.fromCoroutine(races.until_won(Attempts(1), again))

    first, second = lose(wait), lose(wait)
    assert len(begun) == 1
    begun[0].errback(ValueError("of another kind"))
    failure_of(first, ValueError)
    no_result(second)
    begun[1].callback(5)
    assert success_of(second) == 5

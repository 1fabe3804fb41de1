"""How a node stands to its database."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from tests.kit.deferreds import started, success_of
from twisted_kong.admin.database_health import PATIENCE, DatabaseHealth, HealthCheck
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.positions import LogPosition

POSITION = LogPosition(7, "00c0ffee")


class Database:
    """Answers, fails or hangs; ``outdated_since`` is of what stands in for it."""

    def __init__(self, answer: Deferred[Any], outdated_since: float | None = None) -> None:
        self._answer, self.outdated_since = answer, outdated_since

    async def ping(self) -> None:
        await self._answer


def check(database: Database, clock: Clock, lag: float | None = 2.0) -> HealthCheck:
    strategy: Any = database
    return HealthCheck(strategy, clock, lambda: lag, lambda: POSITION)


def test_with_the_database() -> None:
    """A database that answers is reachable; how stale the node may be is what the feed says."""
    health = success_of(check(Database(succeed(None)), Clock()).now())
    assert health == DatabaseHealth(reachable=True, stale_seconds=2.0, position=POSITION)
    assert health.as_record() == {"reachable": True, "stale_seconds": 2.0, "position": "7-00c0ffee"}


def test_without_the_database() -> None:
    """One that refuses, or does not answer within a second, is not: a health check does not wait for it."""
    assert not success_of(check(Database(fail(DatabaseUnavailable("gone"))), Clock()).now()).reachable
    clock = Clock()
    hanging = started(check(Database(Deferred()), clock).now())
    clock.advance(PATIENCE)
    assert not success_of(hanging).reachable


def test_something_stands_in_for_the_database() -> None:
    """What is read from a snapshot is as old as that, however lately it was read."""
    clock = Clock()
    clock.advance(1000.0)
    away = Database(fail(DatabaseUnavailable("away")), outdated_since=900.0)
    assert success_of(check(away, clock, lag=0.5).now()).stale_seconds == 100.0


def test_before_the_first_load() -> None:
    """What is not known is null."""
    health = success_of(check(Database(succeed(None)), Clock(), lag=None).now())
    assert health.as_record()["stale_seconds"] is None

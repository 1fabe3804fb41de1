"""A database as a whole: its DAOs, its workspace, its beginning and end."""

from __future__ import annotations

import itertools

import pytest
from typing_extensions import override

from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import epoch_clock, memory_database, small_database
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.database import retention_for
from twisted_kong.db.interfaces import Commit, Committed, Write
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.db.upkeep import INTERVAL


def strategy(kind: type[MemoryStrategy] = MemoryStrategy) -> MemoryStrategy:
    """An empty store in memory."""
    numbers = itertools.count()
    return kind(epoch_clock(), lambda: f"{next(numbers):08x}")


def test_daos_by_kind() -> None:
    """DAOs are had as items and as attributes; there is none of an unknown kind."""
    with memory_database() as database:
        assert database["services"] is database.services
        assert database.services.schema.name == "services"
        with pytest.raises(KeyError):
            database["nothing"]
        with pytest.raises(AttributeError, match="nothing"):
            _ = database.nothing


def test_the_default_workspace() -> None:
    """The default workspace is made once and found again."""
    store, clock = strategy(), epoch_clock()
    first, second = small_database(store, clock, "one"), small_database(store, clock, "two")
    success_of(first.start())
    success_of(second.start())
    assert first.workspace == second.workspace != ""
    assert first.write_context().workspace == first.workspace
    success_of(first.stop())
    success_of(second.stop())


def test_a_workspace_made_by_another_at_the_same_moment() -> None:
    """Who was not first to make the default workspace takes the other's."""

    class Faster(MemoryStrategy):
        others = True

        @override
        async def apply(self, commit: Commit) -> Committed:
            if self.others:
                self.others = False
                key = "11111111-1111-4111-8111-000000000001"
                entity = {"id": key, "created_at": 1, "name": "default"}
                await super().apply(Commit((Write("workspaces", "insert", key, entity),), "other", 0.0))
            return await super().apply(commit)

    database = small_database(strategy(Faster), epoch_clock())
    success_of(database.start())
    assert database.workspace == "11111111-1111-4111-8111-000000000001"
    success_of(database.stop())


def test_the_context_of_writes() -> None:
    """Records are processed with the clock's time."""
    clock = epoch_clock()
    database = small_database(strategy(), clock)
    clock.advance(12.5)
    assert database.write_context().now == 1_700_000_012.5


def test_the_upkeep_runs_between_start_and_stop() -> None:
    """The store is looked after from start to stop, and no timer is left."""
    clock = epoch_clock()
    database = small_database(strategy(), clock)
    success_of(database.start())
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(INTERVAL)
    success_of(database.stop())
    assert clock.getDelayedCalls() == []


def test_a_store_that_cannot_be_opened() -> None:
    """A refusal of the store is what the start ends in, and nothing is left running."""

    class Closed(MemoryStrategy):
        @override
        async def start(self, tables: object, *, migrate: bool = True) -> None:
            raise DatabaseUnavailable("no")

    clock = epoch_clock()
    failure_of(small_database(strategy(Closed), clock).start(), DatabaseUnavailable)
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize(("propagation", "seconds"), [(0, 3600), (360, 3600), (400, 4000)])
def test_retention(propagation: float, seconds: float) -> None:
    """The log is kept for an hour, or ten times the propagation if that is more."""
    assert retention_for(propagation) == seconds


def test_a_store_that_fails_after_it_was_opened() -> None:
    """When the default workspace can be neither read nor made, the store is closed again."""

    class Failing(MemoryStrategy):
        stopped = 0

        @override
        async def apply(self, commit: Commit) -> Committed:
            raise DatabaseUnavailable("full")

        @override
        async def stop(self) -> None:
            self.stopped += 1

    store = strategy(Failing)
    failure_of(small_database(store, epoch_clock()).start(), DatabaseUnavailable)
    assert isinstance(store, Failing)
    assert store.stopped == 1

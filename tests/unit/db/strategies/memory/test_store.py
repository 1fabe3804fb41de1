"""What is particular to the store in memory; all else is the contract's."""

from __future__ import annotations

import itertools

import pytest
from twisted.internet.task import Clock

from tests.kit.deferreds import success_of
from twisted_kong.core.errors import UniqueViolation
from twisted_kong.db.interfaces import Commit, MigrationState, Write
from twisted_kong.db.strategies.memory import MemoryData, MemoryStrategy
from twisted_kong.db.tables import Table, Unique

NAMED = Table("named", ("id",), (Unique(("name",)),), (), (), lambda new, old: ())


def make(data: MemoryData | None = None) -> MemoryStrategy:
    """A started strategy."""
    numbers = itertools.count()
    strategy = MemoryStrategy(Clock(), lambda: f"{next(numbers):08x}", data)
    success_of(strategy.start({"named": NAMED}))
    return strategy


def insert(strategy: MemoryStrategy, key: str, name: str) -> None:
    """Insert a row."""
    write = Write("named", "insert", key, {"id": key, "name": name})
    success_of(strategy.apply(Commit((write,), "me", 0.0)))


def test_data_can_be_shared() -> None:
    """Strategies over the same data see the same rows and the same log."""
    one = make()
    insert(one, "1", "a")
    two = make(one.data)
    assert success_of(two.select(NAMED, "1")) == success_of(one.select(NAMED, "1"))
    assert success_of(two.head()) == success_of(one.head())
    insert(two, "2", "b")
    assert one.has_news()


def test_rows_are_copies() -> None:
    """What was read can be changed without changing what is stored."""
    strategy = make()
    insert(strategy, "1", "a")
    first = success_of(strategy.select(NAMED, "1"))
    assert first is not None
    first.entity["name"] = "changed"
    second = success_of(strategy.select(NAMED, "1"))
    assert second is not None
    assert second.entity["name"] == "a"


def test_refused_commits_are_undone() -> None:
    """After a refusal the indexes are as they were, so that later commits go by them."""
    strategy = make()
    insert(strategy, "1", "a")
    writes = (
        Write("named", "update", "1", {"id": "1", "name": "b"}),
        Write("named", "insert", "2", {"id": "2", "name": "b"}),
    )
    with pytest.raises(UniqueViolation):
        success_of(strategy.apply(Commit(writes, "me", 0.0)))
    insert(strategy, "3", "b")
    with pytest.raises(UniqueViolation):
        insert(strategy, "4", "a")


def test_nothing_to_migrate() -> None:
    """Memory has no layout."""
    assert success_of(make().migrations()) == MigrationState()

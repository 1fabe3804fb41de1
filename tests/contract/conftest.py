"""The stores that the contract is held against; a new strategy adds itself to ``STORES``."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from tests.kit.last_good import LastGoodStore
from tests.kit.postgres import requires_postgres
from tests.kit.stores import (
    IStore,
    MemoryStore,
    MovableClock,
    PostgresStore,
    SqliteStore,
    StagedStore,
    small_database,
)
from twisted_kong.db.database import Database

STORES: dict[str, Callable[[Path], IStore]] = {
    "memory": lambda tmp_path: MemoryStore(),
    "sqlite": lambda tmp_path: SqliteStore(tmp_path / "kong.db"),
    "memory with a snapshot": lambda tmp_path: LastGoodStore(MemoryStore(), tmp_path),
    "postgres": lambda tmp_path: PostgresStore(),
}
# Stores that one process has for itself: held only against what no other process takes part in.
PRIVATE_STORES: dict[str, Callable[[Path], IStore]] = {
    "staged over memory": lambda tmp_path: StagedStore(MemoryStore()),
    "staged over sqlite": lambda tmp_path: StagedStore(SqliteStore(tmp_path / "kong.db")),
}
PRIVATE_TESTS = frozenset({"test_verbs", "test_pages", "test_ttl", "test_core_kinds"})
# What is staged is in no log, and is done by one after the other.
NOT_PRIVATE = frozenset({"test_expired_rows_are_removed", "test_however_many_write_one_entity_at_once"})
_MARKS = {"postgres": requires_postgres}

OpenDatabase = Callable[..., Awaitable[Database]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have each test run on each store that it is meant for."""
    if "store" not in metafunc.fixturenames:
        return
    names = list(STORES)
    if _is_private(metafunc):
        names += PRIVATE_STORES
    marked = [pytest.param(name, marks=_MARKS.get(name, ())) for name in names]
    metafunc.parametrize("store", marked, indirect=True)


def _is_private(metafunc: pytest.Metafunc) -> bool:
    several = {"store", "open_database"} & set(inspect.signature(metafunc.function).parameters)
    module = metafunc.module.__name__.rpartition(".")[2]
    return module in PRIVATE_TESTS and metafunc.function.__name__ not in NOT_PRIVATE and not several


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> IStore:
    """An empty store of each strategy."""
    return (STORES | PRIVATE_STORES)[request.param](tmp_path)


@pytest.fixture
def clock() -> MovableClock:
    """The reactor, whose time the test can move on."""
    from twisted.internet import reactor

    return MovableClock(reactor)


@pytest_twisted.async_yield_fixture
async def open_database(store: IStore, clock: MovableClock) -> AsyncIterator[OpenDatabase]:
    """Opens databases on the one store, each as another process would; they are closed at the end."""
    opened: list[Database] = []

    async def open_one(instance: str = "this-process", **rest: Any) -> Database:
        database = small_database(store.handle(clock), clock, instance, **rest)
        await database.start()
        opened.append(database)
        return database

    yield open_one
    for database in opened:
        await database.stop()


@pytest_twisted.async_yield_fixture
async def database(open_database: OpenDatabase) -> AsyncIterator[Database]:
    """One database, started."""
    yield await open_database()

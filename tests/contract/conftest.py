"""The stores that the contract is held against; a new strategy adds itself to ``STORES``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from tests.kit.last_good import LastGoodStore
from tests.kit.postgres import requires_postgres
from tests.kit.stores import IStore, MemoryStore, MovableClock, PostgresStore, SqliteStore, small_database
from twisted_kong.db.database import Database

STORES: dict[str, Callable[[Path], IStore]] = {
    "memory": lambda tmp_path: MemoryStore(),
    "sqlite": lambda tmp_path: SqliteStore(tmp_path / "kong.db"),
    "memory with a snapshot": lambda tmp_path: LastGoodStore(MemoryStore(), tmp_path),
    "postgres": lambda tmp_path: PostgresStore(),
}
_MARKS = {"postgres": requires_postgres}

OpenDatabase = Callable[..., Awaitable[Database]]


@pytest.fixture(params=[pytest.param(name, marks=_MARKS.get(name, ())) for name in STORES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> IStore:
    """An empty store of each strategy."""
    return STORES[request.param](tmp_path)


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

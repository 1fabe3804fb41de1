"""Ways to make stores for tests: a handle is what one process would hold, data is what they share."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from twisted.internet.task import Clock
from typing_extensions import override

from tests.kit.deferreds import success_of
from tests.kit.postgres import PostgresDatabase, settings_of, shared_database
from tests.kit.small_kinds import SmallKinds
from twisted_kong.core.schema.plugins import PluginDefinition
from twisted_kong.core.schema.registry import Schemas, build_schemas
from twisted_kong.db.database import Database, Ids
from twisted_kong.db.interfaces import IStrategy
from twisted_kong.db.staging import StagedStrategy
from twisted_kong.db.strategies.memory import MemoryData, MemoryStrategy
from twisted_kong.db.tables import Table

_schemas = itertools.count(1)


def make_ids(instance: str = "this-process", seed: int = 1) -> Ids:
    """Ids that look like real ones and are the same on each run."""
    chance = random.Random(f"{instance} {seed}")
    tokens = itertools.count(1)
    return Ids(
        new_uuid=lambda: str(UUID(int=chance.getrandbits(128), version=4)),
        new_token=lambda: f"token{next(tokens):027}",
        instance=instance,
    )


class Seconds(Protocol):
    """A clock as far as stores need it."""

    def seconds(self) -> float:
        """Epoch seconds."""


class MovableClock:
    """The reactor, on whose time the test can add."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.ahead = 0.0

    def advance(self, seconds: float) -> None:
        """Let the clock on the wall jump; timers know nothing of it."""
        self.ahead += seconds

    def seconds(self) -> float:
        """The reactor's time and what was added."""
        return float(self._reactor.seconds()) + self.ahead

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


class IStore(Protocol):
    """A store that several handles can be opened on."""

    def handle(self, clock: Any) -> IStrategy:
        """One more handle on the same data, as another process would have."""


class MemoryStore:
    """A store in memory."""

    def __init__(self) -> None:
        self._data = MemoryData()
        self._tags = itertools.count(0xA0000000)

    def handle(self, clock: Any) -> IStrategy:
        """One more handle on the same data."""
        return MemoryStrategy(clock, lambda: f"{next(self._tags):08x}", self._data)


class SqliteStore:
    """A store in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def handle(self, clock: Any) -> IStrategy:
        """One more handle on the same file."""
        from twisted_kong.db.strategies.sqlite.store import SqliteStrategy

        return SqliteStrategy(self.path, clock)


class PostgresStore:
    """A store in a database, or in a schema of its own of the one that tests share."""

    def __init__(self, database: PostgresDatabase | None = None) -> None:
        self.database = database or shared_database()
        self.settings = settings_of(self.database, schema=None if database else f"store_{next(_schemas)}")
        self._tags = itertools.count(0xB0000000)

    def handle(self, clock: Any) -> IStrategy:
        """One more handle on the same database."""
        from twisted_kong.db.strategies.postgres.store import PostgresStrategy

        return PostgresStrategy(self.settings, None, clock, new_tag=lambda: f"{next(self._tags):08x}")


class StagedStore:
    """What is staged over a store; of use to one process only."""

    def __init__(self, beneath: IStore) -> None:
        self._beneath = beneath

    def handle(self, clock: Any) -> IStrategy:
        """A staged store with the one beneath, which starts and stops with it."""
        return _OpeningStaged(self._beneath.handle(clock), {}, clock.seconds)


class _OpeningStaged(StagedStrategy):
    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        await self._serving.start(tables, migrate=migrate)
        await super().start(tables)

    @override
    async def stop(self) -> None:
        await self._serving.stop()


def small_database(
    strategy: IStrategy, clock: Any, instance: str = "this-process", added: Any = None, **rest: Any
) -> Database:
    """A database of the small kinds, in a later version with fields added."""
    return Database(strategy, SmallKinds(added), clock, make_ids(instance), **rest)


def epoch_clock() -> Clock:
    """A clock that stands at a moment which schemas accept as a time."""
    clock = Clock()
    clock.advance(1_700_000_000.0)
    return clock


@contextmanager
def _started(database: Database) -> Iterator[Database]:
    success_of(database.start())
    yield database
    success_of(database.stop())


def memory_database() -> AbstractContextManager[Database]:
    """A database of the small kinds in memory, started; its clock stands still."""
    clock = epoch_clock()
    return _started(small_database(MemoryStore().handle(clock), clock))


@cache
def core_schemas() -> Schemas:
    """The core's kinds, with one Plugin ``any`` that serves all protocols and may be bound to anything."""
    certificates = {"type": "array", "elements": {"type": "string", "uuid": True}}
    plugin = PluginDefinition(
        name="any",
        priority=1,
        version="1.0.0",
        scopes={"service": True, "route": True, "consumer": True},
        allowed_protocols=("http", "https", "tcp", "tls"),
        config={"type": "record", "fields": {"ca_certificates": certificates}},
    )
    return build_schemas([plugin])


def core_database() -> AbstractContextManager[Database]:
    """A database of the core's own kinds in memory, started; its clock stands still."""
    clock = epoch_clock()
    return _started(Database(MemoryStore().handle(clock), core_schemas(), clock, make_ids()))

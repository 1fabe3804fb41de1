"""An Admin API over a memory store, or another one: time, ids and tokens are the test's."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Self

from twisted.internet.task import Clock

from tests.kit.admin_client import AdminClient
from tests.kit.bundled import bundled
from tests.kit.deferreds import success_of
from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.api import AdminParts, admin_site, status_site
from twisted_kong.admin.database_health import DatabaseHealth
from twisted_kong.admin.log_level import LogLevel
from twisted_kong.admin.metrics import Metrics
from twisted_kong.admin.node_info import NodeInfo, PluginVersion, ProcessMemory, StoreUse
from twisted_kong.admin.permissions import Permissions
from twisted_kong.admin.status_app import Readiness
from twisted_kong.admin.tokens import Gate
from twisted_kong.core.changes import Change, Position
from twisted_kong.core.conf.secret import Secret
from twisted_kong.core.schema.plugins import PluginDefinition
from twisted_kong.core.schema.registry import Schemas, build_schemas
from twisted_kong.db.dao import Written
from twisted_kong.db.database import Database, Ids
from twisted_kong.db.interfaces import IStrategy, Member, PoolUse
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.node.admin_token_rows import AdminTokenHolder
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.convergence import Convergence
from twisted_kong.node.dns import NameFailure
from twisted_kong.node.stored_answers import StoredAnswers
from twisted_kong.pdk.loader import load_plugins

START = 1_795_479_400.0
NODE_ID = "1605be63-8326-4b7d-adf7-8eb22a9d711a"


class ScriptedIds:
    """New ids and tokens: those that were scripted, else counted ones."""

    def __init__(self) -> None:
        self.uuids: deque[str] = deque()
        self.tokens: deque[str] = deque()
        self._count = 0

    def new_uuid(self) -> str:
        """The next id."""
        return self.uuids.popleft() if self.uuids else f"ffffffff-0000-4000-8000-{self._next():012x}"

    def new_token(self) -> str:
        """The next token of 32 characters."""
        return self.tokens.popleft() if self.tokens else f"{self._next():032x}"

    def _next(self) -> int:
        self._count += 1
        return self._count


class ReadLog:
    """A reader of the log that has had its troubles."""

    position: Position | None = LogPosition(7, "00c0ffee")
    applied: Position | None = LogPosition(6, "00c0ffee")
    pending, errors, doubts = 1, 3, 1


class AdminNode:
    """The parts of a node that its Admin API reaches, and a client that talks to it.

    :param plugins: the names of those that are loaded.
    :param clock: instead of one that only the test moves.
    :param strategy: a store instead of one in memory; then :meth:`opened` must be entered.
    :param admin_token: with it tokens are asked for, and this one may do everything.
    """

    def __init__(
        self,
        *plugins: str,
        clock: Any = None,
        strategy: IStrategy | None = None,
        admin_token: str | None = None,
    ) -> None:
        if clock is None:
            clock = Clock()
            clock.advance(START)
        self.clock = clock
        self.ids = ScriptedIds()
        self.schemas = _schemas(plugins)
        self.database = Database(
            MemoryStrategy(self.clock, lambda: "00c0ffee") if strategy is None else strategy,
            self.schemas,
            self.clock,
            Ids(self.ids.new_uuid, self.ids.new_token, "test"),
        )
        if strategy is None:
            success_of(self.database.start())
        store = self.database.strategy
        self.position: Position | None = None
        self.cache = EntityCache(self.clock)
        self.applied: list[Change] = []
        self.levels: list[str] = []
        self.follows = True
        self.unready: str | None = None
        self.health = DatabaseHealth(reachable=True, stale_seconds=1.25, position=LogPosition(7, "00c0ffee"))
        self.needs_database = False
        self.pools: dict[str, PoolUse] = {}
        self.names: dict[str, tuple[str, ...]] = {}
        self.unhealthy: set[tuple[str, int]] = set()
        self.explained: list[tuple[Mapping[str, Any], str | None, str | None]] = []
        self.answers = StoredAnswers(self.clock, max_bytes=1 << 20)
        self.node = node_info(self.schemas.plugins)
        self.parts = AdminParts(
            self.database,
            self.schemas,
            self.follow,
            self.cache,
            self.node,
            LogLevel(self.clock, "notice", self.levels.append),
            Convergence(store, store, self.member, lambda: None, self.clock),
            self.lookup,
            self,
            self.answers,
            self.explain,
        )
        self.tokens = AdminTokenHolder(self.database["admin_tokens"], self.clock)
        gate = None
        if admin_token is not None:
            self.tokens.startService()
            gate = Gate(self.tokens, Permissions(self.schemas), self.clock.seconds, Secret(admin_token))
        self.client = AdminClient(admin_site(self.parts, self.clock, AccessRules(), gate=gate))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Self]:
        """Open the store, and close it in the end."""
        await self.database.start()
        try:
            yield self
        finally:
            await self.database.stop()

    async def explain(
        self, request: Mapping[str, Any], consumer_id: str | None, told_by: str | None
    ) -> dict[str, Any]:
        """Tells what was asked; a path of ``/refused`` reaches no Route."""
        if request.get("path") == "/refused":
            raise ValueError("no such request")
        self.explained.append((request, consumer_id, told_by))
        return {"route": None}

    def status_client(self) -> AdminClient:
        """A client of the node's Status API."""
        readiness = Readiness(lambda: self.unready, self._health, needs_database=self.needs_database)
        metrics = Metrics(
            self.node,
            self._health,
            ReadLog(),
            lambda: self.cache.statistics,
            self.database.strategy.members,
            lambda: self.pools,
        )
        return AdminClient(
            status_site(self.node, self.database.log, readiness, metrics, self.clock),
        )

    async def lookup(self, host: str) -> tuple[str, ...]:
        """The addresses of a name that the test knows; there is no other name."""
        if host not in self.names:
            raise NameFailure(host)
        return self.names[host]

    def healthy(self, upstream_id: str, target: tuple[str, int], ip: str, port: int) -> bool:
        """Whether an address is not one of those that the test has put out."""
        return (ip, port) not in self.unhealthy

    def member(self) -> Member:
        """This node among the nodes."""
        return Member("test", NODE_ID, "test-host", "0.1.0", START, self.position)

    async def follow(self, written: Written) -> bool:
        """Follow a write, as far as the test lets the node."""
        changes = written.changes
        self.applied.extend(changes)
        if changes and self.follows:
            self.position = changes[-1].position
        for change in changes:
            for key in change.keys:
                self.cache.invalidate(key)
        if self.tokens.running:
            await self.tokens.apply(changes)
        return self.follows

    async def _health(self) -> DatabaseHealth:
        return self.health

    def create(self, path: str, record: dict[str, Any]) -> dict[str, Any]:
        """Make an entity through the Admin API."""
        answer = self.client.post(path, record)
        assert answer.status == 201, answer.body
        entity: dict[str, Any] = answer.json
        return entity


@cache
def _schemas(plugins: tuple[str, ...]) -> Schemas:
    return build_schemas(bundled(*plugins) if plugins else ())


def node_info(plugins: Mapping[str, PluginDefinition]) -> NodeInfo:
    """What a node under test tells about itself."""
    shortfalls = {plugin.name: plugin.shortfall for plugin in load_plugins(plugins).plugins}
    return NodeInfo(
        node_id=NODE_ID,
        hostname="test-host",
        version="0.1.0",
        runtime="CPython 3.x",
        configuration={"admin_listen": ["127.0.0.1:8001"], "pg_password": "******"},
        plugins={
            name: PluginVersion(each.version, each.priority, shortfalls[name])
            for name, each in plugins.items()
        },
        main_pid=1,
        worker_pids=lambda: [1],
        memory=lambda: [ProcessMemory(1, 25 << 20)],
        stores=lambda: {"kong_core_db_cache": StoreUse(128 << 20, 1 << 19)},
    )

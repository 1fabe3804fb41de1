"""Two nodes on one SQLite file: what one writes, the other serves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import maybeDeferred
from twisted.internet.task import deferLater

from tests.kit.stores import core_schemas, make_ids
from twisted_kong.core.cache import ABSENT, MISS
from twisted_kong.core.changes import Entity
from twisted_kong.core.plan import PluginPlan
from twisted_kong.core.router.router import RouteQuery, Router
from twisted_kong.db.database import Database
from twisted_kong.db.strategies.sqlite.store import SqliteStrategy
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.feed import ChangeFeed
from twisted_kong.node.invalidation import Invalidator
from twisted_kong.node.plugin_rows import PluginHolder
from twisted_kong.node.routing import RouterHolder

pytestmark = pytest.mark.integration


class Node:
    """All of a node but its listeners."""

    def __init__(self, name: str, path: Path, reactor: Any, *, ttl: float = 0.0, **feed: Any) -> None:
        self.reactor = reactor
        self.database = Database(SqliteStrategy(path, reactor), core_schemas(), reactor, make_ids(name))
        self.cache = EntityCache(reactor, ttl=ttl)
        self.router = RouterHolder(
            Router(), self.database["services"], self.database["routes"], reactor, ttl=ttl
        )
        self.plugins = PluginHolder(PluginPlan({"any": 1}), self.database["plugins"], reactor, ttl=ttl)
        self.invalidator = Invalidator(self.cache, [self.router, self.plugins], reactor)
        self.feed = ChangeFeed(
            self.database.strategy, self.invalidator.follow, self.invalidator.doubt, reactor, **feed
        )

    async def write(self, verb: str, kind: str, *arguments: Any) -> Entity | None:
        """What the Admin API does."""
        written = await getattr(self.database[kind], verb)(*arguments)
        assert await self.invalidator.apply(written.changes)
        return written.entity  # type: ignore[no-any-return]

    def finds(self, path: str) -> bool:
        query = RouteQuery("GET", "http", "example.com", 80, path, None, lambda name: [])
        return self.router.match(query) is not None

    async def consumer(self, name: str) -> Entity | None:
        """A Consumer by name, as plugins look one up."""
        key = f"consumers:{name}:::::{self.database.workspace}"
        value: Entity | None = await self.cache.get(
            key, lambda: self.database["consumers"].select_by("username", name)
        )
        return value

    def known(self, name: str) -> Any:
        return self.cache.peek(f"consumers:{name}:::::{self.database.workspace}")

    async def after(self, seconds: float) -> None:
        await deferLater(self.reactor, seconds, lambda: None)

    async def until(self, condition: Any, seconds: float) -> float:
        """Wait for a condition; how long it took."""
        begun = self.reactor.seconds()
        while not condition():
            assert self.reactor.seconds() - begun < seconds, "waited in vain"
            await self.after(0.01)
        return float(self.reactor.seconds() - begun)


@asynccontextmanager
async def running(path: Path, name: str, reactor: Any, **options: Any) -> AsyncIterator[Node]:
    node = Node(name, path, reactor, **options)
    await node.database.start()
    services = (node.router, node.plugins, node.feed)
    for service in services:
        service.startService()
    try:
        await node.until(lambda: node.router.ready and node.plugins.ready, 5)
        yield node
    finally:
        for service in reversed(services):
            await maybeDeferred(service.stopService)
        await node.database.stop()


@asynccontextmanager
async def two_nodes(path: Path, **options: Any) -> AsyncIterator[tuple[Node, Node]]:
    from twisted.internet import reactor

    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running(path / "kong.db", "a", reactor))
        second = await stack.enter_async_context(running(path / "kong.db", "b", reactor, **options))
        yield first, second


async def test_a_writer_is_answered_when_its_own_node_serves_the_new_state(tmp_path: Path) -> None:
    """POST a Service and a Route: the next request passes; DELETE them: the next request is not routed."""
    async with two_nodes(tmp_path) as (a, _):
        service = await a.write("insert", "services", {"host": "x"})
        assert service is not None
        route = await a.write("insert", "routes", {"paths": ["/x"], "service": {"id": service["id"]}})
        assert route is not None
        assert a.finds("/x")
        await a.write("delete", "routes", route["id"])
        assert not a.finds("/x")
        await a.write("delete", "services", service["id"])
        assert a.router.services == {}


async def test_the_other_node_notices_at_once(tmp_path: Path) -> None:
    """News of the file is looked for every tenth of a second, long before the poll."""
    async with two_nodes(tmp_path, frequency=60) as (a, b):
        assert await b.consumer("bob") is None
        assert b.known("bob") is MISS
        await a.write("insert", "consumers", {"username": "bob"})
        route = await a.write("insert", "routes", {"paths": ["/x"]})
        assert route is not None
        await b.until(lambda: b.finds("/x") and b.known("bob") is ABSENT, 2)
        found = await b.consumer("bob")
        assert found is not None
        await a.write("delete", "consumers", found["id"])
        await b.until(lambda: b.known("bob") is ABSENT, 2)
        assert await b.consumer("bob") is None


async def test_a_missing_plugin_is_noticed_with_the_poll(tmp_path: Path) -> None:
    """Without any news, db_update_frequency is the bound."""
    async with two_nodes(tmp_path, frequency=0.3, watch=0) as (a, b):
        assert b.plugins.plan.rows() == ()
        await a.write("insert", "plugins", {"name": "any"})
        await b.until(lambda: b.plugins.plan.rows() != (), 2)


async def test_propagation_puts_off_the_purge(tmp_path: Path) -> None:
    """With db_update_propagation the other node serves the old state for so long, and no longer."""
    async with two_nodes(tmp_path, frequency=60, propagation=0.5) as (a, b):
        await b.after(0.6)
        await b.consumer("bob")
        await a.write("insert", "consumers", {"username": "bob"})
        assert await b.until(lambda: b.known("bob") is ABSENT, 3) >= 0.5


async def test_a_ttl_bounds_what_was_never_heard_of(tmp_path: Path) -> None:
    """With polling switched off, db_cache_ttl is the bound, for cache and holders alike."""
    async with two_nodes(tmp_path, frequency=0, ttl=0.5) as (a, b):
        await b.consumer("bob")
        await a.write("insert", "consumers", {"username": "bob"})
        await a.write("insert", "plugins", {"name": "any"})
        await a.write("insert", "routes", {"paths": ["/x"]})
        waited = await b.until(
            lambda: b.known("bob") is ABSENT and b.finds("/x") and b.plugins.plan.rows() != (), 3
        )
        assert waited < 1


async def test_a_position_tells_when_the_other_node_has_applied_a_write(tmp_path: Path) -> None:
    """Convergence is waited for, not slept for."""
    async with two_nodes(tmp_path, frequency=60, watch=0) as (a, b):
        written = await a.database["routes"].insert({"paths": ["/x"]})
        assert not b.finds("/x")
        assert await b.feed.reached(written.position, 5) is True
        assert b.finds("/x")
        # Its own node was never told of it by the writer, and finds it in the log all the same.
        assert await a.feed.reached(written.position, 5) is True
        assert a.finds("/x")

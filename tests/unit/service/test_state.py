"""What a node knows of the database, put together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.deferreds import outcome, success_of
from tests.kit.logs import caught_failures
from tests.kit.memory_node import MemoryNode, started_node
from twisted_kong.core.cache import ABSENT, MISS
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.strategies.memory import MemoryData
from twisted_kong.service.state import NodeCache, NodeState


@pytest.fixture
def data() -> MemoryData:
    return MemoryData()


@pytest.fixture
def node(tmp_path: Path, data: MemoryData) -> Iterator[MemoryNode]:
    yield from started_node(tmp_path, data=data)


@pytest.fixture
def other(tmp_path: Path, data: MemoryData) -> Iterator[MemoryNode]:
    yield from started_node(tmp_path, data=data)


def state_of(node: MemoryNode) -> NodeState:
    return node.parts.state


async def nothing() -> Any:
    return None


def test_everything_is_loaded_at_the_start(tmp_path: Path, node: MemoryNode, data: MemoryData) -> None:
    """Routes, plugins, Upstreams: a node that comes up later knows what was written before."""
    client = node.client(8001)
    client.post("/services", {"name": "s", "host": "u"})
    client.post("/services/s/routes", {"paths": ["/x"]})
    client.post("/plugins", {"name": "key-auth"})
    client.post("/upstreams", {"name": "u"})
    later = MemoryNode(tmp_path, data=data)
    later.start()
    state = state_of(later)
    assert [len(each) for each in (state.routing.routes, state.routing.services, state.plugins.plugins)] == [
        1,
        1,
        1,
    ]
    assert state.unready() is None
    assert [row["name"] for row in state.upstreams.rows["upstreams"].values()] == ["u"]
    later.stop()


def test_changes_of_others_are_followed(node: MemoryNode, other: MemoryNode) -> None:
    """A miss that is cached here goes as soon as the feed hears of the entity."""
    state = state_of(node)
    key = f"consumers:bob:::::{node.parts.database.workspace}"
    assert success_of(state.cache.get(key, nothing)) is None
    assert state.cache.peek(key) is MISS
    other.client(8001).post("/consumers", {"username": "bob"})
    other.client(8001).post("/plugins", {"name": "key-auth"})
    node.settle(state.feed.poll_now())
    assert state.cache.peek(key) is ABSENT
    assert len(state.plugins.plugins) == 1


def test_without_polling_nothing_is_heard(tmp_path: Path, node: MemoryNode, data: MemoryData) -> None:
    """For tests of what the ttl alone brings about: no timer looks for changes."""
    deaf = MemoryNode(tmp_path, data=data)
    deaf.node._polling = False
    deaf.start()
    node.client(8001).post("/plugins", {"name": "key-auth"})
    deaf.reactor.pump([1.0] * 100)
    assert len(state_of(deaf).plugins.plugins) == 0
    deaf.stop()


def test_watchers_are_told_of_rows_of_their_kind(node: MemoryNode) -> None:
    """A plugin row tells those who watch plugins and nobody else."""
    told: list[str] = []
    state = state_of(node)
    state.plugin_watchers.append(lambda: told.append("plugin"))
    state.certificate_watchers.append(lambda: told.append("certificate"))
    node.client(8001).post("/plugins", {"name": "key-auth"})
    assert told == ["plugin"]


def test_unready_says_what_is_missing(tmp_path: Path) -> None:
    """In Kong's words, until everything has been loaded once."""
    node = MemoryNode(tmp_path)
    node.strategy.page_error = DatabaseError("not now")
    with caught_failures():
        node.node.startService()
        seen = outcome(node.node.when_ready())
        node.reactor.turn()
        assert seen == []
        node.strategy.page_error = None
        node.reactor.pump([1.0] * 5)
    assert state_of(node).unready() is None
    state_of(node).plugins.ready = False
    assert state_of(node).unready() == "plugins iterator build not yet complete"
    state_of(node).routing.ready = False
    assert state_of(node).unready() == "router builds not yet complete"
    node.stop()


def test_purging_the_cache_reads_everything_again(node: MemoryNode, other: MemoryNode) -> None:
    """``DELETE /cache`` also repairs what is held in memory, should a change ever have been missed."""
    other.client(8001).post("/plugins", {"name": "key-auth"})
    state = state_of(node)
    NodeCache(state.cache, state.invalidator).soft_purge()
    node.reactor.turn()
    assert len(state.plugins.plugins) == 1


def test_a_purge_that_cannot_read_is_logged(node: MemoryNode) -> None:
    """It is tried again in the background; the API has answered long before."""
    state = state_of(node)
    cache = NodeCache(state.cache, state.invalidator)

    async def fail() -> None:
        raise DatabaseError("gone")

    state.invalidator.refresh = fail  # type: ignore[method-assign]
    with caught_failures() as logged:
        cache.soft_purge()
    assert logged == ["gone"]

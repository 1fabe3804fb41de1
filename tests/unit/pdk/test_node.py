"""What does not depend on a request: node, addresses, cache and database."""

from __future__ import annotations

import pytest

from tests.kit.deferreds import success_of
from tests.kit.pdk import a_gateway
from twisted_kong.pdk.node import ABSENT, Databases, Ip, Node, PluginCache

BOB = {"id": "b", "username": "bob"}


def test_node() -> None:
    """Id, name, process, and new ids."""
    node = Node(a_gateway())
    assert (node.get_id(), node.get_hostname(), node.get_pid()) == ("node-1", "host-1", 4711)
    assert node.new_uuid() != node.new_uuid()


def test_addresses() -> None:
    """An address is trusted or not; what is none is a mistake."""
    ip = Ip(a_gateway())
    assert ip.is_trusted("10.0.0.1")
    assert not ip.is_trusted("::1")
    with pytest.raises(ValueError, match="x"):
        ip.is_trusted("x")


def test_cache() -> None:
    """Keys have Kong's form; values are loaded once and can be purged."""
    cache = PluginCache(a_gateway())
    key = cache.key("things", "a", "b")
    assert key == "things:a:b::::ws"
    with pytest.raises(ValueError, match="five"):
        cache.key("things", *"abcdef")

    async def load() -> str:
        return "value"

    assert cache.peek(key) is ABSENT
    assert success_of(cache.get(key, load)) == "value"
    assert cache.peek(key) == "value"
    assert cache.probe(key) == "value"
    assert cache.invalidate_local(key)
    assert cache.peek(key) is ABSENT


def test_database() -> None:
    """Kinds by name, for reading only."""
    database = Databases(a_gateway(consumers=[BOB]).database)
    assert success_of(database["consumers"].select("b")) is BOB
    assert success_of(database.consumers.select_by("username", "bob")) is BOB
    assert success_of(database.consumers.page()) == [BOB]

    async def all_of() -> list[object]:
        return [each async for each in database.consumers.each()]

    assert success_of(all_of()) == [BOB]
    assert database.consumers is database["consumers"]
    assert not hasattr(database.consumers, "delete")
    with pytest.raises(AttributeError, match="nothings"):
        database.nothings  # noqa: B018

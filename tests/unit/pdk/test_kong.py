"""``kong`` has Kong's modules, made when they are touched."""

from __future__ import annotations

import pytest

from tests.kit.pdk import a_context, a_gateway, a_kong
from twisted_kong.pdk.kong import Kong, _Module
from twisted_kong.pdk.phase import INIT_WORKER


def test_modules_are_made_once() -> None:
    """The same module is there at each touch, and none before the first."""
    kong = a_kong(a_context())
    before = set(vars(kong))
    assert not {"request", "client", "service", "response", "log", "ctx"} & before
    assert kong.request is kong.request
    assert set(vars(kong)) - before == {"request"}


def test_the_node_is_shared() -> None:
    """Cache, database and settings are the node's, not the request's."""
    kong = a_kong(a_context())
    assert kong.cache is kong.surroundings.cache
    assert kong.db is kong.surroundings.db
    assert kong.configuration == {"prefix": "/kong"}
    assert kong.node.get_id() == "node-1"
    assert kong.ip.is_trusted("10.0.0.1")
    assert (kong.version, kong.version_num) == ("3.9.1", 3009001)


def test_memory() -> None:
    """``ctx.shared`` is for all plugins, ``ctx.plugin`` for each row by itself."""
    kong = a_kong(a_context())
    kong.ctx.shared["a"] = 1
    kong.ctx.plugin["b"] = 2
    kong.call.running_id = "row-2"
    assert kong.ctx.shared == {"a": 1}
    assert kong.ctx.plugin == {}
    kong.call.running_id = "row-1"
    assert kong.ctx.plugin == {"b": 2}
    assert kong.plugin.get_id() == "row-1"


def test_routing() -> None:
    """Route and Service are the entities that were found."""
    context = a_context()
    kong = a_kong(context)
    assert kong.router.get_route() is context.route
    assert kong.router.get_service() is context.service


def test_outside_of_requests() -> None:
    """There the node can be used, a request cannot."""
    kong = a_kong(None, a_gateway(), INIT_WORKER)
    assert kong.node.get_id() == "node-1"
    with pytest.raises(AttributeError, match="context"):
        kong.request.get_method()


def test_modules_belong_to_the_class() -> None:
    """Asked of the class, a module is its description."""
    assert isinstance(Kong.__dict__["request"], _Module)
    assert isinstance(Kong.request, _Module)

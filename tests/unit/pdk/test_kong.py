"""``kong`` has Kong's modules, made when they are touched."""

from __future__ import annotations

import pytest

from tests.kit.pdk import a_context, a_gateway, a_kong
from twisted_kong.pdk.kong import Kong, _Module
from twisted_kong.pdk.phase import INIT_WORKER, WrongPhase


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
    assert (kong.pdk_version, kong.pdk_major_version) == ("1.0.0", 1)


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
    for touch in (
        lambda: kong.request.get_method(),
        lambda: kong.ctx.shared,
        lambda: kong.response.exit(200),
    ):
        with pytest.raises(WrongPhase, match="there is no request in init_worker phase"):
            touch()


def test_modules_that_are_missing_are_named() -> None:
    """Who ports a plugin is told in one line what this version lacks; feature detection works."""
    kong = a_kong(a_context())
    with pytest.raises(AttributeError, match=r"^kong\.timer is not part of this version of the gateway$"):
        _ = kong.timer  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"^there is no module kong\.nonsense$"):
        _ = kong.nonsense  # type: ignore[attr-defined]
    assert not hasattr(kong, "tracing")
    with pytest.raises(AttributeError, match=r"^nonsense$"):
        _ = kong.call.nonsense  # type: ignore[attr-defined]


def test_modules_belong_to_the_class() -> None:
    """Asked of the class, a module is its description."""
    assert isinstance(Kong.__dict__["request"], _Module)
    assert isinstance(Kong.request, _Module)

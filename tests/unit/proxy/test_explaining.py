"""What is explained is what the proxy does, and the reasons are the router's and the plan's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.kit.deferreds import success_of
from tests.kit.memory_node import MemoryNode, started_node
from tests.kit.proxies import World
from tests.kit.routes import a_route
from tests.unit.core.router.test_router import route_fields
from twisted_kong.core.plan import PluginPlan
from twisted_kong.core.router import make_router
from twisted_kong.node.balancing import Balancing
from twisted_kong.proxy.described import Described
from twisted_kong.proxy.explaining import MOST_ROUTES, Explainer
from twisted_kong.proxy.queries import query_maker
from twisted_kong.proxy.settings import Settings

FLAVORS = ["traditional_compatible", "traditional", "expressions"]

described = st.builds(
    Described,
    method=st.sampled_from(["GET", "POST", "PUT"]),
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(["a.test", "B.test", "x.a.test:80", "a.b", "test", "a.test:8000"]),
    path=st.sampled_from(["/", "/a", "/a/b", "/a/./bc", "/ab", "/a/x", "/c", "/%61", "/%ff"]),
    headers=st.sampled_from(
        [
            {},
            {"x-a": "1"},
            {"X-A": ["1", "2"]},
            {"x-a": "B", "x-b": "1"},
            {"content-type": "application/grpc"},
        ]
    ),
    destination=st.just(("127.0.0.1", 8000)),
)
protocols = st.sampled_from([["http"], ["https"], ["http", "https"], ["grpc"], ["tcp"]])


def sent(asked: Described) -> bytes:
    """The request as a client would send it."""
    fields = [("Host", str(asked.host))]
    for name, values in asked.headers.items():
        fields += [(name, value) for value in ([values] if isinstance(values, str) else values)]
    lines = [f"{asked.method} {asked.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*lines, "", ""]).encode()


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(FLAVORS),
    st.lists(st.tuples(route_fields, protocols), max_size=5),
    st.lists(described, min_size=1, max_size=3),
)
def test_it_is_what_the_proxy_does(
    flavor: str, fields: list[tuple[dict[str, Any], list[str]]], requests: list[Described]
) -> None:
    """The Route that is told takes the very request when it comes, and is answered the same."""
    router = make_router(flavor)
    routes = {}
    for number, (each, names) in enumerate(fields):
        route = a_route(number, **each) | {"protocols": names, "service": None, "snis": None}
        routes[route["id"]] = route
        router.put(route)
    routing: Any = SimpleNamespace(
        router=router, routes=routes, match=router.match, service_of=lambda route: None
    )
    plugins: Any = SimpleNamespace(plan=PluginPlan({}), plugins={})
    balancing = Balancing(lambda host: (host,))
    explainer = Explainer(routing, plugins, balancing, {}, Settings(), flavor, Clock())
    world = World()
    world.gateway.routing = routing
    world.gateway.query_of = query_maker(flavor)
    for asked in requests:
        told = success_of(explainer.explain(asked))
        world.client(sent(asked), asked.scheme)
        taken = world.contexts[-1].route
        assert told["route"] == (None if taken is None else {"id": taken["id"], "name": taken["name"]})
        assert told["answer"]["status"] == world.contexts[-1].status
        assert told["upstream"] is None
        others = [other["id"] for other in told["other_routes"]]
        assert len(set(others)) == len(others)
        assert taken is None or taken["id"] not in others


@pytest.fixture
def node(tmp_path: Path) -> Iterator[MemoryNode]:
    yield from started_node(tmp_path)


def explained(node: MemoryNode, path: str = "/a/b", **fields: Any) -> dict[str, Any]:
    answer = node.client(8001).post("/debug/explain", {"host": "ex.test", "path": path, **fields})
    assert answer.status == 200, answer.json
    told: dict[str, Any] = answer.json
    return told


def made(node: MemoryNode, where: str, **fields: Any) -> dict[str, Any]:
    answer = node.client(8001).post(where, fields)
    assert answer.status == 201, answer.json
    row: dict[str, Any] = answer.json
    return row


def test_the_way_to_the_service(node: MemoryNode) -> None:
    """The rewritten URI, the Upstream, and which of its addresses could be chosen."""
    made(node, "/upstreams", name="up", host_header="inner.test")
    made(node, "/upstreams/up/targets", target="127.0.0.1:9000")
    made(node, "/upstreams/up/targets", target="127.0.0.2:9000", weight=0)
    made(node, "/upstreams/up/targets", target="127.0.0.3:9000")
    made(node, "/services", name="s", host="up", path="/base")
    made(node, "/services/s/routes", name="r", paths=["/a"])
    health: Any = SimpleNamespace(available=lambda peer: peer.ip != "127.0.0.3")
    node.parts.state.balancing.health = health
    told = explained(node, query={"q": "1"}, method="POST")
    assert (told["matched"], told["service"]["name"]) == ({"prefix": "/a"}, "s")
    way = told["upstream"]
    assert (way["method"], way["uri"]) == ("POST", "http://up:80/base/b?q=1")
    assert (way["upstream"]["name"], way["algorithm"]) == ("up", "round-robin")
    assert [(each["ip"], each["available"]) for each in way["addresses"]] == [
        ("127.0.0.1", True),
        ("127.0.0.2", False),
        ("127.0.0.3", False),
    ]
    assert {each["host_header"] for each in way["addresses"]} == {"inner.test:9000"}


def test_a_service_of_its_own(node: MemoryNode) -> None:
    """An address is known; a name is not looked up."""
    made(node, "/services", name="s", url="https://[::1]:9443/")
    made(node, "/services/s/routes", name="r", paths=["/a"], preserve_host=True, strip_path=False)
    way = explained(node)["upstream"]
    assert (way["uri"], way["upstream"]) == ("https://[::1]:9443/a/b", None)
    assert [(each["ip"], each["host_header"]) for each in way["addresses"]] == [("::1", "ex.test")]
    node.client(8001).patch("/services/s", {"host": "name.test"})
    assert explained(node)["upstream"]["addresses"] == []


def test_plugins_in_their_order(node: MemoryNode) -> None:
    """Those that run, with scope, priority and phases, and those that do not with the reason."""
    made(node, "/consumers", username="bob")
    made(node, "/services", name="s", url="http://127.0.0.1")
    made(node, "/services/s/routes", name="r", paths=["/a"])
    made(node, "/plugins", name="key-auth")
    anybody = made(node, "/plugins", name="rate-limiting", config={"minute": 1})
    bobs = made(node, "/consumers/bob/plugins", name="rate-limiting", config={"minute": 2})
    made(node, "/services/s/plugins", name="correlation-id", enabled=False)
    told = explained(node)
    assert [(each["name"], each["scope"]) for each in told["plugins"]] == [
        ("key-auth", ["global"]),
        ("rate-limiting", ["global"]),
    ]
    assert told["plugins"][0]["priority"] == 1250
    assert told["plugins"][0]["phases"] == ["access"]
    assert [(each["name"], each["reason"]) for each in told["other_plugins"]] == [
        ("correlation-id", "disabled")
    ]
    told = explained(node, consumer="bob")
    assert (told["consumer"]["username"], told["authenticated_by"]) == ("bob", "key-auth")
    assert told["plugins"][1]["id"] == bobs["id"]
    reasons = {each["id"]: (each["reason"], each["by"]) for each in told["other_plugins"]}
    assert reasons[anybody["id"]] == ("overridden", bobs["id"])


def test_a_request_without_a_route(node: MemoryNode) -> None:
    """Only what is bound to nothing takes part, without its access."""
    made(node, "/plugins", name="rate-limiting", config={"minute": 1})
    told = explained(node)
    assert told["answer"] == {"status": 404, "message": "no Route matched with those values"}
    assert [(each["name"], "access" in each["phases"]) for each in told["plugins"]] == [
        ("rate-limiting", False)
    ]


def test_routes_that_are_not_taken(node: MemoryNode) -> None:
    """Lower ones, those of a disabled Service, those that lack something; at most ten."""
    made(node, "/services", name="s", url="http://127.0.0.1")
    made(node, "/services", name="off", url="http://127.0.0.1", enabled=False)
    made(node, "/services/s/routes", name="taken", paths=["/a"])
    made(node, "/services/s/routes", name="lower", paths=["/"])
    made(node, "/services/off/routes", name="off", paths=["/a"])
    made(node, "/services/off/routes", name="elsewhere", paths=["/z"])
    made(node, "/services/s/routes", name="put", paths=["/a"], methods=["PUT"])
    told = [(each["name"], each["reason"]) for each in explained(node)["other_routes"]]
    assert told == [("off", "service_disabled"), ("lower", "lower_priority"), ("put", "condition")]
    put = explained(node)["other_routes"][2]
    assert (put["condition"], put["wanted"], put["got"]) == ("methods", ["PUT"], "GET")
    for number in range(MOST_ROUTES):
        made(node, "/services/s/routes", paths=[f"/{number}"])
    assert len(explained(node)["other_routes"]) == MOST_ROUTES


def test_what_never_reaches_a_route(node: MemoryNode) -> None:
    """The proxy would answer by itself, and that is said."""
    answer = node.client(8001).post("/debug/explain", {"path": "/../x"})
    assert answer.status == 400
    assert answer.json["message"].startswith("the proxy would answer 400")

"""``/debug/explain`` of a whole node, held against what the same node's proxy then does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.served import Served, served

pytestmark = pytest.mark.integration

REQUESTS: list[dict[str, Any]] = [
    {"path": "/a"},
    {"path": "/a/b"},
    {"path": "/a/b", "method": "PUT"},
    {"path": "/a/b", "headers": {"X-Kind": "blue"}},
    {"path": "/%61/c", "host": "shop.test"},
    {"path": "/", "host": "www.shop.test:8000"},
    {"path": "/re/12/x"},
    {"path": "/nowhere"},
]


async def explained(world: Served, **request: Any) -> dict[str, Any]:
    answer = await world.node.admin.post("/debug/explain", {"host": "any.test", **request})
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.json
    return told


async def test_the_proxy_does_what_was_explained(tmp_path: Path) -> None:
    """Route, Service and the path that the Service sees are those that were told; telling sends nothing."""
    async with served(tmp_path, service={"path": "/base"}, allow_debug_header=True) as world:
        await world.route("short", paths=["/a"])
        await world.route("long", paths=["/a/b"], strip_path=False)
        await world.route("put", paths=["/a/b"], methods=["PUT"])
        await world.route("blue", paths=["/a/b"], headers={"x-kind": ["blue"]})
        await world.route("shop", paths=["/a"], hosts=["shop.test"])
        await world.route("wild", hosts=["*.shop.test"])
        await world.route("regex", paths=[r"~/re/\d+"])
        for request in REQUESTS:
            before = len(world.upstream.requests)
            told = await explained(world, **request)
            assert len(world.upstream.requests) == before
            more = {
                "host": request.get("host", "any.test"),
                "method": request.get("method", "GET"),
                "headers": [*request.get("headers", {}).items(), ("Kong-Debug", "1")],
            }
            answer = await world.get(request["path"], **more)
            if told["route"] is None:
                assert (answer.status, told["answer"]["status"]) == (404, 404)
                continue
            assert answer.header("Kong-Route-Id") == told["route"]["id"]
            assert answer.header("Kong-Route-Name") == told["route"]["name"]
            assert answer.header("Kong-Service-Id") == told["service"]["id"]
            assert answer.header("Kong-Service-Name") == "svc"
            place = f"http://127.0.0.1:{world.upstream.port}"
            assert told["upstream"]["uri"] == place + world.upstream.requests[-1].target


async def test_reasons_follow_each_change(tmp_path: Path) -> None:
    """What is told after a write is what holds since then."""
    async with served(tmp_path) as world:
        admin = world.node.admin
        await world.route("r", paths=["/a"], methods=["PUT"])
        told = await explained(world, path="/a")
        assert told["other_routes"][0] | {"id": ""} == {
            "id": "",
            "name": "r",
            "reason": "condition",
            "condition": "methods",
            "wanted": ["PUT"],
            "got": "GET",
        }
        await admin.patch("/routes/r", {"methods": None})
        assert (await explained(world, path="/a"))["route"]["name"] == "r"
        await admin.patch("/services/svc", {"enabled": False})
        told = await explained(world, path="/a")
        assert (told["route"], told["other_routes"][0]["reason"]) == (None, "service_disabled")


async def test_expressions(tmp_path: Path) -> None:
    """The part of an expression that is not true is told, with the values of its fields."""
    async with served(tmp_path, router_flavor="expressions") as world:
        await world.route("q", expression='http.path ^= "/a" && any(http.queries.q) == "1"')
        await world.route("s", expression='http.path ^= "/a" && net.src.ip in 10.0.0.0/8')
        told = await explained(world, path="/a", query="q=1")
        assert told["route"]["name"] == "q"
        assert told["other_routes"][0]["wanted"] == "net.src.ip in 10.0.0.0/8"
        assert told["other_routes"][0]["got"] == {"net.src.ip": "127.0.0.1"}
        told = await explained(world, path="/a", source={"ip": "10.1.1.1"})
        assert told["route"]["name"] == "s"

"""Plugins that this version can store and not run, on a whole node: nothing gets past them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.logger import LogLevel

from tests.kit.logs import captured_lines
from tests.kit.served import Served, served
from tests.kit.turns import until
from twisted_kong.admin.routes.plugins import WARNING, warning

pytestmark = pytest.mark.integration


async def plugin(world: Served, path: str, name: str, **fields: Any) -> dict[str, Any]:
    """Make a Plugin below another entity."""
    return await world.node.admin.create(f"{path}/plugins", {"name": name, **fields})


async def test_requests_are_refused_until_it_is_gone(tmp_path: Path) -> None:
    """503 with the reason from the very next request on; nothing reaches the Service."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        await world.route("other", paths=["/y"])
        with captured_lines(LogLevel.error) as lines:
            made = await plugin(world, "/routes/r", "acl", config={"allow": ["g"]})
            answer = await world.get("/x")
            assert answer.status == 503
            assert answer.json["message"] == "The plugin 'acl' is not available in this version"
            assert (await world.get("/x")).status == 503
            await until(lambda: lines)
        assert world.upstream.requests == []
        assert [made["id"] in line and "[acl]" in line for line in lines] == [True]
        assert (await world.get("/y")).status == 200
        await world.node.admin.request("DELETE", f"/plugins/{made['id']}")
        assert (await world.get("/x")).status == 200


async def test_an_instance_of_a_consumer(tmp_path: Path) -> None:
    """Only its requests are refused, once it is known that they are."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        await plugin(world, "/routes/r", "key-auth")
        for name in ("bob", "amy"):
            await world.node.admin.create("/consumers", {"username": name})
            await world.node.admin.create(f"/consumers/{name}/key-auth", {"key": name})
        await plugin(world, "/consumers/bob", "ip-restriction", config={"deny": ["10.0.0.1"]})
        assert (await world.get("/x", headers=[("apikey", "amy")])).status == 200
        assert (await world.get("/x", headers=[("apikey", "bob")])).status == 503
        assert (await world.get("/x")).status == 401


async def test_a_policy_that_this_node_counts_by_itself(tmp_path: Path) -> None:
    """The limit is kept here; whoever wrote it and whoever reads the log knows that it is kept here only."""
    text = "counts on this node only, policy 'redis' is not available in this version"
    config = {"year": 2, "policy": "redis", "redis": {"host": "redis.test"}}
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        with captured_lines(LogLevel.error) as lines:
            answer = await world.node.admin.post(
                "/routes/r/plugins", {"name": "rate-limiting", "config": config}
            )
            assert (answer.status, answer.header(WARNING)) == (201, warning("rate-limiting", text))
            assert [(await world.get("/x")).status for _ in range(3)] == [200, 200, 429]
            await until(lambda: lines)
        assert [answer.json["id"] in line and text in line for line in lines] == [True]


async def test_the_writer_is_warned(tmp_path: Path) -> None:
    """The row is stored as any other."""
    async with served(tmp_path) as world:
        answer = await world.node.admin.post("/plugins", {"name": "cors"})
        text = warning("cors", "is not available in this version: requests to it are answered 503")
        assert (answer.status, answer.header(WARNING)) == (201, text)
        assert (await world.node.admin.get("/plugins")).json["data"] == [answer.json]

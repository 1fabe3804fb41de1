"""One node, whole: what is written through its Admin API is served by its proxy at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.running import running_node
from tests.kit.scripted_upstream import response, scripted_upstream

pytestmark = pytest.mark.integration


async def test_a_service_comes_and_goes(tmp_path: Path) -> None:
    """POST a Service and a Route: a request passes; DELETE them: the very next request is not routed."""
    from twisted.internet import reactor

    async with (
        scripted_upstream(reactor, lambda _: response(200, b"hello", [("X-From", "upstream")])) as upstream,
        running_node(tmp_path) as node,
    ):
        await node.admin.create("/services", {"name": "x", "url": upstream.url})
        await node.admin.create("/services/x/routes", {"name": "r", "paths": ["/x"]})
        passed = await node.proxy.get("/x/y?z=1")
        assert (passed.status, passed.body, passed.header("x-from")) == (200, b"hello", "upstream")
        assert [(seen.method, seen.target) for seen in upstream.requests] == [("GET", "/y?z=1")]
        assert (await node.admin.delete("/routes/r")).status == 204
        refused = await node.proxy.get("/x/y")
        assert (refused.status, refused.json["message"]) == (404, "no Route matched with those values")
        assert (await node.admin.delete("/services/x")).status == 204
        assert (await node.proxy.get("/x/y")).status == 404
        assert len(upstream.requests) == 1

"""One node, whole: what is written through its Admin API is served by its proxy at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.error import CannotListenError
from twisted.logger import LogLevel

from tests.kit.certificates import make_certificate
from tests.kit.logs import captured_lines
from tests.kit.running import make_conf, make_host, running_node
from tests.kit.scripted_upstream import response, scripted_upstream
from twisted_kong.node.prefix import prepare_prefix
from twisted_kong.service.node import KongNode

pytestmark = [pytest.mark.integration, pytest.mark.each_database]


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


@pytest.mark.sqlite
async def test_a_node_that_is_stopped_while_it_opens_its_file_leaves_nothing(tmp_path: Path) -> None:
    """The thread of the database ends, and the file can be used by the next node."""
    from twisted.internet import reactor

    conf = make_conf(tmp_path)
    prepare_prefix(conf, datetime.now(UTC), lambda: str(uuid4()))
    kong = KongNode(conf, reactor, host=make_host())
    kong.startService()
    ready = kong.when_ready()
    await kong.stopService()
    with pytest.raises(CancelledError):
        await ready
    assert not [thread for thread in threading.enumerate() if str(tmp_path) in thread.name]
    async with running_node(tmp_path) as node:
        assert (await node.admin.get("/services")).status == 200


async def test_a_second_node_on_the_same_port_is_refused(tmp_path: Path) -> None:
    """Although kong.conf says ``reuseport``, as Kong's default does; the first one serves on."""
    async with running_node(tmp_path, "a") as first:
        with pytest.raises(CannotListenError):
            async with running_node(tmp_path, "b", proxy_listen=f"127.0.0.1:{first.port} reuseport"):
                pytest.fail("two nodes listen on one port")
        assert (await first.proxy.get("/")).status == 404


async def test_the_status_api_tells_when_the_node_is_ready(tmp_path: Path) -> None:
    """Ready while it serves, draining once it quits; whoever sends requests there can see it coming."""
    async with running_node(tmp_path, status_listen="127.0.0.1:0") as node:
        ready = await node.status.get("/status/ready")
        assert (ready.status, ready.json["message"]) == (200, "ready")
        await node.kong.drain()
        answer = await node.status.get("/status/ready")
        assert (answer.status, answer.json["message"]) == (503, "draining")


async def test_a_burst_of_changes_is_served_change_by_change(tmp_path: Path) -> None:
    """Many writers at once: each finds served what it was answered, and nothing that it removed."""
    from twisted.internet import reactor

    async with (
        scripted_upstream(reactor, lambda seen: response(200, seen.target.encode())) as upstream,
        running_node(tmp_path) as node,
    ):
        await node.admin.create("/services", {"name": "x", "url": upstream.url})

        async def one(number: int) -> None:
            route = {"name": f"r{number}", "paths": [f"/r{number}"]}
            await node.admin.create("/services/x/routes", route)
            assert (await node.proxy.get(f"/r{number}/a")).body == b"/a"
            await node.admin.patch(f"/routes/r{number}", {"strip_path": False})
            assert (await node.proxy.get(f"/r{number}/a")).body == f"/r{number}/a".encode()
            assert (await node.admin.delete(f"/routes/r{number}")).status == 204
            assert (await node.proxy.get(f"/r{number}/a")).status == 404

        # of two digits each, for a Route /r1 would take what is meant for /r12
        await gatherResults([Deferred.fromCoroutine(one(number)) for number in range(10, 40)])


async def test_listeners_are_told_of_once_and_in_words_of_the_configuration(tmp_path: Path) -> None:
    """Where each is, and nothing of the parts that it is made of; stopping them is no news either."""
    certificate, key = make_certificate("a.test")
    (tmp_path / "cert.pem").write_text(certificate)
    (tmp_path / "key.pem").write_text(key)
    files = {"ssl_cert": tmp_path / "cert.pem", "ssl_cert_key": tmp_path / "key.pem"}
    with captured_lines(LogLevel.info) as lines:
        async with running_node(
            tmp_path, proxy_listen="127.0.0.1:0 ssl", status_listen="127.0.0.1:0", **files
        ) as node:
            (status,) = (port.getHost().port for port in node.parts.status.ports)
    told = [
        f"Status API listens on 127.0.0.1:{status}",
        f"Admin API listens on 127.0.0.1:{node.admin_port}",
        f"proxy listens on 127.0.0.1:{node.port} (ssl)",
    ]
    assert [line for line in lines if "listens on" in line] == told
    assert not [line for line in lines if "actory" in line or "starting on" in line or "Closed" in line]

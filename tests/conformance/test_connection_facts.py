"""How long connections live on both sides, also as WebSockets, as operators of Kong rely on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.http_client import HttpConnection
from tests.kit.scripted_upstream import Received, response
from tests.kit.served import Served, served

pytestmark = pytest.mark.integration

WEBSOCKET = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
]
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


async def used(world: Served, *methods: str) -> list[int]:
    """Which connections to the Service requests with these methods were sent on."""
    for method in methods:
        assert (await world.get("/x", method=method)).status == 200
        # Connections come back and go with the next turns.
        await world.node.after(0.02)
    return [request.connection for request in world.upstream.requests]


@pytest.mark.parametrize(
    ("settings", "connections"),
    [
        ({}, [0, 0, 0]),
        ({"upstream_keepalive_pool_size": 0}, [0, 1, 2]),
        ({"upstream_keepalive_max_requests": 2}, [0, 0, 1]),
        ({"upstream_keepalive_idle_timeout": 0.001}, [0, 1, 2]),
    ],
)
async def test_connections_to_a_service_are_kept(
    tmp_path: Path, settings: dict[str, Any], connections: list[int]
) -> None:
    """``upstream_keepalive_*``: how many are kept, for how many requests, and for how long."""
    async with served(tmp_path, **settings) as world:
        await world.route("r", paths=["/x"])
        if "upstream_keepalive_idle_timeout" in settings:
            for _ in range(2):
                await used(world, "GET")
                await world.node.after(0.15)
        assert await used(world, *["GET"] * (3 - len(world.upstream.requests))) == connections


async def test_a_service_may_close_its_connection(tmp_path: Path) -> None:
    """With its answer, or afterwards: the next request goes out on another one, whatever its method."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        world.upstream.script = lambda _: response(200, b"", [("Connection", "close")])
        assert await used(world, "GET", "POST") == [0, 1]
        world.upstream.script = lambda _: response()
        assert await used(world, "GET") == [0, 1, 2]
        transport: Any = world.upstream.connections[2].transport
        transport.loseConnection()
        await world.upstream.connections[2].closed
        assert await used(world, "POST") == [0, 1, 2, 3]


async def test_a_connection_that_dies_under_a_request_costs_no_retry(tmp_path: Path) -> None:
    """A kept connection may be closed while the request is on its way; it is sent again on a new one."""

    def script(request: Received) -> bytes | None:
        return None if len(world.upstream.requests) == 2 else response()

    async with served(tmp_path, script=script, service={"retries": 0}) as world:
        await world.route("r", paths=["/x"])
        assert await used(world, "GET", "GET") == [0, 0, 1]


async def test_a_client_may_send_so_many_requests(tmp_path: Path) -> None:
    """``nginx_http_keepalive_requests``: the last one is told, and the connection closed."""
    async with served(tmp_path, nginx_http_keepalive_requests=2) as world:
        await world.route("r", paths=["/x"])
        connection = await world.node.proxy.connect()
        connection.send(world.node.proxy.encode("GET", "/x") * 3)
        answers = [await connection.answer(), await connection.answer()]
        assert [answer.header("Connection") for answer in answers] == ["keep-alive", "close"]
        assert await connection.rest() == b""


async def test_keep_alive_may_be_switched_off(tmp_path: Path) -> None:
    """``nginx_http_keepalive_timeout = 0``: each answer is the last of its connection."""
    async with served(tmp_path, nginx_http_keepalive_timeout=0) as world:
        connection = await world.node.proxy.connect()
        connection.send(world.node.proxy.encode("GET", "/none") * 2)
        assert (await connection.answer()).header("Connection") == "close"
        assert await connection.rest() == b""


@pytest.mark.parametrize(
    "settings",
    [{"nginx_http_keepalive_timeout": "100ms"}, {"nginx_http_client_header_timeout": "100ms"}],
)
async def test_a_silent_client_is_not_waited_for(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Between two requests, or in the middle of a head, it is cut off without a word."""
    async with served(tmp_path, **settings) as world:
        connection = await world.node.proxy.connect()
        if "nginx_http_keepalive_timeout" in settings:
            connection.send(world.node.proxy.encode("GET", "/none"))
            assert (await connection.answer()).status == 404
        else:
            connection.send(b"GET / HTTP/1.1\r\nHo")
        assert await connection.rest() == b""


async def upgraded(world: Served) -> HttpConnection:
    """A connection through which the client and the Service speak freely."""
    await world.route("r", paths=["/x"])
    connection = await world.node.proxy.connect()
    connection.send(world.node.proxy.encode("GET", "/x", headers=WEBSOCKET))
    answer = await connection.answer()
    assert (answer.status, answer.reason) == (101, "Switching Protocols")
    assert answer.header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert answer.header("Upgrade") == "websocket"
    assert (answer.header("Connection") or "").lower() == "upgrade"
    return connection


async def test_websockets_are_passed_through(tmp_path: Path) -> None:
    """After 101 every byte goes both ways; when the Service ends, so does the client's connection."""
    async with served(tmp_path, script=lambda _: SWITCHED) as world:
        connection = await upgraded(world)
        seen = world.upstream.requests[-1]
        assert (seen.header("Upgrade"), seen.header("Connection")) == ("websocket", "keep-alive, Upgrade")
        # What it is that passes does not matter; a request is what the test's server can read.
        world.upstream.script = lambda _: b"\x81\x02hi"
        connection.send(b"inside \x01 \x02\r\n\r\n")
        await world.node.until(lambda: len(world.upstream.requests) == 2)
        assert world.upstream.requests[-1].method == "inside"
        transport: Any = world.upstream.connections[-1].transport
        transport.loseConnection()
        assert await connection.rest() == b"\x81\x02hi"


async def test_a_client_leaves_a_websocket(tmp_path: Path) -> None:
    """When the client ends, so does the connection to the Service."""
    async with served(tmp_path, script=lambda _: SWITCHED) as world:
        connection = await upgraded(world)
        await connection.close()
        await world.upstream.connections[-1].closed


async def test_nobody_else_is_switched(tmp_path: Path) -> None:
    """A Service that switches protocols without being asked: 502."""
    async with served(tmp_path, script=lambda _: SWITCHED, service={"retries": 0}) as world:
        await world.route("r", paths=["/x"])
        assert (await world.get("/x")).status == 502
        assert (await world.get("/x", headers=[("Upgrade", "h2c"), ("Connection", "Upgrade")])).status == 502

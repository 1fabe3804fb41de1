"""The Admin API over real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from treq.client import HTTPClient
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.web.client import Agent, HTTPConnectionPool
from typing_extensions import override

from tests.kit.admin_node import AdminNode
from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.api import admin_site

pytestmark = pytest.mark.integration

LIMIT = 1000


class Served:
    """An Admin API that listens on a port of its own."""

    def __init__(self, node: AdminNode, port: int, client: Any) -> None:
        self.node = node
        self.port = port
        self.client = client

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


class Collector(Protocol):
    """Collects what comes until the connection is closed."""

    def __init__(self) -> None:
        self.received = b""
        self.closed: Deferred[bytes] = Deferred()

    @override
    def dataReceived(self, data: bytes) -> None:
        self.received += data

    @override
    def connectionLost(self, reason: Any = None) -> None:
        self.closed.callback(self.received)


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    """Listen for the time of a test."""
    from twisted.internet import reactor

    node = AdminNode("key-auth")
    site = admin_site(node.parts, reactor, AccessRules(), body_limit=LIMIT)
    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(site)
    pool = HTTPConnectionPool(reactor, persistent=True)
    try:
        yield Served(node, port.getHost().port, HTTPClient(Agent(reactor, pool=pool)))
    finally:
        await pool.closeCachedConnections()
        await port.stopListening()


async def test_entities_by_treq() -> None:
    """A client makes, reads and removes an entity over kept-alive connections."""
    async with serving() as served:
        made = await served.client.post(served.url("/services"), json={"name": "s", "host": "h"})
        assert made.code == 201
        assert made.headers.getRawHeaders("X-Kong-Position")
        read = await served.client.get(served.url("/services/s"))
        assert (await read.json()) == (await made.json())
        gone = await served.client.delete(served.url("/services/s"))
        assert (gone.code, await gone.content()) == (204, b"")
        head = await served.client.head(served.url("/services"))
        assert (head.code, await head.content()) == (200, b"")


async def test_a_large_body_is_refused_and_the_connection_lives() -> None:
    """413 comes after the body was read to its end; the next request on the connection is served."""
    async with serving() as served:
        answer = await exchange(
            served,
            b"POST /services HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000,
            b"GET /services HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )
        assert answer.startswith(b"HTTP/1.1 413 Request Entity Too Large\r\n")
        assert answer.endswith(b'{"data":[],"next":null}')


async def test_an_expected_body_is_asked_for() -> None:
    """A client that waits for 100 is told to go on."""
    async with serving() as served:
        body = json.dumps({"host": "h"}).encode()
        head = b"POST /services HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n"
        answer = await exchange(
            served, head + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body), body
        )
        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n")


async def test_http_1_0_is_served() -> None:
    """A request without Host on HTTP/1.0 is answered, and the connection closed."""
    async with serving() as served:
        answer = await exchange(served, b"GET /services HTTP/1.0\r\n\r\n")
        assert b"200 OK" in answer


async def exchange(served: Served, *sent: bytes) -> bytes:
    """Send bytes on a connection of its own; what came until it was closed."""
    from twisted.internet import reactor

    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", served.port)
    collector: Any = await connectProtocol(endpoint, Collector())
    for data in sent:
        collector.transport.write(data)
    received: bytes = await collector.closed
    return received

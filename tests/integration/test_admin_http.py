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
        self._wanted = b""
        self._waiting: Deferred[None] | None = None

    def has(self, end: bytes) -> Deferred[None]:
        """Fires when what was received ends so."""
        self._wanted, self._waiting = end, Deferred()
        waiting = self._waiting
        self._look()
        return waiting

    @override
    def dataReceived(self, data: bytes) -> None:
        self.received += data
        self._look()

    def _look(self) -> None:
        if self._waiting is not None and self.received.endswith(self._wanted):
            waiting, self._waiting = self._waiting, None
            waiting.callback(None)

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


async def test_a_large_body_is_refused_before_it_has_come() -> None:
    """413 comes with the head; what still comes of the body is read over, so that the answer arrives."""
    async with serving() as served:
        head = b"POST /services HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n"
        answer = await exchange(served, head, b"x" * 300_000)
        assert answer.startswith(b"HTTP/1.1 413 Request Entity Too Large\r\n")
        assert b"\r\nConnection: close\r\n" in answer
        # it is the last answer, whatever the client still has to say
        more = b"GET /services HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert (await exchange(served, head, b"x" * 300_000 + more)).count(b"HTTP/1.1 ") == 1


async def test_an_expected_body_is_asked_for() -> None:
    """A client that waits for 100 is told to go on; one whose body would be too large is refused at once."""
    async with serving() as served:
        body = json.dumps({"host": "h"}).encode()
        head = b"POST /services HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n"
        kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        talk = await connect(served)
        talk.transport.write(head + kind % len(body))
        await talk.has(b"100 Continue\r\n\r\n")
        talk.transport.write(body)
        answer = await talk.closed
        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n")
        refused = await exchange(served, head + kind % (LIMIT + 1))
        assert refused.startswith(b"HTTP/1.1 413 ")


async def test_http_1_0_is_served() -> None:
    """A request without Host on HTTP/1.0 is answered, and the connection closed."""
    async with serving() as served:
        answer = await exchange(served, b"GET /services HTTP/1.0\r\n\r\n")
        assert b"200 OK" in answer


async def connect(served: Served) -> Any:
    """A connection of its own."""
    from twisted.internet import reactor

    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", served.port)
    return await connectProtocol(endpoint, Collector())


async def exchange(served: Served, *sent: bytes) -> bytes:
    """Send bytes on a connection of its own; what came until it was closed."""
    collector = await connect(served)
    for data in sent:
        collector.transport.write(data)
    received: bytes = await collector.closed
    return received

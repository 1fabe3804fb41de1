"""A whole node with a Service behind it, for tests of what a client and that Service get to see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol, wrapClientTLS
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from typing_extensions import override
from zope.interface import implementer

from tests.kit.http_client import Answer, HeaderLines, HttpClient, HttpConnection
from tests.kit.running import RunningNode, running_node
from tests.kit.scripted_upstream import Received, Script, Upstream, scripted_upstream


class Served:
    """A node, and the Service ``svc`` that leads to ``upstream``."""

    def __init__(self, node: RunningNode, upstream: Upstream, reactor: Any) -> None:
        self.node = node
        self.upstream = upstream
        self.reactor = reactor

    async def service(self, name: str, **fields: Any) -> dict[str, Any]:
        """Make a Service; its url is the upstream's unless it is given a host or url."""
        if "host" not in fields and "url" not in fields:
            fields |= {"host": "127.0.0.1", "port": self.upstream.port}
        return await self.node.admin.create("/services", {"name": name, **fields})

    async def route(self, name: str, service: str = "svc", **fields: Any) -> dict[str, Any]:
        """Make a Route of a Service."""
        return await self.node.admin.create(f"/services/{service}/routes", {"name": name, **fields})

    async def get(
        self,
        path: str,
        *,
        host: str | None = None,
        method: str = "GET",
        headers: HeaderLines = (),
        **more: Any,
    ) -> Answer:
        """One request to the proxy."""
        lines = [*headers, *([] if host is None else [("Host", host)])]
        return await self.node.proxy.request(method, path, headers=lines, **more)

    async def seen(self, path: str, **more: Any) -> Received:
        """What the Service saw of a request, which must have succeeded."""
        answer = await self.get(path, **more)
        assert answer.status == 200, (answer.status, answer.body)
        return self.upstream.requests[-1]

    async def chosen(self, path: str, **more: Any) -> str | None:
        """The name of the Route that took a request, None for none; needs ``allow_debug_header``."""
        lines = [*more.pop("headers", ()), ("Kong-Debug", "1")]
        return (await self.get(path, headers=lines, **more)).header("Kong-Route-Name")


@asynccontextmanager
async def served(
    directory: Path,
    *,
    script: Script | None = None,
    service: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Served]:
    """A node with these settings and its Service.

    :param service: further fields of the Service.
    """
    from twisted.internet import reactor

    async with (
        scripted_upstream(reactor, script) as upstream,
        running_node(directory, **settings) as node,
    ):
        made = Served(node, upstream, reactor)
        await made.service("svc", **(service or {}))
        yield made


@implementer(IOpenSSLClientConnectionCreator)
class _Anybody:
    """Trusts every server, and asks for a name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803
        """Twisted's interface."""
        connection = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
        connection.set_tlsext_host_name(self._name.encode())
        return connection


class TlsClient(HttpClient):
    """A client of a listener with ssl.

    :param name: the SNI.
    """

    def __init__(self, reactor: Any, port: int, name: str) -> None:
        super().__init__(reactor, port)
        self._reactor = reactor
        self._name = name

    @override
    async def connect(self) -> HttpConnection:
        plain = TCP4ClientEndpoint(self._reactor, self.host, self.port)
        endpoint = wrapClientTLS(_Anybody(self._name), plain)
        connecting: Awaitable[HttpConnection] = connectProtocol(endpoint, HttpConnection(self._reactor))
        return await connecting

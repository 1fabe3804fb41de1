"""Requests and a node as plugins see them, without sockets: contexts, a cache and a database in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from twisted_kong.core.cache import ABSENT, MISS
from twisted_kong.core.context import RequestContext, Response, Upstream
from twisted_kong.core.headers import Headers
from twisted_kong.core.http1.blocks import frame_request, parse_block
from twisted_kong.core.http1.names import REQUEST_NAMES
from twisted_kong.core.http1.requests import make_head
from twisted_kong.core.router import Captures, RouteMatch
from twisted_kong.core.urls import normalise_path
from twisted_kong.pdk.gateway import Gateway
from twisted_kong.pdk.kong import Kong, Surroundings
from twisted_kong.pdk.phase import ACCESS

Entity = dict[str, Any]
WORKSPACE = "ws"
# 2026-11-24 00:26:27 UTC, when Kong was recorded.
RECORDED = 1795479987.487


class MemoryCache:
    """Holds what was loaded until it is invalidated."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.loads: list[str] = []

    def peek(self, key: str) -> Any:
        """What is held."""
        return self.values.get(key, ABSENT)

    async def get(
        self,
        key: str,
        loader: Callable[[], Awaitable[Any]],
        *,
        ttl: float | None = None,
        neg_ttl: float | None = None,
    ) -> Any:
        """What is held, or is loaded now."""
        if key not in self.values:
            self.loads.append(key)
            value = await loader()
            self.values[key] = MISS if value is None else value
        value = self.values[key]
        return None if value is MISS else value

    def probe(self, key: str) -> Any:
        """What is held, without use."""
        return self.values.get(key)

    def invalidate(self, key: str) -> bool:
        """Forget a key."""
        return self.values.pop(key, None) is not None


class MemoryDao:
    """Some entities of one kind; each read waits if ``gate`` is set."""

    def __init__(self, rows: list[Entity]) -> None:
        self.rows = rows
        self.gate: Deferred[None] | None = None

    async def select(self, pk: Any) -> Entity | None:
        """By id."""
        return await self.select_by("id", pk)

    async def select_by(self, field: str, value: Any) -> Entity | None:
        """By any field."""
        if self.gate is not None:
            await self.gate
        return next((row for row in self.rows if row.get(field) == value), None)

    async def page(self, size: int = 100, offset: str | None = None) -> Any:
        """All of them."""
        return self.rows

    async def each(self, page_size: int = 100) -> AsyncIterator[Entity]:
        """One after the other."""
        for row in self.rows:
            yield row


class MemoryDatabase(dict[str, MemoryDao]):
    """DAOs by kind."""

    workspace = WORKSPACE


class MemoryIO:
    """Bodies that are there, or come later."""

    def __init__(self, body: bytes | Deferred[bytes] = b"", response: bytes = b"") -> None:
        self.body = body
        self.response = response

    async def request_body(self) -> bytes:
        """The request's."""
        return await self.body if isinstance(self.body, Deferred) else self.body

    async def response_body(self) -> bytes:
        """The Service's."""
        return self.response


def a_gateway(*, log: Logger | None = None, log_level: str = "notice", **entities: list[Entity]) -> Gateway:
    """A node that holds these entities by kind."""
    uuids = iter(range(1, 1000))
    return Gateway(
        cache=MemoryCache(),
        database=MemoryDatabase({kind: MemoryDao(rows) for kind, rows in entities.items()}),
        node_id="node-1",
        hostname="host-1",
        new_uuid=lambda: f"uuid-{next(uuids)}",
        seconds=lambda: RECORDED + 0.25,
        is_trusted=lambda address: address == "10.0.0.1",
        configuration={"prefix": "/kong"},
        pid=4711,
        log=log or Logger("kong"),
        log_level=log_level,
    )


def a_service(**fields: Any) -> Entity:
    """A Service with everything that the data path reads."""
    service = {
        "id": "svc",
        "name": "svc",
        "protocol": "http",
        "host": "up.test",
        "port": 80,
        "path": None,
        "connect_timeout": 1000,
        "read_timeout": 1000,
        "write_timeout": 1000,
        "retries": 5,
        "enabled": True,
    }
    return service | fields


def a_context(
    target: str = "/a",
    *,
    method: str = "GET",
    headers: list[tuple[str, str]] | dict[str, str] | None = None,
    body: bytes | Deferred[bytes] = b"",
    route: Entity | None = None,
    service: Entity | None = None,
    routed: bool = True,
    trusted: bool = False,
    captures: Captures | None = None,
) -> RequestContext:
    """A request as the exchange hands it to the phases, routed unless told otherwise."""
    fields = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    if not any(name.lower() == "host" for name, _ in fields):
        fields.insert(0, ("Host", "client.test:8080"))
    raw = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in fields)
    line = f"{method} {target} HTTP/1.1".encode("latin-1")
    block = parse_block(raw, REQUEST_NAMES)
    frame_request(block)
    head = make_head(line, block)
    context = RequestContext()
    context.head = head
    context.io = MemoryIO(body)
    context.scheme = "http"
    context.peer_ip, context.peer_port = "127.0.0.1", 40000
    context.client_ip, context.client_port = "127.0.0.2", 40001
    context.trusted = trusted
    context.listener_port = 19000
    context.request_id = "0123456789abcdef0123456789abcdef"
    context.started = RECORDED
    context.path = normalise_path(head.path)
    if routed:
        context.route = route or {
            "id": "route",
            "name": "r",
            "strip_path": True,
            "protocols": ["http", "https"],
        }
        context.service = service or a_service()
        context.match = RouteMatch(context.route, "/a", captures)
        context.upstream = Upstream(context.service, head.method, head.path, head.query)
    return context


def a_kong(context: RequestContext | None, gateway: Gateway | None = None, phase: int = ACCESS) -> Kong:
    """The PDK of a request."""
    kong = Kong(Surroundings(gateway or a_gateway()), context, phase)
    kong.call.running, kong.call.running_id = "test-plugin", "row-1"
    return kong


def answered(
    context: RequestContext, status: int = 200, fields: list[tuple[bytes, bytes]] | None = None
) -> RequestContext:
    """The same request once the Service has answered; edits made before are carried out."""
    context.response = Response(status, Headers(fields or [(b"Content-Type", b"text/plain")]), "service")
    context.status = status
    if context.response_edits is not None:
        context.response_edits.apply(context.response.headers)
    return context


def sent_headers(context: RequestContext) -> dict[str, str | None]:
    """What the plugins' edits set (a value) or remove (None), by lower-case name."""
    upstream = context.upstream
    assert upstream is not None
    if upstream.edits is None:
        return {}
    shown: dict[str, str | None] = {name.decode(): None for name in upstream.edits.removed}
    return shown | {name.decode().lower(): value.decode("latin-1") for name, value in upstream.edits.fields()}

"""A gateway in memory: clients and Services are transports of strings, time moves by hand."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from typing_extensions import override

from tests.kit.phases import NoPhases
from twisted_kong.core.context import RequestContext
from twisted_kong.core.replies import Replies
from twisted_kong.core.router import RouteMatch, RouteQuery
from twisted_kong.node.balancing import Balancing
from twisted_kong.proxy.downstream import Downstream
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.pool import Pool
from twisted_kong.proxy.real_ip import RealIp, TrustedIps
from twisted_kong.proxy.settings import Settings
from twisted_kong.proxy.upstream import Upstream
from twisted_kong.proxy.wheel import Wheel

ID = "0123456789abcdef0123456789abcdef"
START = 1_000_000.0


def service_row(**changes: Any) -> dict[str, Any]:
    """A Service that listens on an address."""
    row: dict[str, Any] = {
        "id": "s1",
        "name": "svc",
        "protocol": "http",
        "host": "10.0.0.1",
        "port": 81,
        "path": None,
        "connect_timeout": 3000,
        "read_timeout": 5000,
        "write_timeout": 7000,
        "retries": 2,
        "enabled": True,
    }
    return {**row, **changes}


def route_row(**changes: Any) -> dict[str, Any]:
    """A Route that takes everything."""
    row: dict[str, Any] = {
        "id": "r1",
        "name": "rt",
        "protocols": ["http", "https"],
        "paths": ["/"],
        "strip_path": False,
        "preserve_host": False,
        "request_buffering": True,
        "response_buffering": True,
        "https_redirect_status_code": 426,
        "service": {"id": "s1"},
    }
    return {**row, **changes}


class Wire(StringTransport):
    """One end of a connection: what was written can be read, and how it was ended."""

    def __init__(self, peer: tuple[str, int] = ("192.0.2.1", 4000)) -> None:
        super().__init__()
        self.peer = peer
        self.half_closed = False
        self.aborted = False

    @override
    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", *self.peer)

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802 - Twisted's name
        """Nothing to do."""

    def loseWriteConnection(self) -> None:  # noqa: N802 - Twisted's name
        """Our end is over."""
        self.half_closed = True

    @override
    def abortConnection(self) -> None:
        self.aborted = True

    @property
    def reading(self) -> bool:
        """Whether the other side may send."""
        return self.producerState == "producing"

    def take(self) -> bytes:
        """What was written since the last look."""
        data: bytes = self.value()
        self.clear()
        return data


class OneRoute:
    """Routing with a single Route, or none."""

    def __init__(self, route: dict[str, Any] | None, service: dict[str, Any] | None) -> None:
        self.route = route
        self.service = service
        self.queries: list[RouteQuery] = []
        self.prefix: str | None = "/"

    def match(self, query: RouteQuery) -> RouteMatch | None:
        """The Route."""
        self.queries.append(query)
        return None if self.route is None else RouteMatch(self.route, self.prefix, None)

    def service_of(self, route: Any) -> dict[str, Any] | None:
        """Its Service."""
        return self.service


class Plugged(NoPhases):
    """Phases of a test: what is set is called."""

    def __init__(self, **phases: Any) -> None:
        self.phases = phases
        self.seen: list[str] = []
        self.has_work = self.has_access = self.has_later = True
        self.has_header_filter = "header_filter" in phases
        self.has_body_filter = "body_filter" in phases
        self.has_response = "response" in phases
        self.has_log = True

    @override
    def needs(self, ctx: RequestContext) -> Plugged:
        return self

    def _run(self, phase: str, *arguments: Any) -> Any:
        self.seen.append(phase)
        call = self.phases.get(phase)
        return None if call is None else call(*arguments)

    @override
    def rewrite(self, ctx: RequestContext) -> Any:
        return self._run("rewrite", ctx)

    @override
    def access(self, ctx: RequestContext, needs: Any = None) -> Any:
        return self._run("access", ctx)

    @override
    def response(self, ctx: RequestContext) -> Any:
        return self._run("response", ctx)

    @override
    def header_filter(self, ctx: RequestContext) -> Any:
        return self._run("header_filter", ctx)

    @override
    def body_filter(self, ctx: RequestContext, chunk: bytes, last: bool) -> bytes:
        result: bytes | None = self._run("body_filter", ctx, chunk, last)
        return chunk if result is None else result

    @override
    def log(self, ctx: RequestContext) -> None:
        self._run("log", ctx)


class World:
    """A gateway with its clients and Services.

    :param settings: as keyword arguments of :class:`Settings`.
    """

    def __init__(
        self,
        *,
        route: dict[str, Any] | None = None,
        service: dict[str, Any] | None = None,
        routed: bool = True,
        phases: Any = None,
        trusted: list[str] | None = None,
        balancing: Balancing | None = None,
        **settings: Any,
    ) -> None:
        self.reactor = MemoryReactorClock()
        self.reactor.advance(START)
        self.logged: list[tuple[int, int]] = []
        self.contexts: list[RequestContext] = []
        self.routing = OneRoute(route or route_row() if routed else None, service or service_row())
        self.wheel = Wheel(self.reactor)
        now = self.reactor.seconds
        self.settings = Settings(**settings)
        self.pool = Pool(self.reactor, self.wheel, now, size=self.settings.pool_size)
        self.gateway = Gateway(
            settings=self.settings,
            routing=self.routing,
            phases=phases or NoPhases(),
            balancer=balancing or Balancing(lambda host: (host,)),
            pool=self.pool,
            wheel=self.wheel,
            real_ip=RealIp(TrustedIps(trusted or []), b"x-real-ip", False),
            replies=Replies(),
            now=now,
            ids=iter(lambda: ID, None),
            log=self._note,
        )
        self._connected = 0

    def _note(self, ctx: RequestContext) -> None:
        self.logged.append((ctx.status, ctx.bytes_sent))
        self.contexts.append(ctx)

    def client(self, data: bytes = b"", scheme: str = "http") -> tuple[Downstream, Wire]:
        """A client that has connected and sent this."""
        wire = Wire()
        connection = Downstream(self.gateway, scheme, 8000)
        connection.makeConnection(wire)
        if data:
            connection.dataReceived(data)
        return connection, wire

    @property
    def pending(self) -> int:
        """How many connections to Services were asked for and not answered yet."""
        return len(self.reactor.tcpClients) - self._connected

    def service(self) -> tuple[Upstream, Wire]:
        """The next Service that was asked accepts."""
        host, port, factory = self.reactor.tcpClients[self._connected][:3]
        self._connected += 1
        connection = factory.buildProtocol(None)
        wire = Wire((host, port))
        connection.makeConnection(wire)
        return connection, wire

    def refuse(self, error: Exception) -> None:
        """The next Service that was asked does not accept."""
        factory = self.reactor.tcpClients[self._connected][2]
        self._connected += 1
        factory.clientConnectionFailed(_Connector(), Failure(error))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.reactor.advance(seconds)


class _Connector:
    def disconnect(self) -> None:
        """Nothing is connected."""


def lose(connection: Any, *, clean: bool = True) -> None:
    """The other side closes, or breaks, a connection."""
    error = ConnectionDone() if clean else ConnectionLost()
    connection.connectionLost(Failure(error))


def get(path: bytes = b"/", *fields: bytes) -> bytes:
    """A GET request."""
    lines = b"".join(field + b"\r\n" for field in (b"Host: a.test", *fields))
    return b"GET " + path + b" HTTP/1.1\r\n" + lines + b"\r\n"


def post(body: bytes, *fields: bytes) -> bytes:
    """A POST request with its body."""
    lines = b"".join(field + b"\r\n" for field in (b"Host: a.test", *fields))
    return b"POST / HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n%b" % (lines, len(body), body)


def ok(body: bytes = b"hi", *fields: bytes) -> bytes:
    """A Service's answer."""
    lines = b"".join(field + b"\r\n" for field in fields)
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (lines, len(body), body)


def head_of(data: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """First line, fields by lower-case name (the last of a name), and the rest."""
    head, _, rest = data.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (item.partition(b":") for item in lines)}
    return line, fields, rest

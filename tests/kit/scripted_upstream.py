"""A Service's server for tests: remembers every request, byte for byte, and answers as the test says."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from typing_extensions import override

from tests.kit.http_client import HeaderLines, Incomplete, parse_chunks, parse_headers


@dataclass(frozen=True)
class Received:
    """One request as it came; ``connection`` counts the connections from 0."""

    method: str
    target: str
    version: str
    headers: HeaderLines
    body: bytes
    connection: int
    trailers: HeaderLines = ()

    def header(self, name: str) -> str | None:
        """The first value of a header, None where it is missing."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


# Makes the whole answer, as bytes, to a request; None closes the connection without one.
Script = Callable[[Received], bytes | Awaitable[bytes | None] | None]


def response(
    status: int = 200, body: bytes = b"", headers: Sequence[tuple[str, str]] = (), reason: str = "OK"
) -> bytes:
    """An answer with a length and these headers."""
    lines = [*headers, ("Content-Length", str(len(body)))]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode("latin-1") + body


class Upstream:
    """What listens on a port of its own; change ``script`` at any time."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Received] = []
        self.connections: list[UpstreamConnection] = []
        self.port = 0

    @property
    def url(self) -> str:
        """For the ``url`` of a Service."""
        return f"http://127.0.0.1:{self.port}"

    def accept(self) -> UpstreamConnection:
        """The protocol of the next connection."""
        connection = UpstreamConnection(self, len(self.connections))
        self.connections.append(connection)
        return connection


class UpstreamConnection(Protocol):
    """One connection of the gateway; one request at a time."""

    def __init__(self, upstream: Upstream, number: int) -> None:
        self._upstream = upstream
        self._number = number
        self._received = b""
        self._busy = False
        self.closed: Deferred[None] = Deferred()

    @override
    def dataReceived(self, data: bytes) -> None:
        self._received += data
        self._go_on()

    @override
    def connectionLost(self, reason: Any = None) -> None:
        self.closed.callback(None)

    def _go_on(self) -> None:
        if self._busy:
            return
        try:
            request, self._received = parse_request(self._received, self._number)
        except Incomplete:
            return
        self._busy = True
        self._upstream.requests.append(request)
        Deferred.fromCoroutine(self._answer(request))

    async def _answer(self, request: Received) -> None:
        answer: Any = self._upstream.script(request)
        if inspect.isawaitable(answer):
            answer = await answer
        assert self.transport is not None
        if answer is None:
            self.transport.loseConnection()
            return
        self.transport.write(answer)
        self._busy = False
        self._go_on()


@asynccontextmanager
async def scripted_upstream(reactor: Any, script: Script | None = None) -> AsyncIterator[Upstream]:
    """Listen on a port of loopback; answers 200 with an empty body unless scripted."""
    upstream = Upstream(script or (lambda _: response()))
    factory = Factory()
    factory.noisy = False
    factory.buildProtocol = lambda addr: upstream.accept()  # type: ignore[method-assign]
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    upstream.port = port.getHost().port
    try:
        yield upstream
    finally:
        await port.stopListening()
        for connection in upstream.connections:
            if connection.transport is not None and not connection.closed.called:
                connection.transport.abortConnection()  # type: ignore[attr-defined]
                await connection.closed


def parse_request(received: bytes, connection: int = 0) -> tuple[Received, bytes]:
    """The first request in ``received``, and what is behind it; raises :class:`Incomplete`."""
    head, found, rest = received.partition(b"\r\n\r\n")
    if not found:
        raise Incomplete
    line, headers = parse_headers(head)
    method, target, version = line.split(" ")
    fields = {name.lower(): value for name, value in headers}
    trailers: HeaderLines = ()
    if "chunked" in fields.get("transfer-encoding", ""):
        body, trailers, rest = parse_chunks(rest)
    else:
        length = int(fields.get("content-length", "0"))
        if len(rest) < length:
            raise Incomplete
        body, rest = rest[:length], rest[length:]
    return Received(method, target, version, headers, body, connection, trailers), rest

"""A plain HTTP/1.1 client for tests: sends the bytes it is given, reads answers and interprets nothing."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from typing_extensions import override

# Seconds after which a test has waited for an answer in vain.
PATIENCE = 20.0

HeaderLines = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """One answer, read to its end; header lines as they came, names in their own spelling.

    ``interim`` are the statuses of the 1xx that came before it, ``trailers`` what came behind its chunks.
    """

    status: int
    reason: str
    headers: HeaderLines
    body: bytes
    interim: tuple[int, ...] = ()
    trailers: HeaderLines = field(default=())

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def header(self, name: str) -> str | None:
        """The first value of a header, None where it is missing."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Incomplete(Exception):
    """More bytes are needed."""


class HttpConnection(Protocol):
    """One connection; requests may be sent while answers are outstanding."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._received = b""
        self._lost: Failure | None = None
        self._waiting: Deferred[None] | None = None
        self.closed: Deferred[None] = Deferred()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self.transport is not None
        self.transport.write(data)

    async def answer(self, method: str = "GET") -> Answer:
        """The next answer, to a request with this method."""
        while True:
            try:
                answer, rest = parse_answer(self._received, method, ended=self._lost is not None)
            except Incomplete:
                if self._lost is not None:
                    raise ConnectionError(f"closed after {self._received!r}") from None
                await self._more()
            else:
                self._received = rest
                return answer

    async def rest(self) -> bytes:
        """All that is still to come, up to the end of the connection."""
        while self._lost is None:
            await self._more()
        received, self._received = self._received, b""
        return received

    async def close(self) -> None:
        """Close, and wait until that is done."""
        assert self.transport is not None
        self.transport.abortConnection()  # type: ignore[attr-defined]
        await self.closed

    @override
    def dataReceived(self, data: bytes) -> None:
        self._received += data
        self._wake()

    @override
    def connectionLost(self, reason: Any = None) -> None:
        self._lost = reason
        self._wake()
        self.closed.callback(None)

    async def _more(self) -> None:
        self._waiting = Deferred()
        await self._waiting.addTimeout(PATIENCE, self._reactor)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)


class HttpClient:
    """Sends each request on a connection of its own, with the headers given and no others but Host.

    :param headers: sent with every request unless it has its own of the same name.
    """

    def __init__(
        self, reactor: Any, port: int, *, host: str = "127.0.0.1", headers: Mapping[str, str] | None = None
    ) -> None:
        self._reactor = reactor
        self.port = port
        self.host = host
        self.headers = dict(headers or {})

    async def connect(self) -> HttpConnection:
        """A new connection; close it."""
        endpoint = TCP4ClientEndpoint(self._reactor, self.host, self.port)
        connecting: Awaitable[HttpConnection] = connectProtocol(endpoint, HttpConnection(self._reactor))
        return await connecting

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | HeaderLines = (),
        json: Any = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request and its answer; ``Content-Length`` is added where there is a body."""
        return await self.exchange(self.encode(method, path, headers=headers, json=json, body=body), method)

    async def exchange(self, sent: bytes, method: str = "GET") -> Answer:
        """Send bytes on a new connection and read one answer."""
        connection = await self.connect()
        try:
            connection.send(sent)
            return await connection.answer(method)
        finally:
            await connection.close()

    def encode(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | HeaderLines = (),
        json: Any = None,
        body: bytes | None = None,
    ) -> bytes:
        """A request as bytes."""
        lines = list(headers.items() if isinstance(headers, Mapping) else headers)
        names = {name.lower() for name, _ in lines}
        added: list[tuple[str, str]] = [("Host", f"{self.host}:{self.port}"), *self.headers.items()]
        if json is not None:
            body = _json_bytes(json)
            added.append(("Content-Type", "application/json"))
        if (body is not None or method in ("POST", "PUT", "PATCH")) and "transfer-encoding" not in names:
            added.append(("Content-Length", str(len(body or b""))))
        lines = [pair for pair in added if pair[0].lower() not in names] + lines
        head = "".join(f"{name}: {value}\r\n" for name, value in lines)
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (body or b"")

    async def get(self, path: str, **more: Any) -> Answer:
        """GET."""
        return await self.request("GET", path, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> Answer:
        """POST, of JSON unless a body is given."""
        return await self.request("POST", path, json=json, **more)

    async def put(self, path: str, json: Any = None, **more: Any) -> Answer:
        """PUT, of JSON unless a body is given."""
        return await self.request("PUT", path, json=json, **more)

    async def patch(self, path: str, json: Any = None, **more: Any) -> Answer:
        """PATCH, of JSON unless a body is given."""
        return await self.request("PATCH", path, json=json, **more)

    async def delete(self, path: str, **more: Any) -> Answer:
        """DELETE."""
        return await self.request("DELETE", path, **more)

    async def create(self, path: str, record: Any = None) -> dict[str, Any]:
        """Make an entity through the Admin API, which must succeed."""
        answer = await self.post(path, {} if record is None else record)
        assert answer.status == 201, (answer.status, answer.body)
        entity: dict[str, Any] = answer.json
        return entity


def parse_answer(received: bytes, method: str, *, ended: bool) -> tuple[Answer, bytes]:
    """The first answer in ``received``, and what is behind it; raises :class:`Incomplete`."""
    interim: list[int] = []
    while True:
        status, reason, headers, received = _parse_head(received)
        if status >= 200 or status == 101:
            break
        interim.append(status)
    fields = {name.lower(): value for name, value in headers}
    trailers: HeaderLines = ()
    if method == "HEAD" or status in (101, 204, 304) or (method == "CONNECT" and status < 300):
        body, rest = b"", received
    elif "chunked" in fields.get("transfer-encoding", ""):
        body, trailers, rest = parse_chunks(received)
    elif "content-length" in fields:
        length = int(fields["content-length"])
        if len(received) < length:
            raise Incomplete
        body, rest = received[:length], received[length:]
    elif ended:
        body, rest = received, b""
    else:
        raise Incomplete
    return Answer(status, reason, headers, body, tuple(interim), trailers), rest


def parse_headers(head: bytes) -> tuple[str, list[tuple[str, str]]]:
    """The first line and the header lines of a head without its empty line."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, [(name, value.strip(" \t")) for name, _, value in pairs]


def parse_chunks(received: bytes) -> tuple[bytes, list[tuple[str, str]], bytes]:
    """A chunked body, its trailers, and what is behind it; raises :class:`Incomplete`."""
    pieces: list[bytes] = []
    while True:
        line, found, received = received.partition(b"\r\n")
        if not found:
            raise Incomplete
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        if len(received) < size + 2:
            raise Incomplete
        assert received[size : size + 2] == b"\r\n"
        pieces.append(received[:size])
        received = received[size + 2 :]
    if received.startswith(b"\r\n"):
        return b"".join(pieces), [], received[2:]
    head, found, rest = received.partition(b"\r\n\r\n")
    if not found:
        raise Incomplete
    return b"".join(pieces), parse_headers(b"\r\n" + head)[1], rest


def _parse_head(received: bytes) -> tuple[int, str, list[tuple[str, str]], bytes]:
    head, found, rest = received.partition(b"\r\n\r\n")
    if not found:
        raise Incomplete
    line, headers = parse_headers(head)
    _, status, reason = (line + " ").split(" ", 2)
    return int(status), reason.rstrip(" "), headers, rest


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()

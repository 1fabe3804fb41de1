"""Talks HTTP to an Admin API without a socket: bytes go into its site's protocol, an answer comes out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.server import Site

BOUNDARY = "----boundary"
# Seconds between two looks for an answer.
WAIT_SECONDS = 0.0005
WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Response:
    """One answer, read to its end."""

    status: int
    reason: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a header, None where it is missing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class AdminClient:
    """Sends each request on a connection of its own; an answer must come at once, if not asked for later."""

    def __init__(self, site: Site, host: str = "localhost:8001") -> None:
        self.site = site
        self.host = host

    def request(self, method: str, path: str, **content: Any) -> Response:
        """Send one request, as :meth:`encode` makes it, and read its answer."""
        return self.exchange(self.encode(method, path, **content), method)

    async def later(self, reactor: Any, method: str, path: str, **content: Any) -> Response:
        """The same, but wait for the answer while a reactor runs."""
        transport, protocol = self.connect()
        protocol.dataReceived(self.encode(method, path, **content))
        while not transport.value():
            await deferLater(reactor, WAIT_SECONDS)
        protocol.connectionLost(Failure(ConnectionError("the test is done")))
        return parse(transport.value(), method)

    def encode(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Sequence[tuple[str, str]] | None = None,
        multipart: Sequence[tuple[str, str]] | None = None,
        raw: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """A request as bytes."""
        kind, body = _encoded(json, form, multipart, raw)
        fields = {"Host": self.host}
        if kind is not None:
            fields["Content-Type"] = kind
        fields.update(headers or {})
        if body is not None or method in WITH_BODY:
            fields.setdefault("Content-Length", str(len(body or b"")))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (body or b"")

    def get(self, path: str, **more: Any) -> Response:
        """GET."""
        return self.request("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Response:
        """POST of JSON."""
        return self.request("POST", path, json=json, **more)

    def put(self, path: str, json: Any = None, **more: Any) -> Response:
        """PUT of JSON."""
        return self.request("PUT", path, json=json, **more)

    def patch(self, path: str, json: Any = None, **more: Any) -> Response:
        """PATCH of JSON."""
        return self.request("PATCH", path, json=json, **more)

    def delete(self, path: str, **more: Any) -> Response:
        """DELETE."""
        return self.request("DELETE", path, **more)

    def exchange(self, sent: bytes, method: str = "GET") -> Response:
        """Send bytes and read the answer to a request with a method."""
        transport, protocol = self.connect()
        protocol.dataReceived(sent)
        received = transport.value()
        protocol.connectionLost(Failure(ConnectionError("the test is done")))
        assert received, "no answer yet"
        return parse(received, method)

    def connect(self) -> tuple[StringTransport, Any]:
        """A new connection to the site: what was sent on it, and where to put what is received."""
        protocol: Any = self.site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 50000))
        transport = StringTransport(
            hostAddress=IPv4Address("TCP", "127.0.0.1", 8001),
            peerAddress=IPv4Address("TCP", "127.0.0.1", 50000),
        )
        protocol.makeConnection(transport)
        return transport, protocol


def parse(received: bytes, method: str) -> Response:
    """One response out of the bytes received, which must hold nothing else."""
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    _, status, reason = status_line.split(" ", 2)
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    lengths = [int(value) for name, value in headers if name.lower() == "content-length"]
    if method == "HEAD" or status in ("204", "304"):
        assert body == b""
    else:
        assert lengths == [len(body)]
    return Response(int(status), reason, headers, body)


def _encoded(
    json_value: Any,
    form: Sequence[tuple[str, str]] | None,
    multipart: Sequence[tuple[str, str]] | None,
    raw: str | bytes | None,
) -> tuple[str | None, bytes | None]:
    if json_value is not None:
        return "application/json", json.dumps(json_value).encode()
    if form is not None:
        return "application/x-www-form-urlencoded", urlencode([tuple(pair) for pair in form]).encode()
    if multipart is not None:
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in multipart
        ]
        return f"multipart/form-data; boundary={BOUNDARY}", ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()
    return None, raw.encode() if isinstance(raw, str) else raw


def site_clock(site: Site) -> Clock:
    """The clock by which a site under test goes."""
    clock = site.reactor
    assert isinstance(clock, Clock)
    return clock

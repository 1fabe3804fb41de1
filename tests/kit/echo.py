"""The Service of the recordings: it answers with a JSON picture of what it received.

Parts of the path ask for more: ``/status/N`` for another status, ``/delay/S`` for a pause, ``/abort`` for no
answer at all, ``/cookie`` and ``/cacheable`` for further headers.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any

from twisted.internet.defer import Deferred

from tests.kit.scripted_upstream import Received, Upstream, scripted_upstream

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_STATUS = re.compile(r"/status/(\d+)")
_DELAY = re.compile(r"/delay/([\d.]+)")
_BODILESS = (204, 304)
_COOKIES = [
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
    ("X-Upstream", "yes"),
    ("Via", "1.0 old"),
    ("X-Kong-Proxy-Latency", "99"),
]
_CACHEABLE = [("Cache-Control", "public, max-age=60")]


class Echo:
    """The behaviour of one such server.

    ``page`` is what it says to methods that it does not know.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.upstream: Upstream | None = None
        self.page = b""

    async def __call__(self, request: Received) -> bytes | None:
        """The answer to a request, as a :data:`~tests.kit.scripted_upstream.Script` makes it."""
        path = request.target.partition("?")[0]
        delay = _DELAY.search(path)
        if delay is not None:
            await self._pause(float(delay[1]), request)
        if "/abort" in path:
            return None
        if request.method not in METHODS:
            reason = f"Unsupported method ('{request.method}')"
            return self._answer(request, 501, reason, "text/html;charset=utf-8", self.page)
        found = _STATUS.search(path)
        status = 200 if found is None else int(found[1])
        more = _COOKIES if "/cookie" in path else _CACHEABLE if "/cacheable" in path else []
        return self._answer(
            request, status, _REASONS[status], "application/json", self._picture(request), more
        )

    def _picture(self, request: Received) -> bytes:
        assert self.upstream is not None
        picture = {
            "port": self.upstream.port,
            "method": request.method,
            "uri": request.target,
            "version": request.version,
            "headers": request.headers,
            "body": request.body.decode("latin-1"),
        }
        return json.dumps(picture).encode()

    def _answer(
        self,
        request: Received,
        status: int,
        reason: str,
        media: str,
        body: bytes,
        more: list[tuple[str, str]] | None = None,
    ) -> bytes:
        date = formatdate(self._reactor.seconds(), usegmt=True)
        fields = [("Server", "echo/1"), ("Date", date), ("Content-Type", media), *(more or [])]
        if status in _BODILESS:
            body = b""
        else:
            fields.append(("Content-Length", str(len(body))))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        shown = b"" if request.method == "HEAD" else body
        return f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode("latin-1") + shown

    async def _pause(self, seconds: float, request: Received) -> None:
        """Wait, but no longer than for the gateway to hang up."""
        assert self.upstream is not None
        over: Deferred[None] = Deferred()
        call = self._reactor.callLater(seconds, over.callback, None)
        closed = self.upstream.connections[request.connection].closed

        def hung_up(result: None) -> None:
            if call.active():
                call.cancel()
                over.callback(None)

        closed.addCallback(hung_up)
        await over


_REASONS = {
    200: "OK",
    204: "No Content",
    304: "Not Modified",
    404: "Not Found",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


@asynccontextmanager
async def echo(reactor: Any) -> AsyncIterator[Echo]:
    """Listen on a port of loopback and echo."""
    server = Echo(reactor)
    async with scripted_upstream(reactor, server) as upstream:
        server.upstream = upstream
        yield server

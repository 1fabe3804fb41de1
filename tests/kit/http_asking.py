"""Keep-alive HTTP/1.1 clients, and an upstream, for observers that do many things at once under asyncio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Asker:
    """Asks one server, one request after the other; a connection that broke is made anew with the next."""

    def __init__(self, port: int, timeout: float) -> None:
        self._port = port
        self._timeout = timeout
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, record: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One answer; OSError where there is none, TimeoutError among them."""
        body = b"" if record is None else json.dumps(record).encode()
        fields = {"Host": "localhost", **({} if record is None else {"Content-Type": "application/json"})}
        if method in ("POST", "PUT", "PATCH"):
            fields["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in {**fields, **(headers or {})}.items())
        sent = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange(sent)
        except (OSError, EOFError, asyncio.CancelledError) as error:
            self.close()
            if isinstance(error, EOFError):
                raise ConnectionResetError("closed without an answer") from None
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].transport.abort()

    async def _exchange(self, sent: bytes) -> Reply:
        if self._streams is None or self._streams[0].at_eof():
            self.close()
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(sent)
        status, headers = _head(await reader.readuntil(b"\r\n\r\n"))
        if "chunked" in headers.get("transfer-encoding", ""):
            body = await _chunks(reader)
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Reply(status, headers, body)


@asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    """The port of a Service's server that answers with the target and the headers that it got, as JSON."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *fields = head.rstrip().split("\r\n")
                headers = dict(field.lower().split(": ", 1) for field in fields)
                body = json.dumps({"target": line.split()[1], "headers": headers}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except (OSError, EOFError, asyncio.CancelledError):
            # Streams complain of a handler that was cancelled, as all are when the loop ends.
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    line, *fields = head.decode("latin-1").rstrip().split("\r\n")
    pairs = (field.partition(":") for field in fields)
    return int(line.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    pieces = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        pieces.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    return b"".join(pieces)

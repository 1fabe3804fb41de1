"""A TCP proxy for tests, between a client and a server: it can cut, swallow, delay and half close.

It lives in a thread with an event loop of its own, so that it works beside any reactor and while the test's
own thread waits.
For PostgreSQL's protocol it can swallow notifications and nothing else.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

CHUNK = 65536
_NOTIFICATION = b"A"


class Notifications:
    """Takes PostgreSQL's messages of one type out of what a server sends on a connection without TLS."""

    def __init__(self) -> None:
        self._rest = b""

    def without(self, data: bytes, *, dropping: bool) -> bytes:
        """What of the data may go on; a message that is not complete is kept for the next call."""
        self._rest += data
        kept = []
        while len(self._rest) >= 5:
            end = 1 + struct.unpack(">I", self._rest[1:5])[0]
            if len(self._rest) < end:
                break
            if not dropping or self._rest[:1] != _NOTIFICATION:
                kept.append(self._rest[:end])
            self._rest = self._rest[end:]
        return b"".join(kept)


@dataclass(eq=False)
class _Link:
    """One connection through the proxy: its two ends."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    pumps: list[asyncio.Task[None]] = field(default_factory=list)

    def abort(self) -> None:
        for pump in self.pumps:
            pump.cancel()
        for end in (self.client, self.server):
            _reset(end)


class TcpProxy:
    """Listens on a port of loopback and leads to ``target``, another one; close it.

    :param postgres: what passes is PostgreSQL's protocol without TLS.
    """

    def __init__(self, target: int, *, postgres: bool = False) -> None:
        self.target = target
        self.port = 0
        self._postgres = postgres
        self._links: set[_Link] = set()
        self._ended: WeakSet[asyncio.StreamWriter] = WeakSet()
        # All that are open still, those whose last bytes nobody takes among them.
        self._ends: WeakSet[asyncio.StreamWriter] = WeakSet()
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting = True
        self._open = asyncio.Event()
        self._delay = 0.0
        self._deaf = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)
        self._thread.start()
        self._server = self._do(self._listen)

    def cut(self, *, refuse: bool = False) -> None:
        """Reset every connection; with ``refuse`` new ones too, until :meth:`heal`."""

        async def now() -> None:
            self._accepting = not refuse
            for link in list(self._links):
                link.abort()

        self._do(now)

    def swallow(self) -> None:
        """Let nothing pass any more, in either direction; connections stay and new ones are accepted."""
        self._call(self._open.clear)

    def delay(self, seconds: float) -> None:
        """Let whatever passes from now on take so much longer, each way."""
        self._delay = seconds

    def half_close(self) -> None:
        """Tell every client that its server sends no more, and let its own bytes pass as before."""

        async def now() -> None:
            for link in list(self._links):
                self._ended.add(link.client)
                with suppress(OSError):
                    link.client.write_eof()

        self._do(now)

    def deafen(self) -> None:
        """Swallow PostgreSQL's notifications."""
        assert self._postgres
        self._deaf = True

    def heal(self) -> None:
        """Let everything pass again; what was swallowed on a connection that is still there comes late."""
        self._accepting, self._delay, self._deaf = True, 0.0, False
        self._call(self._open.set)

    @property
    def connections(self) -> int:
        """How many pass through it now."""
        return len(self._links)

    def close(self) -> None:
        """End it and everything that passes through it."""
        self.cut(refuse=True)
        self._do(self._finish)
        self._call(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        self._open.set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # No coroutine: of one that is cancelled before it has begun asyncio complains (Python 3.11).
        self._ends.add(writer)
        self._begin(self._serve(reader, writer))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._open.wait()
            if not self._accepting:
                raise ConnectionRefusedError
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)
        except (OSError, asyncio.CancelledError):
            _reset(writer)
            return
        self._ends.add(far_writer)
        link = _Link(writer, far_writer)
        self._links.add(link)
        filtered = Notifications() if self._postgres else None
        link.pumps = [
            self._begin(self._pump(reader, far_writer, None)),
            self._begin(self._pump(far_reader, writer, filtered)),
        ]
        try:
            await asyncio.gather(*link.pumps)
        except (OSError, asyncio.CancelledError):
            link.abort()
        finally:
            self._links.discard(link)
            for end in (writer, far_writer):
                end.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, filtered: Notifications | None
    ) -> None:
        while data := await reader.read(CHUNK):
            if self._delay:
                await asyncio.sleep(self._delay)
            await self._open.wait()
            if filtered is not None:
                data = filtered.without(data, dropping=self._deaf)
            if writer not in self._ended:
                writer.write(data)
                await writer.drain()
        await self._open.wait()
        with suppress(OSError):
            writer.write_eof()

    async def _finish(self) -> None:
        # asyncio forgets the sockets of clients that it lets in just now if it is cancelled in it, or the
        # server is gone by then.
        while letting_in := asyncio.all_tasks() - self._tasks - {asyncio.current_task()}:
            await asyncio.gather(*letting_in, return_exceptions=True)
        self._server.close()
        begun = list(self._tasks)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        for end in list(self._ends):
            end.transport.abort()
        # The loop closes their sockets in its next turn.
        await asyncio.sleep(0)
        await self._server.wait_closed()

    def _do(self, action: Callable[[], Awaitable[Any]]) -> Any:
        async def now() -> Any:
            return await action()

        return asyncio.run_coroutine_threadsafe(now(), self._loop).result(10)

    def _call(self, action: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(action)


def _reset(end: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN: what a firewall or a dying machine leaves."""
    with suppress(OSError):
        linger = struct.pack("ii", 1, 0)
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    end.transport.abort()


@contextmanager
def tcp_proxy(target: int, *, postgres: bool = False) -> Iterator[TcpProxy]:
    """A proxy that is closed in the end."""
    proxy = TcpProxy(target, postgres=postgres)
    try:
        yield proxy
    finally:
        proxy.close()

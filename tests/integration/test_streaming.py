"""Large bodies over real sockets: whole, in order, and never all in memory."""

from __future__ import annotations

import hashlib
import resource
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from typing_extensions import override

from tests.kit.http_player import Lab
from twisted_kong.proxy.transport import listen

pytestmark = pytest.mark.integration

SIZE = 100 * 1024 * 1024
PIECE = bytes(range(256)) * 256
# What the whole process may grow by while a body passes through it, sender and receiver included.
GROWTH = 20 * 1024 * 1024


class Pouring(Protocol):
    """Writes pieces for as long as the transport takes them."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.digest = hashlib.md5(usedforsecurity=False)
        self.received = b""

    def pour(self) -> None:
        """Begin to send the body."""
        transport: Any = self.transport
        transport.registerProducer(self, False)

    def resumeProducing(self) -> None:
        transport: Any = self.transport
        if not self.left:
            transport.unregisterProducer()
            return
        piece = PIECE[: self.left]
        self.left -= len(piece)
        self.digest.update(piece)
        transport.write(piece)

    def stopProducing(self) -> None:
        pass


class Uploader(Pouring):
    """A client that sends a large body and waits for a small answer."""

    def __init__(self) -> None:
        super().__init__(SIZE)
        self.answered: Deferred[bytes] = Deferred()
        self.ended: Deferred[None] = Deferred()

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % SIZE)
        self.pour()

    @override
    def dataReceived(self, data: bytes) -> None:
        self.received += data
        body = self.received.partition(b"\r\n\r\n")[2]
        if len(body) == 32:
            self.answered.callback(body)

    @override
    def connectionLost(self, reason: Failure | None = None) -> None:
        self.ended.callback(None)


class Downloader(Protocol):
    """A client that asks for a large body and digests it, pausing now and then."""

    def __init__(self) -> None:
        self.digest = hashlib.md5(usedforsecurity=False)
        self.head = b""
        self.size = -1
        self.done: Deferred[str] = Deferred()
        self.ended: Deferred[None] = Deferred()

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(b"GET /down HTTP/1.1\r\nHost: a\r\n\r\n")

    @override
    def dataReceived(self, data: bytes) -> None:
        if self.size < 0:
            self.head, _, data = data.partition(b"\r\n\r\n")
            self.size = 0
        self.size += len(data)
        self.digest.update(data)
        if self.size == SIZE:
            self.done.callback(self.digest.hexdigest())

    @override
    def connectionLost(self, reason: Failure | None = None) -> None:
        self.ended.callback(None)


class Warehouse(Pouring):
    """A Service: takes an upload and answers its digest, or sends a download."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(SIZE)
        self._lab = lab
        self._head = b""
        self._left = -1
        self._taken = hashlib.md5(usedforsecurity=False)

    @override
    def connectionMade(self) -> None:
        self._lab.open.add(self)

    @override
    def connectionLost(self, reason: Failure | None = None) -> None:
        self._lab.open.discard(self)

    @override
    def dataReceived(self, data: bytes) -> None:
        transport: Any = self.transport
        if self._left < 0:
            self._head, _, data = data.partition(b"\r\n\r\n")
            if self._head.startswith(b"GET"):
                transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
                self.pour()
                return
            self._left = SIZE
        self._left -= len(data)
        self._taken.update(data)
        if not self._left:
            digest = self._taken.hexdigest().encode()
            transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n" + digest)


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Store(Lab):
    """A lab whose Service is a warehouse."""

    def __init__(self, reactor: Any) -> None:
        super().__init__(reactor)
        factory = Factory()
        factory.noisy = False
        factory.buildProtocol = lambda addr: Warehouse(self)  # type: ignore[method-assign,assignment,return-value]
        self.store = listen(reactor, 0, factory, interface="127.0.0.1")
        service = self.gateway.routing.service_of({})
        assert service is not None
        service["port"] = self.store.getHost().port

    @override
    async def stop(self) -> None:
        stopped: Any = self.store.stopListening()
        await stopped
        await super().stop()


async def test_a_large_upload_passes_through_without_being_kept() -> None:
    """100 MB reach the Service byte by byte the same, in a few megabytes of memory."""
    from twisted.internet import reactor

    lab = Store(reactor)
    before = peak()
    try:
        endpoint = HostnameEndpoint(reactor, "127.0.0.1", lab.address.port)
        client = await connectProtocol(endpoint, Uploader())
        assert (await client.answered).decode() == client.digest.hexdigest()
        client.transport.loseConnection()  # type: ignore[union-attr]
        await client.ended
    finally:
        await lab.stop()
    assert peak() - before < GROWTH


async def test_a_large_download_waits_for_its_reader() -> None:
    """100 MB reach a client that pauses as often as it can, in a few megabytes of memory."""
    from twisted.internet import reactor

    lab = Store(reactor)
    before = peak()
    try:
        endpoint = HostnameEndpoint(reactor, "127.0.0.1", lab.address.port)
        client = await connectProtocol(endpoint, Downloader())
        transport: Any = client.transport
        transport.pauseProducing()
        # Nobody reads now: the gateway must stop reading from the Service, not gather what it sends.
        await deferLater(reactor, 0.2)  # type: ignore[arg-type]
        transport.resumeProducing()
        whole = hashlib.md5(usedforsecurity=False)
        for _ in range(SIZE // len(PIECE)):
            whole.update(PIECE)
        assert await client.done == whole.hexdigest()
        transport.loseConnection()
        await client.ended
    finally:
        await lab.stop()
    assert peak() - before < GROWTH


async def test_a_flood_of_connections_is_served_and_forgotten() -> None:
    """A thousand clients at once: all answered, none kept after they went, at little cost meanwhile."""
    from twisted.internet import reactor

    # A shell usually allows 1,024 files at first, and a client and its request take up to four.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    lab = Lab(reactor)
    before = peak()
    try:
        visitors = [await lab.visit() for _ in range(1000)]
        assert len(lab.gateway.connections) <= 1000
        for visitor in visitors:
            transport: Any = visitor.transport
            transport.write(b"GET /canary HTTP/1.1\r\nHost: a\r\n\r\n")
        for visitor in visitors:
            await visitor.until(b'{"target": "/canary"}')
        assert len(lab.gateway.connections) == 1000
        assert lab.gateway.pool.idle_count() <= 512
        for visitor in visitors:
            visitor.transport.loseConnection()  # type: ignore[union-attr]
            await visitor.ended
        await lab.settle()
        assert len(lab.gateway.connections) <= 1
    finally:
        await lab.stop()
    assert peak() - before < 2 * GROWTH

"""Plays hostile HTTP exchanges against a gateway over real sockets, all in one reactor and without sleeping.

An exchange is over when a later, honest request on a connection of its own has been answered several times:
by then the gateway has dealt with everything that was sent before.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from typing_extensions import override

from tests.kit.http_judge import Case, Played, plain, verdict
from tests.kit.http_wire import Seen, read_request, read_responses
from tests.kit.phases import NoPhases
from tests.kit.proxies import OneRoute, route_row, service_row
from twisted_kong.core.conf.listeners import Listener
from twisted_kong.core.replies import Replies
from twisted_kong.node.balancing import Balancing
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.listeners import Listening
from twisted_kong.proxy.pool import Pool
from twisted_kong.proxy.real_ip import RealIp, TrustedIps
from twisted_kong.proxy.request_ids import request_ids
from twisted_kong.proxy.settings import Settings
from twisted_kong.proxy.transport import listen
from twisted_kong.proxy.wheel import Wheel

CANARY = b"GET /canary HTTP/1.1\r\nHost: canary.test\r\n\r\n"
# Honest requests, one after the other, that mark the end of an exchange.
ROUNDS = 4


class Service(Protocol):
    """Answers what the case says, or echoes the target; records what it was sent."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._data = b""

    @override
    def dataReceived(self, data: bytes) -> None:
        self._data += data
        while (found := read_request(self._data)) is not None:
            seen, self._data = found
            if not seen.target.startswith(b"/canary"):
                self._lab.requests.append(seen)
            if self._answer(seen):
                return

    def _answer(self, seen: Seen) -> bool:
        transport: Any = self.transport
        named = re.match(rb"/r/([a-z0-9-]+)", seen.target)
        script = None if named is None else self._lab.scripts.get(named[1].decode())
        if script is not None:
            for piece in script["send"]:
                transport.write(plain(piece["b64"]) * piece.get("repeat", 1))
            if script.get("close"):
                transport.loseConnection()
            return bool(script.get("close"))
        body = (
            b"" if seen.method == b"HEAD" else json.dumps({"target": seen.target.decode("latin-1")}).encode()
        )
        transport.write(
            b"HTTP/1.1 200 OK\r\nX-Upstream: 1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        return False

    @override
    def connectionLost(self, reason: Failure | None = None) -> None:
        self._lab.open.discard(self)

    @override
    def connectionMade(self) -> None:
        self._lab.open.add(self)


class Visitor(Protocol):
    """A client that keeps what it is sent; ``ended`` fires when the gateway has closed."""

    def __init__(self) -> None:
        self.received = b""
        self.closed = False
        self.ended: Deferred[None] = Deferred()
        self._waiting: tuple[bytes, Deferred[None]] | None = None

    def until(self, mark: bytes) -> Deferred[None]:
        """Fires when these bytes have come, or the end."""
        done: Deferred[None] = Deferred()
        self._waiting = (mark, done)
        self._look()
        return done

    def _look(self) -> None:
        if self._waiting is not None and (self.closed or self._waiting[0] in self.received):
            (_, done), self._waiting = self._waiting, None
            done.callback(None)

    @override
    def dataReceived(self, data: bytes) -> None:
        self.received += data
        self._look()

    @override
    def connectionLost(self, reason: Failure | None = None) -> None:
        self.closed = True
        self._look()
        self.ended.callback(None)


class Lab:
    """A gateway and a Service on ports of their own.

    :param scripts: what the Service answers to ``/r/<id>``, by id.
    """

    def __init__(self, reactor: Any, scripts: dict[str, Any] | None = None, **settings: Any) -> None:
        self.reactor = reactor
        self.scripts = scripts or {}
        self.requests: list[Seen] = []
        self.open: set[Any] = set()
        factory = Factory.forProtocol(Service)
        factory.noisy = False
        factory.buildProtocol = lambda addr: Service(self)  # type: ignore[method-assign,assignment,return-value]
        self.port = listen(reactor, 0, factory, interface="127.0.0.1")
        number = self.port.getHost().port
        wheel = Wheel(reactor)
        options = Settings(**settings)
        self.gateway = Gateway(
            settings=options,
            routing=OneRoute(route_row(preserve_host=True), service_row(host="127.0.0.1", port=number)),
            phases=NoPhases(),
            balancer=Balancing(lambda host: (host,)),
            pool=Pool(reactor, wheel, reactor.seconds),
            wheel=wheel,
            real_ip=RealIp(TrustedIps([]), b"x-real-ip", False),
            replies=Replies(),
            now=reactor.seconds,
            ids=request_ids(os.urandom),
        )
        self.listening = Listening(reactor, [Listener("127.0.0.1", 0)], self.gateway)
        self.listening.start()
        self.address = self.listening.ports[0].getHost()

    async def visit(self) -> Visitor:
        """A new client."""
        endpoint = HostnameEndpoint(self.reactor, "127.0.0.1", self.address.port)
        return await connectProtocol(endpoint, Visitor())

    async def settle(self) -> None:
        """Wait until everything that was sent before has been dealt with."""
        canary = await self.visit()
        for round in range(ROUNDS):
            canary.received = b""
            canary.transport.write(CANARY)  # type: ignore[union-attr]
            await canary.until(b'{"target": "/canary"}')
            assert canary.received.count(b"HTTP/1.1 200 OK") == 1, (round, canary.received)
        canary.transport.loseConnection()  # type: ignore[union-attr]
        await canary.ended

    async def play(self, case: Case) -> str | None:
        """Play one case: None if the gateway did well, else why not."""
        self.requests = []
        visitor = await self.visit()
        transport: Any = visitor.transport
        for piece in case["send"]:
            if visitor.closed:
                break
            transport.write(plain(piece["b64"]) * piece.get("repeat", 1))
            if "delay_ms" in piece or len(case["send"]) > 1:
                await self.settle()
        if case.get("fin"):
            transport.loseWriteConnection()
        await self.settle()
        closed, received = visitor.closed, visitor.received
        if not visitor.ended.called:
            transport.abortConnection()
            await visitor.ended
        is_head = any(plain(piece["b64"]).startswith(b"HEAD ") for piece in case["send"][:1])
        responses = read_responses(received, closed, is_head)
        return verdict(case, Played(received, closed, responses, self.requests))

    async def stop(self) -> None:
        """Leave nothing behind."""
        await self.listening.stop()
        await self.gateway.drain(self.reactor, 0.1)
        await maybeDeferred(self.port.stopListening)
        for connection in list(self.open):
            connection.transport.abortConnection()
        self.gateway.wheel.stop()

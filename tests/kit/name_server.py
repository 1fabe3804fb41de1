"""A name server for tests: it knows what it is told, and nothing else exists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.names import dns
from twisted.names.error import DNSNameError
from twisted.names.server import DNSServerFactory

_KINDS = {"A": dns.A, "AAAA": dns.AAAA, "SRV": dns.SRV, "CNAME": dns.CNAME}


class Zone:
    """The records by name and kind; ``asked`` are the questions, ``broken`` has every one of them fail."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, int], list[dns.RRHeader]] = {}
        self.asked: list[tuple[str, str]] = []
        self.broken = False
        self.port = 0

    def set(self, kind: str, name: str, *values: Any, ttl: int = 60) -> None:
        """What a name leads to: addresses, a name, or (priority, weight, port, target)."""
        self._records[name, _KINDS[kind]] = [
            dns.RRHeader(name, _KINDS[kind], dns.IN, ttl, _payload(kind, value, ttl)) for value in values
        ]

    def query(self, query: dns.Query, timeout: Sequence[int] | None = None) -> Deferred[Any]:
        """Twisted's ``IResolver``."""
        name = query.name.name.decode().lower()
        kinds = {number: kind for kind, number in _KINDS.items()}
        self.asked.append((name, kinds.get(query.type, "?")))
        if self.broken:
            return fail(RuntimeError("broken"))
        found = self._records.get((name, query.type)) or self._records.get((name, dns.CNAME))
        if found is None:
            known = any(each == name for each, _ in self._records)
            return succeed(([], [], [])) if known else fail(DNSNameError())
        return succeed((found, [], []))


def _payload(kind: str, value: Any, ttl: int) -> Any:
    if kind == "SRV":
        return dns.Record_SRV(*value, ttl=ttl)
    record = {"A": dns.Record_A, "AAAA": dns.Record_AAAA, "CNAME": dns.Record_CNAME}[kind]
    return record(value, ttl)


@asynccontextmanager
async def name_server() -> AsyncIterator[Zone]:
    """A server on a port of its own, over UDP."""
    from twisted.internet import reactor

    running: Any = reactor
    zone = Zone()
    factory = DNSServerFactory(clients=[zone])
    factory.noisy = False
    listening = running.listenUDP(0, dns.DNSDatagramProtocol(factory, reactor), interface="127.0.0.1")
    listening.protocol.noisy = False
    zone.port = listening.getHost().port
    try:
        yield zone
    finally:
        await listening.stopListening()

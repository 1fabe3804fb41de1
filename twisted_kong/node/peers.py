"""Addresses to connect to, and what is asked and told about their health."""

from __future__ import annotations

from typing import Protocol

from typing_extensions import override

from twisted_kong.core.balancer.outcomes import Outcome
from twisted_kong.core.changes import Entity


class NoPeer(Exception):
    """An Upstream has no Target that could serve (Kong: 503 ``failure to get a peer``)."""


class Peer:
    """One address to connect to; the same object for the same address, so it can serve as a key.

    ``name`` is what Host says when nothing else decided: the Target's or Service's name, else the IP.
    ``host_header`` is the Upstream's, if it has one; ``key`` tells which connections can be shared.
    ``upstream_id`` tells whose Target it is, None for the address of a Service; ``weight`` its share there;
    ``client_certificate`` refers to the Certificate of its Upstream that is shown to it, if there is one.
    """

    __slots__ = ("client_certificate", "host_header", "ip", "key", "name", "port", "upstream_id", "weight")

    def __init__(
        self,
        ip: str,
        port: int,
        name: str,
        host_header: str | None = None,
        upstream_id: str | None = None,
        weight: int = 0,
    ) -> None:
        self.ip = ip
        self.port = port
        self.key = (ip, port)
        self.name = name
        self.host_header = host_header
        self.upstream_id = upstream_id
        self.weight = weight
        self.client_certificate: Entity | None = None

    @override
    def __repr__(self) -> str:
        return f"Peer({self.ip!r}, {self.port}, {self.name!r})"


class Health(Protocol):
    """What is known of the health of the addresses of Upstreams."""

    def available(self, peer: Peer) -> bool:
        """Whether requests may be sent there; asked for each candidate, so it must be cheap."""
        ...

    def report(self, peer: Peer, outcome: Outcome) -> None:
        """What came of a request that was sent, or could not be sent, there."""
        ...
